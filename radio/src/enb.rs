//! The radio side of an eNB: SDUs of MBMS bearers in, samples of the carrier out, one subframe at a time.
//!
//! MBSFN subframes carry CRS, MCCH, MSI and MTCH (TS 36.211 clause 6.5, TS 36.321 clause 5.12); the other subframes
//! carry cell-specific reference signals alone.

use num_complex::Complex32;

use crate::cell::{CellConfig, ConfigError};
use crate::coding::CodingError;
use crate::mch::{MbsfnAreaConfig, MchTx, MchTxError, MchTxEvent, PushError};
use crate::numerology::CyclicPrefix;
use crate::phch::{MbsfnSubframeModulator, PmchEncoder, PmchParams, UnicastSubframeModulator};
use crate::rrc::MbsfnAreaConfiguration;
use crate::time::SubframeTime;

/// A cell, the MBSFN area that it belongs to, and what its MCCH says.
#[derive(Clone, Debug)]
pub struct EnbConfig {
    /// Cell.
    pub cell: CellConfig,
    /// MBSFN area, as SIB2 and SIB13 would tell it.
    pub area: MbsfnAreaConfig,
    /// Content of the MCCH: PMCHs and their sessions.
    pub mcch: MbsfnAreaConfiguration,
}

/// A configuration that cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum EnbError {
    /// Physical layer.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Channel coding.
    #[error(transparent)]
    Coding(#[from] CodingError),
    /// MBSFN area or MCCH.
    #[error(transparent)]
    Mch(#[from] MchTxError),
}

/// The transmitter; samples are its only clock.
pub struct Enb {
    cell: CellConfig,
    area: MbsfnAreaConfig,
    mch: MchTx,
    next: SubframeTime,
    signalling: PmchEncoder,
    data: PmchEncoder,
    mbsfn: MbsfnSubframeModulator,
    unicast: UnicastSubframeModulator,
    tb: Vec<u8>,
}

impl Enb {
    /// Plans a transmitter that starts at frame 0. The MCCH has to name exactly one PMCH.
    pub fn new(config: &EnbConfig) -> Result<Self, EnbError> {
        let EnbConfig { cell, area, mcch } = config;
        let encoder = |mcs: u8| -> Result<PmchEncoder, EnbError> {
            let params = PmchParams::new(*cell, area.n_id_mbsfn, area.non_mbsfn_region, mcs)?;
            Ok(PmchEncoder::new(params)?)
        };
        let data_mcs = mcch.pmch.first().map_or(area.mcch.signalling_mcs, |p| p.data_mcs);
        let (signalling, data) = (encoder(area.mcch.signalling_mcs)?, encoder(data_mcs)?);
        let octets = |e: &PmchEncoder| e.params().format.octets();
        let numerology = data.params().numerology;
        Ok(Self {
            cell: *cell,
            area: *area,
            mch: MchTx::new(area, mcch, octets(&data), octets(&signalling))?,
            next: SubframeTime::default(),
            tb: vec![0; octets(&data).max(octets(&signalling))],
            mbsfn: MbsfnSubframeModulator::new(cell, CyclicPrefix::Normal, area.non_mbsfn_region, numerology),
            unicast: UnicastSubframeModulator::new(cell),
            signalling,
            data,
        })
    }

    /// Queues an SDU of a session for the first MCH scheduling period that starts at radio frame `due_frame` or later.
    pub fn push_sdu(&mut self, lcid: u8, sdu: &[u8], due_frame: u64) -> Result<(), PushError> {
        self.mch.push_sdu(lcid, sdu, due_frame)
    }

    /// Fills `iq` with the next subframe and tells which one it is.
    ///
    /// # Panics
    /// If `iq` is not one subframe long.
    pub fn next_subframe(&mut self, iq: &mut [Complex32]) -> SubframeTime {
        let time = self.next;
        self.next = time.next();
        if !self.area.subframes.contains(time.subframe()) {
            self.unicast.modulate(time.subframe(), iq);
            return time;
        }
        let block = self.mch.next_block(time.frame(), time.subframe(), &mut self.tb);
        let pmch = block.map(|b| {
            let encoder = if b.is_signalling { &mut self.signalling } else { &mut self.data };
            (encoder, &self.tb[..b.octets])
        });
        self.mbsfn.modulate(time.subframe(), pmch, iq);
        time
    }

    /// What was announced.
    pub fn poll_event(&mut self) -> Option<MchTxEvent> {
        self.mch.poll_event()
    }

    /// The subframe that [`Self::next_subframe`] will make.
    pub fn next_time(&self) -> SubframeTime {
        self.next
    }

    /// Leaves out subframes in which nothing is on air; `time` must not lie in the past.
    ///
    /// # Panics
    /// If it does.
    pub fn skip_to(&mut self, time: SubframeTime) {
        assert!(time >= self.next, "{time} is before {}", self.next);
        self.next = time;
    }

    /// The cell.
    pub fn cell(&self) -> &CellConfig {
        &self.cell
    }
}
