//! Faults that a scenario puts on the joints: messages dropped or corrupted on purpose.

use protocol::{Joint, TapEvent};
use radio::{
    BcchDlSchMessage, BlockFilter, FilteredBlock, LCID_MCCH, LCID_MSI, SystemInformationBlock, hide_mac_elements,
    mac_elements,
};

use crate::ladder::{Seen, rtp_of};
use crate::scenario::{Fault, FaultAction, FaultTarget, Scenario};

/// Applies faults to a datagram of M1 or MTCH on its way to `ue`; `false`: it is gone. Those that count are for
/// [`block_filter`].
pub(crate) fn apply(faults: &[Fault], ue: &str, message: &mut TapEvent) -> bool {
    for fault in faults.iter().filter(|f| f.joint == message.joint && (f.joint == Joint::M1 || f.ue.selects(ue))) {
        if !takes(fault.what, message) {
            continue;
        }
        match fault.action {
            FaultAction::Drop => return false,
            FaultAction::Corrupt => corrupt(&mut message.bytes),
            FaultAction::Duplicate | FaultAction::Delay | FaultAction::WrongStatus | FaultAction::WrongResponse => {}
        }
    }
    true
}

fn takes(what: FaultTarget, message: &TapEvent) -> bool {
    let is_fdt = || Seen::of(message).alc.map(|alc| alc.lct.is_fdt());
    match what {
        FaultTarget::Any => true,
        FaultTarget::Msi | FaultTarget::Data | FaultTarget::Sib13 => false,
        FaultTarget::Fdt => is_fdt() == Some(true),
        FaultTarget::Object => is_fdt() == Some(false),
        FaultTarget::Rtp => rtp_of(&message.bytes).is_some(),
    }
}

/// A fault on what a UE's receiver decodes, and how many messages it has met.
struct Planted {
    fault: Fault,
    /// Area identity and place of the MCH that it is of.
    pmch: Option<(u8, usize)>,
    met: u64,
}

/// Faults on MCH, MCCH, system information and change notifications act between the physical layer and layer 2 of a UE's
/// receiver.
pub(crate) fn block_filter(scenario: &Scenario, ue: &str) -> Option<BlockFilter> {
    let of_radio = |f: &&Fault| matches!(f.joint, Joint::BcchDlSch | Joint::Pdcch | Joint::Mch | Joint::Mcch);
    let pmch = |name: &String| scenario.mch(name).map(|(area, pmch)| (scenario.areas[area].n_id_mbsfn, pmch));
    let planted = |f: &Fault| Planted { fault: f.clone(), pmch: f.mch.as_ref().and_then(pmch), met: 0 };
    let own = scenario.faults.iter().filter(of_radio).filter(|f| f.ue.selects(ue));
    let mut own: Vec<Planted> = own.map(planted).collect();
    if own.is_empty() {
        return None;
    }
    Some(Box::new(move |block, tb| own.iter_mut().all(|planted| planted.passes(block, tb))))
}

impl Planted {
    /// False: the message is gone.
    fn passes(&mut self, block: &FilteredBlock, tb: &mut [u8]) -> bool {
        if !self.takes(block, tb) {
            return true;
        }
        self.met += 1;
        let after = self.fault.after.unwrap_or(0);
        if self.met <= after || self.fault.count.is_some_and(|count| self.met > after + count) {
            return true;
        }
        match (self.fault.joint, self.fault.what, self.fault.action) {
            // Taking out one element of a block leaves the others alone. A corrupt one is as useless as none.
            (Joint::Mch, FaultTarget::Msi, _) => hide_mac_elements(tb, LCID_MSI),
            (Joint::Mcch, ..) => hide_mac_elements(tb, LCID_MCCH),
            (.., FaultAction::Drop) => return false,
            (.., FaultAction::Corrupt) => corrupt(tb),
            // All others are of messages of the core network.
            _ => {}
        }
        true
    }

    fn takes(&self, block: &FilteredBlock, tb: &[u8]) -> bool {
        let has = |lcid| mac_elements(tb).any(|(own, _)| own == lcid);
        match (block, self.fault.joint) {
            (FilteredBlock::SystemInformation, Joint::BcchDlSch) => {
                self.fault.what == FaultTarget::Any || has_sib13(tb)
            }
            (FilteredBlock::ChangeNotification, Joint::Pdcch) => true,
            (FilteredBlock::Mch { .. }, Joint::Mcch) => has(LCID_MCCH),
            (FilteredBlock::Mch { n_id_mbsfn, pmch }, Joint::Mch) => {
                self.pmch.is_none_or(|(area, own)| area == *n_id_mbsfn && Some(own) == *pmch)
                    && match self.fault.what {
                        FaultTarget::Msi => has(LCID_MSI),
                        FaultTarget::Data => !has(LCID_MSI) && !has(LCID_MCCH),
                        _ => true,
                    }
            }
            _ => false,
        }
    }
}

fn has_sib13(message: &[u8]) -> bool {
    let Ok(BcchDlSchMessage::SystemInformation(si)) = BcchDlSchMessage::decode(message) else { return false };
    si.sibs.iter().any(|sib| matches!(sib, SystemInformationBlock::Type13(_)))
}

fn corrupt(bytes: &mut [u8]) {
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
}
