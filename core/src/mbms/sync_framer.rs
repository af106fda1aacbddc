//! SYNC at the BM-SC: TS 25.446 clause 5.4 (counters per sequence and per period, closing PDU of each sequence).

use protocol::{
    Instant, SYNC_USER_DATA_HEADER_OCTETS, SyncError, SyncHeader, SyncPlan, SyncRepr, SyncTimestamp, SyncTotals,
};

/// Most packets whose lengths a closing PDU of type 3 tells; with more it is of type 0 (it must fit one datagram).
const MAX_PACKET_LENGTHS: usize = 900;

/// Counters of one MBMS bearer.
#[derive(Debug)]
pub(super) struct SyncFramer {
    plan: SyncPlan,
    packet_lengths: bool,
    sequence: Instant,
    lengths: Vec<u16>,
    elapsed_octets: u32,
    totals: SyncTotals,
}

impl SyncFramer {
    /// For a bearer whose first sequence starts at `sequence`; `packet_lengths` chooses type 3 over type 0.
    pub(super) fn new(plan: SyncPlan, packet_lengths: bool, sequence: Instant) -> Self {
        let totals = SyncTotals::default();
        Self { plan, packet_lengths, sequence, lengths: Vec::new(), elapsed_octets: 0, totals }
    }

    /// Start of the sequence that is being filled.
    pub(super) fn sequence(&self) -> Instant {
        self.sequence
    }

    /// The type 1 PDU with `datagram`.
    pub(super) fn user_data(&mut self, datagram: &[u8]) -> Result<Vec<u8>, SyncError> {
        let octets = datagram.len() as u64;
        let too_long = SyncError::Field { field: "length of user data", value: octets };
        let length = u16::try_from(datagram.len() + SYNC_USER_DATA_HEADER_OCTETS).map_err(|_| too_long)?;
        let pdu = SyncRepr::UserData { header: self.header()?, payload: datagram }.emit()?;
        self.lengths.push(length);
        self.elapsed_octets = self.elapsed_octets.wrapping_add(datagram.len() as u32);
        self.totals.packets = (self.totals.packets + 1) & 0xff_ffff;
        self.totals.octets = (self.totals.octets + octets) & 0xff_ffff_ffff;
        Ok(pdu)
    }

    /// The PDU that closes the sequence (clause 5.4.2.1: also when it is empty); the next one starts.
    pub(super) fn close_sequence(&mut self) -> Result<Vec<u8>, SyncError> {
        let (header, totals) = (self.header()?, self.totals);
        let lengths = std::mem::take(&mut self.lengths);
        self.start(self.sequence + self.plan.sequence());
        if self.packet_lengths && lengths.len() <= MAX_PACKET_LENGTHS {
            SyncRepr::LengthOfPackets { header, totals, lengths }.emit()
        } else {
            SyncRepr::Information { header, totals }.emit()
        }
    }

    /// Gives up the current sequence and starts the one at `sequence`.
    pub(super) fn start(&mut self, sequence: Instant) {
        self.sequence = sequence;
        self.lengths.clear();
        self.elapsed_octets = 0;
        if self.plan.timestamp(sequence) == SyncTimestamp(0) {
            self.totals = SyncTotals::default();
        }
    }

    fn header(&self) -> Result<SyncHeader, SyncError> {
        let packets = self.lengths.len();
        let too_many = SyncError::Field { field: "packet number", value: packets as u64 };
        Ok(SyncHeader {
            timestamp: self.plan.timestamp(self.sequence),
            packet_number: u16::try_from(packets).map_err(|_| too_many)?,
            elapsed_octets: self.elapsed_octets,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_start_again_with_each_sequence_and_totals_with_each_period() {
        let plan = SyncPlan::new(1000).unwrap();
        assert_eq!(plan.period().as_secs(), 600);
        let mut framer = SyncFramer::new(plan, true, Instant::from_millis(590_000));
        let header = |octets: &[u8]| *SyncRepr::parse(octets).unwrap().header();
        let first = header(&framer.user_data(&[0; 40]).unwrap());
        let second = header(&framer.user_data(&[0; 50]).unwrap());
        assert_eq!((first.timestamp.0, first.packet_number, first.elapsed_octets), (59_000, 0, 0));
        assert_eq!((second.packet_number, second.elapsed_octets), (1, 40));
        let octets = framer.close_sequence().unwrap();
        let SyncRepr::LengthOfPackets { header: h, totals, lengths } = SyncRepr::parse(&octets).unwrap() else {
            panic!("type 3 was asked for")
        };
        assert_eq!((h.packet_number, h.elapsed_octets), (2, 90));
        assert_eq!((totals.packets, totals.octets), (2, 90));
        assert_eq!(lengths, [51, 61]);
        // 600 s: the next period.
        let octets = framer.close_sequence().unwrap();
        let SyncRepr::LengthOfPackets { header: h, totals, .. } = SyncRepr::parse(&octets).unwrap() else { panic!() };
        assert_eq!((h.timestamp.0, h.packet_number, totals), (0, 0, SyncTotals::default()));
    }
}
