//! Watcher information documents (RFC 3858), bodies of the winfo event template package (RFC 3857).

use super::{Qualified, XmlProblem};

/// Content type of the documents (RFC 3858 clause 6.2).
pub const WATCHERINFO_CONTENT_TYPE: &str = "application/watcherinfo+xml";

/// A `watcherinfo` document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatcherInfo {
    /// Counts the documents of one subscription, from 0.
    pub version: u32,
    /// All watchers, or those that changed.
    pub is_full: bool,
    /// One for each resource and package.
    pub lists: Vec<WatcherList>,
}

/// Watchers of one resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatcherList {
    /// URI of what is watched.
    pub resource: String,
    /// The event package that it is watched by.
    pub package: String,
    /// Who watches.
    pub watchers: Vec<Watcher>,
}

/// A watcher.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watcher {
    /// Names the watcher in all documents of a subscription.
    pub id: String,
    /// Where its subscription stands.
    pub status: WatcherStatus,
    /// What brought it there.
    pub event: WatcherEvent,
    /// Seconds until it expires.
    pub expiration: Option<u32>,
    /// Seconds since it was created.
    pub duration_subscribed: Option<u32>,
    /// A name for humans.
    pub display_name: Option<String>,
    /// Its URI.
    pub uri: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum $name { $($(#[$word_doc])* $variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As the document has it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What a word of a document means.
            pub fn from_name(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|own| own.name() == word)
            }
        }
    };
}

words! {
    /// Where a subscription stands (RFC 3857 clause 4.7.1).
    WatcherStatus {
        /// Nobody has decided yet.
        Pending = "pending",
        /// It is told what there is.
        Active = "active",
        /// It has ended before anybody decided.
        Waiting = "waiting",
        /// It is over.
        Terminated = "terminated",
    }
}

words! {
    /// What has changed a subscription (RFC 3857 clause 4.7.1).
    WatcherEvent {
        /// A SUBSCRIBE.
        Subscribe = "subscribe",
        /// The presentity has agreed.
        Approved = "approved",
        /// Ended by the server; subscribe again at once.
        Deactivated = "deactivated",
        /// Ended by the server; subscribe again later.
        Probation = "probation",
        /// The presentity does not agree.
        Rejected = "rejected",
        /// Not refreshed.
        Timeout = "timeout",
        /// Waited too long for a decision.
        Giveup = "giveup",
        /// What was watched is no more.
        Noresource = "noresource",
    }
}

/// Why a document was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WatcherInfoProblem {
    /// As XML.
    #[error(transparent)]
    Xml(#[from] XmlProblem),
    /// As watcherinfo.
    #[error("watcherinfo: {what} is missing or wrong: {value:?}")]
    Field {
        /// Element or attribute.
        what: &'static str,
        /// What was there.
        value: String,
    },
}

impl WatcherInfo {
    /// Reads a document.
    pub fn parse(document: &str) -> Result<Self, WatcherInfoProblem> {
        let root = Qualified::parse(document)?;
        if !root.is(NAMESPACE, "watcherinfo") {
            return Err(field("watcherinfo", Some(&root.name)));
        }
        let is_full = match root.value_of("state") {
            Some("full") => true,
            Some("partial") => false,
            other => return Err(field("state", other)),
        };
        let version = number(&root, "version")?.ok_or_else(|| field("version", None))?;
        let lists = root.children().filter(|e| e.is(NAMESPACE, "watcher-list"));
        Ok(Self { version, is_full, lists: lists.map(WatcherList::read).collect::<Result<_, _>>()? })
    }

    /// Writes the document.
    pub fn to_document(&self) -> String {
        let state = if self.is_full { "full" } else { "partial" };
        let root = Qualified::new(NAMESPACE, "watcherinfo").attribute("version", self.version);
        let root = root.attribute("state", state);
        self.lists.iter().fold(root, |root, list| root.child(list.write())).to_document()
    }
}

impl WatcherList {
    fn read(element: &Qualified) -> Result<Self, WatcherInfoProblem> {
        let watchers = element.children().filter(|e| e.is(NAMESPACE, "watcher"));
        Ok(Self {
            resource: mandatory(element, "resource")?,
            package: mandatory(element, "package")?,
            watchers: watchers.map(Watcher::read).collect::<Result<_, _>>()?,
        })
    }

    fn write(&self) -> Qualified {
        let list = Qualified::new(NAMESPACE, "watcher-list").attribute("resource", &self.resource);
        let list = list.attribute("package", &self.package);
        self.watchers.iter().fold(list, |list, watcher| list.child(watcher.write()))
    }
}

impl Watcher {
    fn read(element: &Qualified) -> Result<Self, WatcherInfoProblem> {
        let (status, event) = (element.value_of("status"), element.value_of("event"));
        Ok(Self {
            id: mandatory(element, "id")?,
            status: status.and_then(WatcherStatus::from_name).ok_or_else(|| field("status", status))?,
            event: event.and_then(WatcherEvent::from_name).ok_or_else(|| field("event", event))?,
            expiration: number(element, "expiration")?,
            duration_subscribed: number(element, "duration-subscribed")?,
            display_name: element.value_of("display-name").map(str::to_owned),
            uri: element.text(),
        })
    }

    fn write(&self) -> Qualified {
        let mut element = Qualified::new(NAMESPACE, "watcher").attribute("id", &self.id);
        element = element.attribute("event", self.event.name()).attribute("status", self.status.name());
        for (name, value) in [("expiration", self.expiration), ("duration-subscribed", self.duration_subscribed)] {
            if let Some(value) = value {
                element = element.attribute(name, value);
            }
        }
        if let Some(name) = &self.display_name {
            element = element.attribute("display-name", name);
        }
        element.with_text(&self.uri)
    }
}

fn mandatory(element: &Qualified, name: &'static str) -> Result<String, WatcherInfoProblem> {
    element.value_of(name).map(str::to_owned).ok_or_else(|| field(name, None))
}

fn number(element: &Qualified, name: &'static str) -> Result<Option<u32>, WatcherInfoProblem> {
    let value = element.value_of(name);
    value.map(|v| v.trim().parse().map_err(|_| field(name, Some(v)))).transpose()
}

fn field(what: &'static str, value: Option<&str>) -> WatcherInfoProblem {
    WatcherInfoProblem::Field { what, value: value.unwrap_or_default().to_owned() }
}

/// RFC 3858 clause 6.1.
const NAMESPACE: &str = "urn:ietf:params:xml:ns:watcherinfo";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_in_the_shape_of_rfc_3858() {
        let text = "<?xml version=\"1.0\"?>
            <watcherinfo xmlns=\"urn:ietf:params:xml:ns:watcherinfo\" version=\"3\" state=\"partial\">
              <watcher-list resource=\"sip:anna@ims.example\" package=\"presence\">
                <watcher id=\"a1\" event=\"approved\" status=\"active\" expiration=\"40\"
                  duration-subscribed=\"20\" display-name=\"Ben &amp; Co\" xml:lang=\"en\">
                  sip:ben@ims.example </watcher>
                <watcher id=\"a2\" event=\"timeout\" status=\"terminated\">sip:cara@ims.example</watcher>
              </watcher-list>
            </watcherinfo>";
        let info = WatcherInfo::parse(text).unwrap();
        assert_eq!((info.version, info.is_full), (3, false));
        let [ben, cara] = &info.lists[0].watchers[..] else { panic!("two watchers expected") };
        assert_eq!((ben.uri.as_str(), ben.display_name.as_deref()), ("sip:ben@ims.example", Some("Ben & Co")));
        assert_eq!((ben.expiration, ben.duration_subscribed), (Some(40), Some(20)));
        assert_eq!((cara.status, cara.event), (WatcherStatus::Terminated, WatcherEvent::Timeout));
        assert_eq!(WatcherInfo::parse(&info.to_document()), Ok(info));
    }

    #[test]
    fn what_is_missing_is_named() {
        let of = |text: &str| WatcherInfo::parse(text).unwrap_err().to_string();
        assert!(of("<watcherinfo version='0' state='full'/>").contains("watcherinfo"));
        let root = "<watcherinfo xmlns='urn:ietf:params:xml:ns:watcherinfo'";
        assert!(of(&format!("{root} state='full'/>")).contains("version"));
        assert!(of(&format!("{root} version='0' state='half'/>")).contains("\"half\""));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(
            version: u32,
            is_full: bool,
            watchers in prop::collection::vec(
                ("[a-z0-9]{1,8}", 0..4usize, 0..8usize, any::<Option<u32>>(), any::<Option<u32>>(), "[ -~]{0,20}",
                 "sip:[a-z&<]{1,9}"), 0..5),
        ) {
            let watchers = watchers.into_iter().map(|(id, status, event, expiration, duration_subscribed, name, uri)| {
                let (status, event) = (WatcherStatus::ALL[status], WatcherEvent::ALL[event]);
                let display_name = (!name.is_empty()).then_some(name);
                Watcher { id, status, event, expiration, duration_subscribed, display_name, uri }
            });
            let list = WatcherList {
                resource: "sip:a@ims.example".into(),
                package: "presence".into(),
                watchers: watchers.collect(),
            };
            let info = WatcherInfo { version, is_full, lists: vec![list] };
            prop_assert_eq!(WatcherInfo::parse(&info.to_document()), Ok(info));
        }
    }
}
