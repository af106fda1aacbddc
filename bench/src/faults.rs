//! Faults that a scenario puts on the joints: messages dropped or corrupted on purpose.

use protocol::{Joint, TapEvent};
use radio::{BlockFilter, LCID_MCCH, LCID_MSI, hide_mac_elements};

use crate::ladder::Seen;
use crate::scenario::{Fault, FaultAction, FaultTarget};

/// Applies faults to a datagram of M1 or MTCH on its way to `ue`; `false`: it is gone.
pub(crate) fn apply(faults: &[Fault], ue: &str, message: &mut TapEvent) -> bool {
    for fault in faults.iter().filter(|f| f.joint == message.joint && (f.joint == Joint::M1 || f.ue.selects(ue))) {
        if !takes(fault.what, message) {
            continue;
        }
        match fault.action {
            FaultAction::Drop => return false,
            FaultAction::Corrupt => corrupt(&mut message.bytes),
        }
    }
    true
}

fn takes(what: FaultTarget, message: &TapEvent) -> bool {
    let is_fdt = || Seen::of(message).alc.map(|alc| alc.lct.is_fdt());
    match what {
        FaultTarget::Any => true,
        FaultTarget::Msi => false,
        FaultTarget::Fdt => is_fdt() == Some(true),
        FaultTarget::Object => is_fdt() == Some(false),
    }
}

/// Faults on MCH and MCCH act between the physical layer and layer 2 of a UE's receiver.
pub(crate) fn block_filter(faults: &[Fault], ue: &str) -> Option<BlockFilter> {
    let own: Vec<Fault> =
        faults.iter().filter(|f| matches!(f.joint, Joint::Mch | Joint::Mcch) && f.ue.selects(ue)).cloned().collect();
    if own.is_empty() {
        return None;
    }
    Some(Box::new(move |tb| {
        for fault in &own {
            match (fault.joint, fault.what, fault.action) {
                (Joint::Mch, FaultTarget::Any, FaultAction::Drop) => return false,
                (Joint::Mch, FaultTarget::Any, FaultAction::Corrupt) => corrupt(tb),
                // Taking out one element of a block leaves the others alone. A corrupt one is as useless as none.
                (Joint::Mch, _, _) => hide_mac_elements(tb, LCID_MSI),
                _ => hide_mac_elements(tb, LCID_MCCH),
            }
        }
        true
    }))
}

fn corrupt(bytes: &mut [u8]) {
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
}
