//! The headers that everybody asks for, typed. `Ok(None)`: not there; an error: there and wrong.

use super::headers::{Contacts, NameAddr, Via, seconds};
use super::{CSeq, Headers, Request, Response, SipProblem};

impl Headers {
    /// The topmost Via.
    pub fn via(&self) -> Result<Option<Via>, SipProblem> {
        self.first("Via", Via::parse)
    }

    /// All Via values, the topmost first.
    pub fn vias(&self) -> Result<Vec<Via>, SipProblem> {
        self.every("Via", Via::parse)
    }

    /// From.
    pub fn from(&self) -> Result<Option<NameAddr>, SipProblem> {
        self.whole("From", NameAddr::parse)
    }

    /// To.
    pub fn to(&self) -> Result<Option<NameAddr>, SipProblem> {
        self.whole("To", NameAddr::parse)
    }

    /// To, by a name that a response has too.
    pub fn to_address(&self) -> Result<Option<NameAddr>, SipProblem> {
        self.to()
    }

    /// Call-ID.
    pub fn call_id(&self) -> Option<&str> {
        self.get("Call-ID")
    }

    /// CSeq.
    pub fn cseq(&self) -> Result<Option<CSeq>, SipProblem> {
        self.whole("CSeq", CSeq::parse)
    }

    /// Max-Forwards, 0 to 255 (RFC 3261 clause 20.22).
    pub fn max_forwards(&self) -> Result<Option<u8>, SipProblem> {
        self.whole("Max-Forwards", |value| {
            let digits = value.bytes().all(|b| b.is_ascii_digit());
            let number = value.parse().ok().filter(|_| digits);
            number.ok_or_else(|| SipProblem::bad("Max-Forwards", "is not from 0 to 255"))
        })
    }

    /// Expires in seconds; more than 32 bits hold counts as the most (RFC 3261 clause 20.19).
    pub fn expires(&self) -> Result<Option<u32>, SipProblem> {
        self.delta_seconds("Expires")
    }

    /// Min-Expires in seconds.
    pub fn min_expires(&self) -> Result<Option<u32>, SipProblem> {
        self.delta_seconds("Min-Expires")
    }

    /// Contact: `*`, or all addresses.
    pub fn contacts(&self) -> Result<Contacts, SipProblem> {
        let values: Vec<_> = self.values("Contact").collect();
        if values.contains(&"*") {
            // RFC 3261 clause 10.2.2: "*" stands alone.
            return match values.len() {
                1 => Ok(Contacts::Star),
                _ => Err(SipProblem::bad("Contact", "has '*' beside addresses")),
            };
        }
        self.addresses("Contact").map(Contacts::List)
    }

    /// The first Contact address.
    pub fn contact(&self) -> Result<Option<NameAddr>, SipProblem> {
        self.first("Contact", NameAddr::parse)
    }

    /// Route, the topmost first.
    pub fn routes(&self) -> Result<Vec<NameAddr>, SipProblem> {
        self.addresses("Route")
    }

    /// Record-Route, the topmost first.
    pub fn record_routes(&self) -> Result<Vec<NameAddr>, SipProblem> {
        self.addresses("Record-Route")
    }

    /// Path (RFC 3327), the topmost first.
    pub fn path(&self) -> Result<Vec<NameAddr>, SipProblem> {
        self.addresses("Path")
    }

    /// Service-Route (RFC 3608), the topmost first.
    pub fn service_routes(&self) -> Result<Vec<NameAddr>, SipProblem> {
        self.addresses("Service-Route")
    }

    /// All addresses of the header `name`, such as P-Associated-URI or P-Asserted-Identity.
    pub fn addresses(&self, name: &str) -> Result<Vec<NameAddr>, SipProblem> {
        self.every(name, NameAddr::parse)
    }

    /// The first address of the header `name`.
    pub fn address(&self, name: &str) -> Result<Option<NameAddr>, SipProblem> {
        self.first(name, NameAddr::parse)
    }

    /// A header of seconds, such as RSeq's neighbours Expires and Min-Expires.
    pub fn delta_seconds(&self, name: &str) -> Result<Option<u32>, SipProblem> {
        self.whole(name, |value| seconds(value).ok_or_else(|| SipProblem::bad(name.to_owned(), "is not a number")))
    }

    /// The topmost comma-separated value of `name`, typed.
    pub fn first<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, SipProblem>) -> Result<Option<T>, SipProblem> {
        self.values(name).next().map(parse).transpose().map_err(|problem| problem.within(name))
    }

    /// All comma-separated values of `name`, typed.
    pub fn every<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, SipProblem>) -> Result<Vec<T>, SipProblem> {
        self.values(name).map(parse).collect::<Result<_, _>>().map_err(|problem| problem.within(name))
    }

    /// The first field of `name`, commas and all, typed.
    pub fn whole<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, SipProblem>) -> Result<Option<T>, SipProblem> {
        self.get(name).map(parse).transpose().map_err(|problem| problem.within(name))
    }
}

macro_rules! shortcuts {
    ($message:ident: $($(#[$doc:meta])* $name:ident -> $type:ty),* $(,)?) => {
        impl $message {
            $($(#[$doc])* pub fn $name(&self) -> $type { self.headers.$name() })*
        }
    };
}

macro_rules! shortcuts_of_both {
    ($($message:ident),*) => { $(shortcuts! { $message:
        /// The topmost Via.
        via -> Result<Option<Via>, SipProblem>,
        /// From.
        from -> Result<Option<NameAddr>, SipProblem>,
        /// To.
        to_address -> Result<Option<NameAddr>, SipProblem>,
        /// Call-ID.
        call_id -> Option<&str>,
        /// CSeq.
        cseq -> Result<Option<CSeq>, SipProblem>,
        /// Max-Forwards.
        max_forwards -> Result<Option<u8>, SipProblem>,
        /// Expires in seconds.
        expires -> Result<Option<u32>, SipProblem>,
        /// Contact: `*`, or all addresses.
        contacts -> Result<Contacts, SipProblem>,
        /// The first Contact address.
        contact -> Result<Option<NameAddr>, SipProblem>,
        /// Route, the topmost first.
        routes -> Result<Vec<NameAddr>, SipProblem>,
        /// Record-Route, the topmost first.
        record_routes -> Result<Vec<NameAddr>, SipProblem>,
    })* };
}

shortcuts_of_both!(Request, Response);

impl Request {
    /// To.
    pub fn to(&self) -> Result<Option<NameAddr>, SipProblem> {
        self.headers.to()
    }
}
