//! TS 36.322 clause 5.1.2.1: the transmitting UM entity segments and concatenates SDUs into the size that MAC grants.

use std::collections::VecDeque;

use super::{LI_MAX, SN_MODULUS, header_octets};

/// Queue of SDUs and the sequence number of the next PDU. Buffers are kept: no allocation once the queue had its size.
#[derive(Clone, Debug, Default)]
pub(crate) struct UmTransmitter {
    /// Octets of all SDUs that are not wholly sent.
    octets: VecDeque<u8>,
    sdus: VecDeque<Sdu>,
    /// Octets of the first SDU that have been sent.
    begun_octets: usize,
    /// VT(US).
    next_sn: u8,
}

#[derive(Clone, Copy, Debug)]
struct Sdu {
    /// Octets not yet sent.
    left: usize,
    /// Not to be sent before this (the caller's count).
    due: u64,
}

/// A place in the queue, relative to its front: an SDU and the octets of it that are already spoken for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Cursor {
    /// SDUs before this place.
    pub(crate) sdu: usize,
    /// Octets of the SDU before this place.
    pub(crate) octets: usize,
}

/// What one UMD PDU takes from the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PduLayout {
    /// SDUs (or last segments) that end in it, besides a segment at its end.
    pub(crate) complete: usize,
    /// Octets of a last element whose SDU goes on in the next PDU; 0: none.
    pub(crate) segment_octets: usize,
    /// All octets of data.
    pub(crate) data_octets: usize,
}

impl PduLayout {
    /// Data field elements.
    const fn elements(&self) -> usize {
        self.complete + (self.segment_octets > 0) as usize
    }

    /// Size of the PDU.
    pub(crate) const fn octets(&self) -> usize {
        header_octets(self.elements() - 1) + self.data_octets
    }
}

impl Cursor {
    /// Past what the PDU takes.
    pub(crate) const fn advance(&mut self, layout: &PduLayout) {
        if layout.complete > 0 {
            self.sdu += layout.complete;
            self.octets = 0;
        }
        self.octets += layout.segment_octets;
    }
}

impl UmTransmitter {
    /// Puts an SDU of at least one octet at the end of the queue.
    ///
    /// # Panics
    /// The SDU is empty: no length indicator can say so.
    pub(crate) fn push(&mut self, sdu: &[u8], due: u64) {
        assert!(!sdu.is_empty(), "an RLC SDU has at least one octet, got 0");
        self.octets.extend(sdu);
        self.sdus.push_back(Sdu { left: sdu.len(), due });
    }

    /// Octets waiting.
    pub(crate) fn backlog_octets(&self) -> usize {
        self.octets.len() - self.begun_octets
    }

    /// As if established anew, with the SDUs that are not wholly sent.
    pub(crate) fn re_establish(&mut self) {
        if let Some(first) = self.sdus.front_mut() {
            first.left += std::mem::take(&mut self.begun_octets);
        }
        self.next_sn = 0;
    }

    /// Takes over the SDUs of another entity, which has sent nothing of them, behind its own.
    pub(crate) fn append(&mut self, other: &mut Self) {
        self.octets.append(&mut other.octets);
        self.sdus.append(&mut other.sdus);
    }

    /// Forgets what is not sent; the sequence numbers go on.
    pub(crate) fn discard(&mut self) {
        self.octets.clear();
        self.sdus.clear();
        self.begun_octets = 0;
    }

    /// SDUs from the front that may be sent at `now`: up to the first that is due later.
    pub(crate) fn due_sdus(&self, now: u64) -> usize {
        self.sdus.iter().take_while(|sdu| sdu.due <= now).count()
    }

    /// Octets of the first `sdus` SDUs.
    pub(crate) fn octets_of(&self, sdus: usize) -> usize {
        self.sdus.iter().take(sdus).map(|sdu| sdu.left).sum()
    }

    /// What a PDU of at most `grant` octets takes at `from`, of the first `sdus` SDUs of the queue; `None` when there is
    /// nothing to send or no room for one octet of it.
    pub(crate) fn layout(&self, from: Cursor, sdus: usize, grant: usize) -> Option<PduLayout> {
        let mut layout = PduLayout { complete: 0, segment_octets: 0, data_octets: 0 };
        let mut begun = from.octets;
        for sdu in self.sdus.iter().take(sdus).skip(from.sdu) {
            // The elements so far get a length indicator each, this one gets none: it is the last.
            let room = grant.saturating_sub(header_octets(layout.complete) + layout.data_octets);
            if room == 0 {
                break;
            }
            let left = sdu.left - std::mem::take(&mut begun);
            let taken = left.min(room);
            layout.data_octets += taken;
            if taken < left {
                layout.segment_octets = taken;
                break;
            }
            layout.complete += 1;
            if left > LI_MAX {
                break;
            }
        }
        (layout.data_octets > 0).then_some(layout)
    }

    /// Writes the PDU of `layout`, which was made at the front of the queue, and takes its octets off the queue.
    ///
    /// # Panics
    /// `pdu` is not of the size of the layout.
    pub(crate) fn write(&mut self, layout: &PduLayout, pdu: &mut [u8]) {
        assert_eq!(pdu.len(), layout.octets(), "octets of the UMD PDU, those of its layout");
        let header = header_octets(layout.elements() - 1);
        pdu[..header].fill(0);
        self.take_sdus(layout, |element, octets| write_length_indicator(pdu, element, octets));
        copy_from(&self.octets, self.begun_octets, &mut pdu[header..]);
        let begins_inside = self.begun_octets > 0;
        if layout.complete > 0 {
            self.octets.drain(..self.begun_octets + layout.data_octets - layout.segment_octets);
            self.begun_octets = 0;
        }
        self.begun_octets += layout.segment_octets;
        // FI, E, SN (clause 6.2.1.3).
        let framing = u8::from(begins_inside) << 1 | u8::from(layout.segment_octets > 0);
        pdu[0] = framing << 6 | u8::from(layout.elements() > 1) << 5 | self.next_sn;
        self.next_sn = (self.next_sn + 1) % SN_MODULUS;
    }

    /// Takes the layout's octets off the SDUs, calling `indicate(element, octets)` for all elements but the last.
    fn take_sdus(&mut self, layout: &PduLayout, mut indicate: impl FnMut(usize, usize)) {
        let last = layout.elements() - 1;
        for element in 0..layout.complete {
            let octets = self.sdus.pop_front().map_or(0, |sdu| sdu.left);
            if element < last {
                indicate(element, octets);
            }
        }
        if let (Some(sdu), true) = (self.sdus.front_mut(), layout.segment_octets > 0) {
            sdu.left -= layout.segment_octets;
        }
    }
}

/// Puts E and LI of an element that is not the last into the header; E says that another LI follows.
fn write_length_indicator(pdu: &mut [u8], element: usize, octets: usize) {
    let li = octets as u16;
    let at = 1 + element * 12 / 8;
    if element.is_multiple_of(2) {
        pdu[at] = (li >> 4) as u8;
        pdu[at + 1] = (li << 4) as u8;
    } else {
        pdu[at] |= (li >> 8) as u8;
        pdu[at + 1] = li as u8;
    }
    // The E bit before this LI: of the LI before, or of the fixed part (set by the caller).
    if let Some(before) = element.checked_sub(1) {
        let at = 1 + before * 12 / 8;
        pdu[at] |= if before.is_multiple_of(2) { 0x80 } else { 0x08 };
    }
}

/// Copies octets of the queue from `from` on into `to`.
fn copy_from(queue: &VecDeque<u8>, from: usize, to: &mut [u8]) {
    let (front, back) = queue.as_slices();
    let in_front = front.get(from..).unwrap_or_default();
    let (head, tail) = to.split_at_mut(in_front.len().min(to.len()));
    head.copy_from_slice(&in_front[..head.len()]);
    tail.copy_from_slice(&back[from.saturating_sub(front.len())..][..tail.len()]);
}
