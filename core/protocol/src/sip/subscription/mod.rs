//! Subscriptions: the event framework (RFC 6665), the subscriber's side and the notifier's.

mod io;
mod notifier;
mod subscriber;

pub use io::{NotifierEvent, SubscriberEvent, SubscriptionEnd, SubscriptionRequest};
pub(crate) use io::{SubscriptionOutput, SubscriptionPurpose};
pub(crate) use notifier::Notifier;
pub(crate) use subscriber::Subscriber;

use std::time::Duration;

/// When something that lives for so many seconds is refreshed (TS 24.229 clauses 5.1.1.3, 5.1.1.4.1): 600 s before its end,
/// or at half of it when it lives for 1200 s or less.
pub fn refresh_after(expires_s: u32) -> Duration {
    let whole = Duration::from_secs(expires_s.into());
    if expires_s > 1200 { whole - Duration::from_secs(600) } else { whole / 2 }
}
