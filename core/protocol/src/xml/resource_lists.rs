//! Resource lists (RFC 4826 clause 3), with the attributes of RFC 5364 that say how a recipient is told to the others.

use super::{Element, XmlProblem};

/// Content type of the documents (RFC 4826 clause 3.4.4).
pub const RESOURCE_LISTS_CONTENT_TYPE: &str = "application/resource-lists+xml";

/// Stands for recipients that want to be told to nobody (RFC 5364 clause 4.1).
pub const ANONYMOUS_URI: &str = "sip:anonymous@anonymous.invalid";

/// A `resource-lists` document.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ResourceLists {
    /// Its lists.
    pub lists: Vec<ResourceList>,
}

/// A `list`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ResourceList {
    /// Its name among its siblings.
    pub name: Option<String>,
    /// For people.
    pub display_name: Option<String>,
    /// What is in it, in order.
    pub items: Vec<ListItem>,
}

/// What is in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ListItem {
    /// An `entry`.
    Entry(ListEntry),
    /// A `list` in the list.
    List(ResourceList),
    /// An `entry-ref`: path of an entry in an XCAP root.
    EntryRef(String),
    /// An `external`: where a list is.
    External(String),
}

/// An `entry`: one URI.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListEntry {
    /// The URI.
    pub uri: String,
    /// For people.
    pub display_name: Option<String>,
    /// How the recipient is told to the others; none: not at all.
    pub copy_control: Option<CopyControl>,
    /// The others are not told which URI it is.
    pub anonymize: bool,
    /// For how many recipients an anonymous entry stands.
    pub count: Option<u32>,
}

/// The `copyControl` of RFC 5364 clause 4.1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CopyControl {
    /// A primary recipient.
    To,
    /// One of a copy.
    Cc,
    /// One that the others are not told of.
    Bcc,
}

/// Why a document was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ResourceListsProblem {
    /// Not XML that is taken.
    #[error(transparent)]
    Xml(#[from] XmlProblem),
    /// Not such a document.
    #[error("resource lists: {0}")]
    Wrong(String),
}

impl ListEntry {
    /// An entry with nothing but a URI.
    pub fn new(uri: &str) -> Self {
        Self { uri: uri.to_owned(), ..Self::default() }
    }

    fn of(element: &Element) -> Result<Self, ResourceListsProblem> {
        let uri = element.value_of("uri").ok_or_else(|| wrong("an entry has no uri"))?.to_owned();
        let copy_control = match local(element, "copyControl") {
            None => None,
            Some("to") => Some(CopyControl::To),
            Some("cc") => Some(CopyControl::Cc),
            Some("bcc") => Some(CopyControl::Bcc),
            Some(other) => return Err(wrong(&format!("{other:?} is no copyControl"))),
        };
        let anonymize = match local(element, "anonymize") {
            None | Some("false" | "0") => false,
            Some("true" | "1") => true,
            Some(other) => return Err(wrong(&format!("{other:?} is no boolean"))),
        };
        let count = local(element, "count").map(str::parse).transpose();
        let count = count.map_err(|_| wrong("a count is no number"))?;
        let display_name = element.text_of("display-name").map(ToOwned::to_owned);
        Ok(Self { uri, display_name, copy_control, anonymize, count })
    }

    fn element(&self) -> Element {
        let mut element = Element::new("entry").attribute("uri", &self.uri);
        if let Some(control) = self.copy_control {
            element = element.attribute("cp:copyControl", control.as_str());
        }
        if self.anonymize {
            element = element.attribute("cp:anonymize", "true");
        }
        if let Some(count) = self.count {
            element = element.attribute("cp:count", count);
        }
        named(element, self.display_name.as_deref())
    }
}

impl CopyControl {
    /// Its value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::To => "to",
            Self::Cc => "cc",
            Self::Bcc => "bcc",
        }
    }
}

impl ResourceLists {
    /// A document of one flat list.
    pub fn flat(entries: impl IntoIterator<Item = ListEntry>) -> Self {
        let items = entries.into_iter().map(ListItem::Entry).collect();
        Self { lists: vec![ResourceList { items, ..ResourceList::default() }] }
    }

    /// Reads a document. Elements of other namespaces are passed over.
    pub fn parse(document: &str) -> Result<Self, ResourceListsProblem> {
        let root = Element::parse(document)?;
        if root.name != "resource-lists" {
            return Err(wrong(&format!("the document is {}", root.name)));
        }
        Ok(Self { lists: root.all("list").map(ResourceList::of).collect::<Result<_, _>>()? })
    }

    /// The document.
    pub fn to_document(&self) -> String {
        let mut root = Element::new("resource-lists")
            .attribute("xmlns", "urn:ietf:params:xml:ns:resource-lists")
            .attribute("xmlns:cp", "urn:ietf:params:xml:ns:copycontrol");
        root.children = self.lists.iter().map(ResourceList::element).collect();
        root.to_document()
    }

    /// All entries in order, those of lists in lists among them. References are not followed.
    pub fn entries(&self) -> Vec<&ListEntry> {
        let mut entries = Vec::new();
        self.lists.iter().for_each(|list| list.collect(&mut entries));
        entries
    }

    /// True when entries of it are elsewhere.
    pub fn has_references(&self) -> bool {
        self.lists.iter().any(ResourceList::has_references)
    }
}

impl ResourceList {
    fn of(element: &Element) -> Result<Self, ResourceListsProblem> {
        let mut list = Self {
            name: element.value_of("name").map(ToOwned::to_owned),
            display_name: element.text_of("display-name").map(ToOwned::to_owned),
            items: Vec::new(),
        };
        for child in &element.children {
            list.items.push(match child.name.as_str() {
                "entry" => ListItem::Entry(ListEntry::of(child)?),
                // The depth of a document is bounded.
                "list" => ListItem::List(Self::of(child)?),
                "entry-ref" => ListItem::EntryRef(reference(child, "ref")?),
                "external" => ListItem::External(reference(child, "anchor")?),
                _ => continue,
            });
        }
        Ok(list)
    }

    fn element(&self) -> Element {
        let mut element = Element::new("list");
        if let Some(name) = &self.name {
            element = element.attribute("name", name);
        }
        let mut element = named(element, self.display_name.as_deref());
        element.children.extend(self.items.iter().map(|item| match item {
            ListItem::Entry(entry) => entry.element(),
            ListItem::List(list) => list.element(),
            ListItem::EntryRef(path) => Element::new("entry-ref").attribute("ref", path),
            ListItem::External(anchor) => Element::new("external").attribute("anchor", anchor),
        }));
        element
    }

    fn collect<'a>(&'a self, into: &mut Vec<&'a ListEntry>) {
        for item in &self.items {
            match item {
                ListItem::Entry(entry) => into.push(entry),
                ListItem::List(list) => list.collect(into),
                ListItem::EntryRef(_) | ListItem::External(_) => {}
            }
        }
    }

    fn has_references(&self) -> bool {
        self.items.iter().any(|item| match item {
            ListItem::Entry(_) => false,
            ListItem::List(list) => list.has_references(),
            ListItem::EntryRef(_) | ListItem::External(_) => true,
        })
    }
}

fn named(element: Element, name: Option<&str>) -> Element {
    match name {
        Some(name) => element.child(Element::with_text("display-name", name)),
        None => element,
    }
}

/// An attribute by its local name: its prefix is the sender's choice.
fn local<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    let same = |own: &str| own.rsplit_once(':').map_or(own, |(_, local)| local) == name;
    element.attributes.iter().find(|(own, _)| same(own)).map(|(_, value)| value.as_str())
}

fn reference(element: &Element, attribute: &str) -> Result<String, ResourceListsProblem> {
    let value = element.value_of(attribute);
    value.map(ToOwned::to_owned).ok_or_else(|| wrong(&format!("{} has no {attribute}", element.name)))
}

fn wrong(why: &str) -> ResourceListsProblem {
    ResourceListsProblem::Wrong(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in RFC 5364 clause 5: three copies, one of them without a name.
    const EXAMPLE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
        <resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"
                 xmlns:cp="urn:ietf:params:xml:ns:copycontrol">
          <list>
            <entry uri="sip:bill@example.com" cp:copyControl="to" />
            <entry uri="sip:randy@example.net" cp:copyControl="to" cp:anonymize="true"/>
            <entry uri="sip:joe@example.org" cp:copyControl="cc" />
            <list name="more"><display-name>More</display-name><entry uri="sip:ted@example.net" cp:copyControl="bcc"/></list>
            <external anchor="http://xcap.example.com/resource-lists/users/sip:a@example.com/index"/>
          </list>
        </resource-lists>"#;

    #[test]
    fn lists_and_how_recipients_are_told() {
        let lists = ResourceLists::parse(EXAMPLE).unwrap();
        let told: Vec<_> = lists.entries().iter().map(|e| (e.uri.as_str(), e.copy_control, e.anonymize)).collect();
        assert_eq!(
            told,
            [
                ("sip:bill@example.com", Some(CopyControl::To), false),
                ("sip:randy@example.net", Some(CopyControl::To), true),
                ("sip:joe@example.org", Some(CopyControl::Cc), false),
                ("sip:ted@example.net", Some(CopyControl::Bcc), false),
            ]
        );
        assert!(lists.has_references());
        assert_eq!(ResourceLists::parse(&lists.to_document()).unwrap(), lists);
    }

    #[test]
    fn what_is_none_is_told() {
        for (document, why) in [
            ("<presence/>", "the document is presence"),
            ("<resource-lists><list><entry/></list></resource-lists>", "has no uri"),
            ("<resource-lists><list><entry uri='a' copyControl='x'/></list></resource-lists>", "no copyControl"),
            ("<!DOCTYPE a><resource-lists/>", "document type"),
        ] {
            let problem = ResourceLists::parse(document).unwrap_err().to_string();
            assert!(problem.contains(why), "{document}: {problem}");
        }
    }
}
