//! Presence documents: PIDF (RFC 3863), the data model of persons, devices and services (RFC 4479), elements of RPID (RFC
//! 4480) and of anybody else as they came.

use super::{Content, Qualified, QualifiedAttribute, XmlProblem};

/// Content type of the documents (RFC 3863 clause 4.1.1).
pub const PIDF_CONTENT_TYPE: &str = "application/pidf+xml";

/// RFC 3863 clause 4.2.
pub const PIDF_NAMESPACE: &str = "urn:ietf:params:xml:ns:pidf";

/// RFC 4479 clause 4.
pub const DATA_MODEL_NAMESPACE: &str = "urn:ietf:params:xml:ns:pidf:data-model";

/// RFC 4480 clause 5.
pub const RPID_NAMESPACE: &str = "urn:ietf:params:xml:ns:pidf:rpid";

/// A `presence` document.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pidf {
    /// URI of the presentity.
    pub entity: String,
    /// Its services.
    pub tuples: Vec<Tuple>,
    /// Words for humans.
    pub notes: Vec<Note>,
    /// Persons and devices of the data model, and elements of other namespaces.
    pub others: Vec<Qualified>,
}

/// A `tuple`: one way to reach the presentity.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tuple {
    /// Tells the tuples of a document apart.
    pub id: String,
    /// Open or closed.
    pub basic: Option<Basic>,
    /// Elements of other namespaces in `status`.
    pub status: Vec<Qualified>,
    /// Elements of other namespaces after `status`.
    pub others: Vec<Qualified>,
    /// Where to reach it.
    pub contact: Option<Contact>,
    /// Words for humans.
    pub notes: Vec<Note>,
    /// When it was true.
    pub timestamp: Option<String>,
}

/// Whether a tuple takes communication (RFC 3863 clause 4.1.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basic {
    /// It does.
    Open,
    /// It does not.
    Closed,
}

/// A `contact`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// Its URI.
    pub uri: String,
    /// 0 to 1 with three decimals.
    pub priority: Option<String>,
}

/// A `note`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// `xml:lang`.
    pub language: Option<String>,
    /// Its text.
    pub text: String,
}

/// Why a document was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PidfProblem {
    /// As XML.
    #[error(transparent)]
    Xml(#[from] XmlProblem),
    /// As PIDF.
    #[error("pidf: {what} is missing or wrong: {value:?}")]
    Field {
        /// Element or attribute.
        what: &'static str,
        /// What was there.
        value: String,
    },
}

impl Pidf {
    /// A document that says nothing about `entity`.
    pub fn new(entity: &str) -> Self {
        Self { entity: entity.to_owned(), ..Self::default() }
    }

    /// Reads a document.
    pub fn parse(document: &str) -> Result<Self, PidfProblem> {
        let root = Qualified::parse(document)?;
        if !root.is(PIDF_NAMESPACE, "presence") {
            return Err(field("presence", Some(&root.name)));
        }
        let mut pidf = Self::new(root.value_of("entity").ok_or_else(|| field("entity", None))?);
        for element in root.children() {
            match element.name.as_str() {
                _ if element.namespace != PIDF_NAMESPACE => pidf.others.push(element.clone()),
                "tuple" => pidf.tuples.push(Tuple::read(element)?),
                "note" => pidf.notes.push(Note::read(element)),
                // A later version of the namespace would have another name (RFC 3863 clause 4.2.2).
                other => return Err(field("element of pidf", Some(other))),
            }
        }
        let mut ids: Vec<&str> = pidf.tuples.iter().map(|tuple| tuple.id.as_str()).collect();
        ids.sort_unstable();
        match ids.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(field("id of tuple, which must be its own", Some(pair[0]))),
            None => Ok(pidf),
        }
    }

    /// Writes the document.
    pub fn to_document(&self) -> String {
        let mut root = Qualified::new(PIDF_NAMESPACE, "presence").attribute("entity", &self.entity);
        root.content.extend(self.tuples.iter().map(Tuple::write).map(Content::Element));
        root.content.extend(self.notes.iter().map(Note::write).map(Content::Element));
        root.content.extend(self.others.iter().cloned().map(Content::Element));
        root.to_document()
    }

    /// Persons of the data model (RFC 4479 clause 3.3).
    pub fn persons(&self) -> impl Iterator<Item = &Qualified> {
        self.others.iter().filter(|element| element.is(DATA_MODEL_NAMESPACE, "person"))
    }

    /// Devices of the data model (RFC 4479 clause 3.4).
    pub fn devices(&self) -> impl Iterator<Item = &Qualified> {
        self.others.iter().filter(|element| element.is(DATA_MODEL_NAMESPACE, "device"))
    }

    /// Some tuple is open.
    pub fn is_open(&self) -> bool {
        self.tuples.iter().any(|tuple| tuple.basic == Some(Basic::Open))
    }
}

impl Tuple {
    /// A tuple with a basic status.
    pub fn new(id: &str, basic: Basic) -> Self {
        Self { id: id.to_owned(), basic: Some(basic), ..Self::default() }
    }

    fn read(element: &Qualified) -> Result<Self, PidfProblem> {
        let id = element.value_of("id").ok_or_else(|| field("id of tuple", None))?;
        let mut tuple = Self { id: id.to_owned(), ..Self::default() };
        let mut has_status = false;
        for child in element.children() {
            match child.name.as_str() {
                _ if child.namespace != PIDF_NAMESPACE => tuple.others.push(child.clone()),
                "status" if !std::mem::replace(&mut has_status, true) => tuple.read_status(child)?,
                "contact" if tuple.contact.is_none() => {
                    let priority = child.value_of("priority").map(str::to_owned);
                    tuple.contact = Some(Contact { uri: child.text(), priority });
                }
                "note" => tuple.notes.push(Note::read(child)),
                "timestamp" if tuple.timestamp.is_none() => tuple.timestamp = Some(child.text()),
                other => return Err(field("element of tuple", Some(other))),
            }
        }
        if has_status { Ok(tuple) } else { Err(field("status", None)) }
    }

    fn read_status(&mut self, status: &Qualified) -> Result<(), PidfProblem> {
        for child in status.children() {
            if child.namespace != PIDF_NAMESPACE {
                self.status.push(child.clone());
                continue;
            }
            self.basic = match (child.name.as_str(), child.text().as_str()) {
                ("basic", "open") => Some(Basic::Open),
                ("basic", "closed") => Some(Basic::Closed),
                (_, other) => return Err(field("basic", Some(other))),
            };
        }
        Ok(())
    }

    fn write(&self) -> Qualified {
        let mut status = Qualified::new(PIDF_NAMESPACE, "status");
        if let Some(basic) = self.basic {
            let word = if basic == Basic::Open { "open" } else { "closed" };
            status = status.child(Qualified::new(PIDF_NAMESPACE, "basic").with_text(word));
        }
        status.content.extend(self.status.iter().cloned().map(Content::Element));
        let mut tuple = Qualified::new(PIDF_NAMESPACE, "tuple").attribute("id", &self.id).child(status);
        tuple.content.extend(self.others.iter().cloned().map(Content::Element));
        if let Some(Contact { uri, priority }) = &self.contact {
            let mut contact = Qualified::new(PIDF_NAMESPACE, "contact");
            if let Some(priority) = priority {
                contact = contact.attribute("priority", priority);
            }
            tuple = tuple.child(contact.with_text(uri));
        }
        tuple.content.extend(self.notes.iter().map(Note::write).map(Content::Element));
        match &self.timestamp {
            Some(timestamp) => tuple.child(Qualified::new(PIDF_NAMESPACE, "timestamp").with_text(timestamp)),
            None => tuple,
        }
    }
}

impl Note {
    fn read(element: &Qualified) -> Self {
        Self { language: element.value_in(XML, "lang").map(str::to_owned), text: element.text() }
    }

    fn write(&self) -> Qualified {
        let mut note = Qualified::new(PIDF_NAMESPACE, "note");
        if let Some(language) = &self.language {
            let (namespace, name) = (XML.to_owned(), "lang".to_owned());
            note.attributes.push(QualifiedAttribute { namespace, name, value: language.clone() });
        }
        note.with_text(&self.text)
    }
}

fn field(what: &'static str, value: Option<&str>) -> PidfProblem {
    PidfProblem::Field { what, value: value.unwrap_or_default().to_owned() }
}

/// The namespace of `xml:lang`.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

#[cfg(test)]
mod tests;
