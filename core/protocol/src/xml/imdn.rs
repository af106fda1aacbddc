//! Instant message disposition notifications (RFC 5438 clause 11).

use super::{Element, XmlProblem};

/// Content type of the documents.
pub const IMDN_CONTENT_TYPE: &str = "message/imdn+xml";

/// An `imdn` document: what became of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Imdn {
    /// The `imdn.Message-ID` of the message.
    pub message_id: String,
    /// The DateTime of the message.
    pub datetime: String,
    /// To whom it went.
    pub recipient: Option<String>,
    /// To whom it was sent at first.
    pub original_recipient: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// What became of it.
    pub disposition: Disposition,
}

/// What became of a message, and who says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disposition {
    /// The user agent of the recipient, or whoever could not reach it.
    Delivery(ImdnStatus),
    /// An intermediary.
    Processing(ImdnStatus),
    /// The recipient.
    Display(ImdnStatus),
}

/// The `status` of a notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImdnStatus {
    /// Delivery: it is there.
    Delivered,
    /// Delivery: it will not be there.
    Failed,
    /// Display: it was read.
    Displayed,
    /// Processing: it was taken.
    Processed,
    /// Processing: it waits for its recipient.
    Stored,
    /// What became of it is not told.
    Forbidden,
    /// What became of it is not known.
    Error,
}

/// Why a document was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ImdnProblem {
    /// Not XML that is taken.
    #[error(transparent)]
    Xml(#[from] XmlProblem),
    /// Not such a document.
    #[error("imdn: {0}")]
    Wrong(&'static str),
}

impl ImdnStatus {
    const ALL: [Self; 7] =
        [Self::Delivered, Self::Failed, Self::Displayed, Self::Processed, Self::Stored, Self::Forbidden, Self::Error];

    /// Its element.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Displayed => "displayed",
            Self::Processed => "processed",
            Self::Stored => "stored",
            Self::Forbidden => "forbidden",
            Self::Error => "error",
        }
    }
}

impl Disposition {
    const fn parts(self) -> (&'static str, ImdnStatus) {
        match self {
            Self::Delivery(status) => ("delivery-notification", status),
            Self::Processing(status) => ("processing-notification", status),
            Self::Display(status) => ("display-notification", status),
        }
    }

    fn of(root: &Element) -> Result<Self, ImdnProblem> {
        let found = ["delivery-notification", "processing-notification", "display-notification"]
            .into_iter()
            .find_map(|name| root.first(name));
        let notification = found.ok_or(ImdnProblem::Wrong("there is no notification in it"))?;
        let status = notification.first("status").ok_or(ImdnProblem::Wrong("a notification has no status"))?;
        let told = ImdnStatus::ALL.into_iter().find(|own| status.first(own.as_str()).is_some());
        let status = told.ok_or(ImdnProblem::Wrong("the status is not known"))?;
        Ok(match notification.name.as_str() {
            "delivery-notification" => Self::Delivery(status),
            "processing-notification" => Self::Processing(status),
            _ => Self::Display(status),
        })
    }
}

impl Imdn {
    /// Reads a document.
    pub fn parse(document: &str) -> Result<Self, ImdnProblem> {
        let root = Element::parse(document)?;
        if root.name != "imdn" {
            return Err(ImdnProblem::Wrong("the document is another one"));
        }
        let text = |name: &str| root.text_of(name).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        Ok(Self {
            message_id: text("message-id").ok_or(ImdnProblem::Wrong("there is no message-id"))?,
            datetime: text("datetime").ok_or(ImdnProblem::Wrong("there is no datetime"))?,
            recipient: text("recipient-uri"),
            original_recipient: text("original-recipient-uri"),
            subject: text("subject"),
            disposition: Disposition::of(&root)?,
        })
    }

    /// The document.
    pub fn to_document(&self) -> String {
        let mut root = Element::new("imdn")
            .attribute("xmlns", "urn:ietf:params:xml:ns:imdn")
            .child(Element::with_text("message-id", &self.message_id))
            .child(Element::with_text("datetime", &self.datetime));
        let optional = [
            ("recipient-uri", &self.recipient),
            ("original-recipient-uri", &self.original_recipient),
            ("subject", &self.subject),
        ];
        for (name, text) in optional {
            if let Some(text) = text {
                root = root.child(Element::with_text(name, text));
            }
        }
        let (kind, status) = self.disposition.parts();
        let status = Element::new("status").child(Element::new(status.as_str()));
        root.child(Element::new(kind).child(status)).to_document()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in RFC 5438 clause 7.2.1.
    const EXAMPLE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
        <imdn xmlns="urn:ietf:params:xml:ns:imdn">
          <message-id>34jk324j</message-id>
          <datetime>2008-04-04T12:16:49-05:00</datetime>
          <recipient-uri>im:bob@example.com</recipient-uri>
          <original-recipient-uri>im:bob@example.com</original-recipient-uri>
          <delivery-notification><status><delivered/></status></delivery-notification>
        </imdn>"#;

    #[test]
    fn notifications_come_back() {
        let imdn = Imdn::parse(EXAMPLE).unwrap();
        assert_eq!(imdn.message_id, "34jk324j");
        assert_eq!(imdn.disposition, Disposition::Delivery(ImdnStatus::Delivered));
        for status in ImdnStatus::ALL {
            for disposition in
                [Disposition::Delivery(status), Disposition::Processing(status), Disposition::Display(status)]
            {
                let one = Imdn { disposition, ..imdn.clone() };
                assert_eq!(Imdn::parse(&one.to_document()).unwrap(), one);
            }
        }
        assert!(Imdn::parse("<imdn><message-id>a</message-id><datetime>b</datetime></imdn>").is_err());
    }
}
