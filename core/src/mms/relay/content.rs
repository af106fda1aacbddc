//! The content of a message: what is taken, and how it is in the store.
//!
//! The first piece is its Content-Type, as the head of an M-Retrieve.conf without anything else; the others are its octets.

use protocol::mms::{ContentType, MmsPdu, RetrieveConf, parts_of};

use super::config::MmsRelayConfig;

/// A content is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Unfit {
    /// It cannot be read.
    Corrupt(String),
    /// Its size or its type.
    NotAccepted(String),
}

impl MmsRelayConfig {
    /// Whether a content is taken.
    pub(super) fn check_content(&self, content_type: &ContentType, body: &[u8]) -> Result<(), Unfit> {
        if body.len() > self.limits.octets {
            let text = format!("a content of {} octets: {} are taken", body.len(), self.limits.octets);
            return Err(Unfit::NotAccepted(text));
        }
        let mut parts = 0;
        self.check_parts(content_type, body, &mut parts, 0)
    }

    fn check_parts(
        &self,
        content_type: &ContentType,
        body: &[u8],
        parts: &mut usize,
        depth: usize,
    ) -> Result<(), Unfit> {
        let essence = content_type.essence.as_str();
        if !self.media_types.iter().any(|pattern| fits(pattern, essence)) {
            return Err(Unfit::NotAccepted(format!("content of type {essence} is not accepted")));
        }
        if !content_type.is_multipart() {
            *parts += 1;
            return match *parts > self.limits.parts {
                true => Err(Unfit::NotAccepted(format!("more than {} parts", self.limits.parts))),
                false => Ok(()),
            };
        }
        if depth >= DEPTH {
            return Err(Unfit::NotAccepted(format!("parts in parts, more than {DEPTH} levels of them")));
        }
        let found = parts_of(content_type, body).map_err(|why| Unfit::Corrupt(why.to_string()))?;
        found.iter().try_for_each(|part| self.check_parts(&part.content_type, &part.body, parts, depth + 1))
    }
}

/// Type and octets of a content that is taken, and of its parts.
pub(super) fn media_of(content_type: &ContentType, body: &[u8]) -> Vec<(String, u64)> {
    let of = |content_type: &ContentType, body: &[u8]| (content_type.essence.clone(), body.len() as u64);
    let parts = content_type.is_multipart().then(|| parts_of(content_type, body).ok()).flatten();
    let parts = parts.iter().flatten().take(MEDIA).map(|part| of(&part.content_type, &part.body));
    std::iter::once(of(content_type, body)).chain(parts).collect()
}

/// The pieces of a content.
pub(super) fn pieces_of(content_type: &ContentType, body: &[u8]) -> Vec<Vec<u8>> {
    let head = MmsPdu::from(RetrieveConf::new("", 0, content_type.clone())).emit_head();
    std::iter::once(head).chain(body.chunks(PIECE).map(<[u8]>::to_vec)).collect()
}

/// What the first piece says.
pub(super) fn type_of(piece: &[u8]) -> Option<ContentType> {
    let (pdu, _) = MmsPdu::parse(piece).ok()?;
    pdu.content_type().cloned()
}

fn fits(pattern: &str, essence: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => essence.starts_with(start),
        None => essence == pattern,
    }
}

/// Octets of a piece.
const PIECE: usize = 256 << 10;
/// Parts of which a message knows what they are.
const MEDIA: usize = 16;
/// Levels of parts in parts.
const DEPTH: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::mms::{Part, emit_parts};

    fn mixed(parts: &[Part<'_>]) -> (ContentType, Vec<u8>) {
        (ContentType::new(ContentType::MIXED), emit_parts(parts))
    }

    #[test]
    fn what_is_not_taken_is_said() {
        let mut config = MmsRelayConfig::new("a.example", "http://a");
        config.limits.octets = 1000;
        config.limits.parts = 3;
        let check = |content_type: &ContentType, body: &[u8]| config.check_content(content_type, body);
        let (of, body) = mixed(&[Part::text("a"), Part::new(ContentType::new("image/png"), vec![1; 9])]);
        assert_eq!(check(&of, &body), Ok(()));
        assert!(matches!(check(&of, &body[..body.len() - 1]), Err(Unfit::Corrupt(_))));
        assert!(matches!(check(&ContentType::text(), &[0; 1001]), Err(Unfit::NotAccepted(_))));
        let (of, body) = mixed(&[Part::new(ContentType::new("application/vnd.oma.drm.message"), vec![1])]);
        assert!(matches!(check(&of, &body), Err(Unfit::NotAccepted(why)) if why.contains("drm")));
        let (of, body) = mixed(&[1, 2, 3, 4].map(|_| Part::text("a")));
        assert!(matches!(check(&of, &body), Err(Unfit::NotAccepted(why)) if why.contains("3 parts")));
        let nested = (0..9).fold(mixed(&[Part::text("a")]), |(of, body), _| mixed(&[Part::new(of, body)]));
        assert!(matches!(check(&nested.0, &nested.1), Err(Unfit::NotAccepted(why)) if why.contains("levels")));
    }

    #[test]
    fn a_content_comes_back_from_its_pieces() {
        let content_type = ContentType::related("a", "application/smil");
        let body: Vec<u8> = (0..PIECE + 5).map(|n| n as u8).collect();
        let pieces = pieces_of(&content_type, &body);
        assert_eq!((pieces.len(), type_of(&pieces[0])), (3, Some(content_type)));
        assert_eq!(pieces[1..].concat(), body);
        assert_eq!(type_of(b"x"), None);
    }
}
