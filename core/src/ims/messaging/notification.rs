//! Disposition notifications (RFC 5438) of an intermediary that stores messages: that one was stored, that one was not
//! delivered. That it was delivered is told by the user agent that has it.

use protocol::Instant;
use protocol::mime::{CPIM_CONTENT_TYPE, Cpim, IMDN_NAMESPACE, Part};
use protocol::utc;
use protocol::xml::{Disposition, IMDN_CONTENT_TYPE, Imdn};

use super::MessagingServer;
use super::item::{Item, Wish};

impl MessagingServer {
    /// The message that tells the sender what became of his.
    pub(super) fn notification(&mut self, now: Instant, wish: &Wish, recipient: &str, what: Disposition) -> Item {
        let now_ms = self.shell.utc_ms(now);
        let document = Imdn {
            message_id: wish.message_id.clone(),
            datetime: wish.datetime.clone(),
            recipient: Some(recipient.to_owned()),
            original_recipient: None,
            subject: None,
            disposition: what,
        };
        // RFC 5438 clause 7.2.1.1: a message of its own, which asks for nothing.
        let content = Part::new(IMDN_CONTENT_TYPE, document.to_document()).with("Content-Disposition", "notification");
        let own = self.own.to_string();
        let mut message = Cpim::new(&own, &wish.sender, content);
        message.headers.append("DateTime", &utc::to_rfc3339(now_ms));
        message.declare_imdn();
        message.headers.append("imdn.Message-ID", &self.shell.entropy.token(16));
        debug_assert!(message.get(IMDN_NAMESPACE, "Message-ID").is_some());
        let expires_ms = now_ms + u64::from(self.config.limits.expires_s) * 1000;
        let mut item = Item::own(&own, &wish.sender, now_ms, expires_ms, &mut self.shell.entropy);
        item.set_body(CPIM_CONTENT_TYPE, &message.to_bytes());
        item
    }
}
