//! TS 36.331 clause 6.3.7: MBSFN-AreaInfo and MBMS-NotificationConfig, what SIB13 tells of MBSFN areas and their MCCH.

/// Subframes that can be MBSFN subframes in FDD, in the order of the bits of MBSFN-SubframeConfig and `sf-AllocInfo`.
pub(crate) const MBSFN_SUBFRAMES: [u8; 6] = [1, 2, 3, 6, 7, 8];

/// Some of the subframes 1, 2, 3, 6, 7, 8 of a radio frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SubframeSet(u8);

impl SubframeSet {
    /// From subframe numbers.
    ///
    /// # Errors
    /// None given, or one that cannot be an MBSFN subframe.
    pub fn new(subframes: &[u8]) -> Result<Self, AreaConfigError> {
        let mut bits = 0;
        for &subframe in subframes {
            bits |= bit_of(subframe).ok_or(AreaConfigError::Subframe(subframe))?;
        }
        if bits == 0 { Err(AreaConfigError::NoSubframes) } else { Ok(Self(bits)) }
    }

    /// From six bits, bit 5 being subframe 1; more significant ones are left out, and the set may be empty.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x3f)
    }

    /// Is this subframe one of them?
    pub fn contains(&self, subframe: u8) -> bool {
        bit_of(subframe).is_some_and(|bit| self.0 & bit != 0)
    }

    /// The six bits: bit 5 is subframe 1.
    pub const fn bits(&self) -> u8 {
        self.0
    }

    /// The subframe numbers, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u8> + use<> {
        let set = *self;
        MBSFN_SUBFRAMES.into_iter().filter(move |&subframe| set.contains(subframe))
    }
}

/// The bit of a subframe in `oneFrame`, a frame of `fourFrames`, or `sf-AllocInfo`.
pub(crate) fn bit_of(subframe: u8) -> Option<u8> {
    MBSFN_SUBFRAMES.iter().position(|&s| s == subframe).map(|i| 0x20 >> i)
}

/// `MBSFN-AreaInfo-r9`: an MBSFN area as SIB13 tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MbsfnAreaInfo {
    /// `mbsfn-AreaId-r9`.
    pub n_id_mbsfn: u8,
    /// `non-MBSFNregionLength`: symbols, 1 or 2.
    pub non_mbsfn_region: u8,
    /// `notificationIndicator-r9`: bit of the change notification, 0 (the least significant) to 7.
    pub notification_indicator: u8,
    /// `mcch-Config-r9`.
    pub mcch: McchConfig,
}

/// `mcch-Config-r9` of MBSFN-AreaInfo.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct McchConfig {
    /// `mcch-RepetitionPeriod-r9`, radio frames: 32, 64, 128, 256.
    pub repetition_period_rf: u16,
    /// `mcch-Offset-r9`: the MCCH is in radio frames with `SFN mod repetition period = offset`, 0 to 10.
    pub offset_rf: u8,
    /// `mcch-ModificationPeriod-r9`, radio frames: 512, 1024.
    pub modification_period_rf: u16,
    /// `sf-AllocInfo-r9`: the subframes of these frames.
    pub subframes: SubframeSet,
    /// `signallingMCS-r9`: 2, 7, 13, 19. For MCCH subframes and the first subframe of each scheduling period.
    pub signalling_mcs: u8,
}

/// `MBMS-NotificationConfig-r9`: when the PDCCH may carry MCCH change notifications, for all areas of a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotificationConfig {
    /// `notificationRepetitionCoeff-r9`: occasions in the shortest modification period, 2 or 4.
    pub repetition_coeff: u8,
    /// `notificationOffset-r9`: radio frame of each repetition period, 0 to 10.
    pub offset_rf: u8,
    /// `notificationSF-Index-r9`: 1 to 6 for subframes 1, 2, 3, 6, 7, 8.
    pub sf_index: u8,
}

/// The area cannot be configured so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AreaConfigError {
    /// Not an MBSFN subframe.
    #[error("subframe {0} cannot carry MBSFN: use 1, 2, 3, 6, 7, 8")]
    Subframe(u8),
    /// An empty set.
    #[error("no MBSFN subframe is given: use some of 1, 2, 3, 6, 7, 8")]
    NoSubframes,
    /// A value that SIB13 does not have.
    #[error("{field} is {value}: TS 36.331 allows {allowed}")]
    Value {
        /// ASN.1 name.
        field: &'static str,
        /// What was given.
        value: u16,
        /// What SIB13 can say.
        allowed: &'static str,
    },
}

impl MbsfnAreaInfo {
    /// Checks every value against what SIB13 can say.
    ///
    /// # Errors
    /// The first value that is not allowed.
    pub fn check(&self) -> Result<(), AreaConfigError> {
        let mcch = &self.mcch;
        check("non-MBSFNregionLength", self.non_mbsfn_region.into(), &[1, 2], "1, 2")?;
        check("mcch-RepetitionPeriod-r9", mcch.repetition_period_rf, &[32, 64, 128, 256], "32, 64, 128, 256")?;
        check("mcch-ModificationPeriod-r9", mcch.modification_period_rf, &[512, 1024], "512, 1024")?;
        check("signallingMCS-r9", mcch.signalling_mcs.into(), &[2, 7, 13, 19], "2, 7, 13, 19")?;
        check_max("mcch-Offset-r9", mcch.offset_rf, 10, "0 to 10")?;
        check_max("notificationIndicator-r9", self.notification_indicator, 7, "0 to 7")?;
        if mcch.subframes.bits() == 0 { Err(AreaConfigError::NoSubframes) } else { Ok(()) }
    }

    /// May this subframe carry the MCCH? `frame` is absolute, SFN = frame mod 1024.
    pub fn is_mcch(&self, frame: u64, subframe: u8) -> bool {
        self.is_mcch_frame(frame) && self.mcch.subframes.contains(subframe)
    }

    /// Are the `sf-AllocInfo` subframes of this radio frame those of the MCCH?
    pub fn is_mcch_frame(&self, frame: u64) -> bool {
        frame % u64::from(self.mcch.repetition_period_rf.max(1)) == u64::from(self.mcch.offset_rf)
    }
}

impl NotificationConfig {
    /// Checks every value against what SIB13 can say.
    ///
    /// # Errors
    /// The first value that is not allowed.
    pub fn check(&self) -> Result<(), AreaConfigError> {
        check("notificationRepetitionCoeff-r9", self.repetition_coeff.into(), &[2, 4], "2, 4")?;
        check_max("notificationOffset-r9", self.offset_rf, 10, "0 to 10")?;
        check("notificationSF-Index-r9", self.sf_index.into(), &[1, 2, 3, 4, 5, 6], "1 to 6")
    }

    /// The subframe that `notificationSF-Index` names; none for an index that it does not have.
    pub fn subframe(&self) -> Option<u8> {
        MBSFN_SUBFRAMES.get(usize::from(self.sf_index).checked_sub(1)?).copied()
    }

    /// Is this subframe a change notification occasion, `shortest_modification_period_rf` being the lowest one of all
    /// MCCHs of the cell? `frame` is absolute, SFN = frame mod 1024.
    pub fn is_occasion(&self, shortest_modification_period_rf: u16, frame: u64, subframe: u8) -> bool {
        let period = u64::from(shortest_modification_period_rf / u16::from(self.repetition_coeff.max(1))).max(1);
        frame % period == u64::from(self.offset_rf) && self.subframe() == Some(subframe)
    }
}

fn check(field: &'static str, value: u16, values: &[u16], allowed: &'static str) -> Result<(), AreaConfigError> {
    if values.contains(&value) { Ok(()) } else { Err(AreaConfigError::Value { field, value, allowed }) }
}

fn check_max(field: &'static str, value: u8, max: u8, allowed: &'static str) -> Result<(), AreaConfigError> {
    if value <= max { Ok(()) } else { Err(AreaConfigError::Value { field, value: value.into(), allowed }) }
}
