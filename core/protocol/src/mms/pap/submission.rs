//! A submission with its content: multipart/related (WAP-247 clause 8).

use super::{PAP_CONTENT_TYPE, Pap, PapProblem, PushMessage};
use crate::Entropy;
use crate::mime::{MediaType, MimeProblem, Multipart, Part};
use crate::mms::{ApplicationId, MMS_MEDIA_TYPE};

/// What is to be pushed, and to whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PapSubmission {
    /// The control entity.
    pub message: PushMessage,
    /// The content entity, with its headers.
    pub content: Part,
}

/// Why a submission was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SubmissionProblem {
    /// The body of several parts.
    #[error(transparent)]
    Mime(#[from] MimeProblem),
    /// The control entity.
    #[error(transparent)]
    Pap(#[from] PapProblem),
    /// Something else is there, or is missing.
    #[error("PAP: {0}")]
    Wrong(&'static str),
}

impl PapSubmission {
    /// A PDU of MM1 is to be pushed.
    pub fn mms(message: PushMessage, pdu: Vec<u8>) -> Self {
        let content = Part::new(MMS_MEDIA_TYPE, pdu).with(APPLICATION_ID, &ApplicationId::MMS_UA.uri());
        Self { message, content }
    }

    /// Reads a body of this Content-Type.
    pub fn parse(content_type: &str, body: &[u8]) -> Result<Self, SubmissionProblem> {
        let media = MediaType::parse(content_type)?;
        if media.essence != "multipart/related" {
            return Err(SubmissionProblem::Wrong("a submission is a multipart/related"));
        }
        let mut parts = Multipart::parse(&media, body)?.parts.into_iter();
        let (Some(control), Some(content)) = (parts.next(), parts.next()) else {
            return Err(SubmissionProblem::Wrong("a submission has a control entity and a content entity"));
        };
        if !control.is(PAP_CONTENT_TYPE) && !control.is("text/xml") {
            return Err(SubmissionProblem::Wrong("the first part is not the control entity"));
        }
        let document = std::str::from_utf8(&control.body);
        let document = document.map_err(|_| SubmissionProblem::Wrong("the control entity is not in UTF-8"))?;
        match Pap::parse(document)? {
            Pap::PushMessage(message) => Ok(Self { message, content }),
            _ => Err(SubmissionProblem::Wrong("the control entity is not a push-message")),
        }
    }

    /// Its Content-Type and its octets.
    pub fn to_body(&self, entropy: &mut Entropy) -> (String, Vec<u8>) {
        let document = Pap::PushMessage(self.message.clone()).to_document();
        let control = Part::new(PAP_CONTENT_TYPE, document.into_bytes());
        let multipart = Multipart { parts: vec![control, self.content.clone()], ..Multipart::default() };
        let (content_type, body) = multipart.to_body("related", entropy);
        (format!("{content_type};type=\"{PAP_CONTENT_TYPE}\""), body)
    }

    /// The PDU of MM1 that is to be pushed; `None`: the content is something else.
    pub fn mms_pdu(&self) -> Option<&[u8]> {
        self.content.is(MMS_MEDIA_TYPE).then_some(&self.content.body)
    }

    /// For which application of the terminal it is.
    pub fn application_id(&self) -> Option<ApplicationId> {
        let value = self.content.headers.get(APPLICATION_ID)?.trim();
        // Its number may stand there too (WAP-235 clause 6.2.2).
        Some(value.parse().map_or_else(|_| ApplicationId::of_uri(value), ApplicationId::Code))
    }
}

/// Header of the content (WAP-251 clause 6.2.1).
const APPLICATION_ID: &str = "X-Wap-Application-Id";
