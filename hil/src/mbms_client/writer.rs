//! What the FLUTE receiver writes, queued until the client hands it on.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use flute::core::{FECEncodingID, UDPEndpoint};
use flute::error::{FluteError, Result};
use flute::receiver::writer::{ObjectMetadata, ObjectWriter, ObjectWriterBuilder, ObjectWriterBuilderResult};
use sha2::{Digest, Sha256};

use super::MIN_SYMBOL_OCTETS;

/// One thing that the receiver wrote.
#[derive(Debug)]
pub(super) enum Written {
    Fdt { xml: String },
    Started { toi: u64, content_location: String, octets: u64 },
    Data { toi: u64, bytes: Vec<u8> },
    Complete { toi: u64, content_location: String, octets: u64, sha256: String, md5_ok: bool },
    Failed { toi: u64, reason: String },
}

impl Written {
    /// TOI; 0 for an FDT (RFC 3926 clause 3.3).
    pub(super) fn toi(&self) -> u64 {
        match *self {
            Self::Fdt { .. } => 0,
            Self::Started { toi, .. } | Self::Data { toi, .. } | Self::Complete { toi, .. } => toi,
            Self::Failed { toi, .. } => toi,
        }
    }
}

/// Queue between the receiver, which shares it with the writers of its objects, and the client.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Rc<RefCell<Inner>>,
}

#[derive(Debug)]
struct Inner {
    written: Vec<Written>,
    octets: usize,
    max_octets: usize,
}

impl Queue {
    pub(super) fn new(max_octets: usize) -> Self {
        Self { inner: Rc::new(RefCell::new(Inner { written: Vec::new(), octets: 0, max_octets })) }
    }

    /// Everything written since the last call.
    pub(super) fn take(&self) -> Vec<Written> {
        let mut inner = self.inner.borrow_mut();
        inner.octets = 0;
        std::mem::take(&mut inner.written)
    }
}

impl ObjectWriterBuilder for Queue {
    fn new_object_writer(
        &self,
        _endpoint: &UDPEndpoint,
        _tsi: &u64,
        toi: &u128,
        meta: &ObjectMetadata,
        _now: SystemTime,
    ) -> ObjectWriterBuilderResult {
        let acceptable = meta.oti.as_ref().is_some_and(|oti| {
            matches!(oti.fec_encoding_id, FECEncodingID::NoCode | FECEncodingID::Raptor)
                && oti.encoding_symbol_length >= MIN_SYMBOL_OCTETS
        });
        let Some(toi) = u64::try_from(*toi).ok().filter(|_| acceptable) else {
            return ObjectWriterBuilderResult::Abort;
        };
        ObjectWriterBuilderResult::StoreObject(Box::new(Writer {
            queue: self.inner.clone(),
            toi,
            content_location: meta.content_location.clone(),
            octets: meta.content_length.or(meta.transfer_length).unwrap_or(0) as u64,
            has_md5: meta.md5.is_some(),
            written: RefCell::new((Sha256::new(), 0)),
        }))
    }

    fn update_cache_control(&self, _: &UDPEndpoint, _: &u64, _: &u128, _: &ObjectMetadata, _: SystemTime) {}

    fn fdt_received(
        &self,
        _endpoint: &UDPEndpoint,
        _tsi: &u64,
        fdt_xml: &str,
        _expires: SystemTime,
        _meta: &ObjectMetadata,
        _transfer_duration: Duration,
        _now: SystemTime,
        _ext_time: Option<SystemTime>,
    ) {
        self.inner.borrow_mut().written.push(Written::Fdt { xml: fdt_xml.to_owned() });
    }
}

/// Hashes and queues one object.
#[derive(Debug)]
struct Writer {
    queue: Rc<RefCell<Inner>>,
    toi: u64,
    content_location: String,
    octets: u64,
    has_md5: bool,
    written: RefCell<(Sha256, u64)>,
}

impl Writer {
    fn push(&self, written: Written) {
        self.queue.borrow_mut().written.push(written);
    }

    fn fail(&self, why: &str) {
        let reason = format!("{why}: {} of {} octets were given out", self.written.borrow().1, self.octets);
        self.push(Written::Failed { toi: self.toi, reason });
    }
}

impl ObjectWriter for Writer {
    fn open(&self, _now: SystemTime) -> Result<()> {
        let (toi, octets) = (self.toi, self.octets);
        self.push(Written::Started { toi, content_location: self.content_location.clone(), octets });
        Ok(())
    }

    fn write(&self, _sbn: u32, data: &[u8], _now: SystemTime) -> Result<()> {
        let mut queue = self.queue.borrow_mut();
        if queue.octets + data.len() > queue.max_octets {
            return Err(FluteError::new("more object data in one packet than the client takes"));
        }
        queue.octets += data.len();
        queue.written.push(Written::Data { toi: self.toi, bytes: data.to_vec() });
        let mut written = self.written.borrow_mut();
        written.0.update(data);
        written.1 += data.len() as u64;
        Ok(())
    }

    fn complete(&self, _now: SystemTime) {
        let (hash, octets) = self.written.borrow().clone();
        let sha256 = hash.finalize().iter().fold(String::new(), |mut text, octet| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{octet:02x}");
            text
        });
        let content_location = self.content_location.clone();
        // The receiver compared Content-MD5 before it called; a difference comes as an error.
        self.push(Written::Complete { toi: self.toi, content_location, octets, sha256, md5_ok: self.has_md5 });
    }

    fn error(&self, _now: SystemTime) {
        let all = self.has_md5 && self.written.borrow().1 == self.octets;
        self.fail(if all { "Content-MD5 does not fit" } else { "the FLUTE receiver gave up" });
    }

    fn interrupted(&self, _now: SystemTime) {
        self.fail("the sender closed the object");
    }

    fn enable_md5_check(&self) -> bool {
        true
    }
}
