//! Charging (TS 32.260): what nodes tell the charging data function on Rf, what the gateway function asks the online charging
//! system on Ro.

mod rf;
mod ro;

use protocol::Joint;

use super::super::Has::{self, ChargingVector, NoToTag};
use super::super::rows::*;
use crate::ladder::{Party, Procedure, ProcedureStep};
use crate::scenario::{CDF, IMS_GWF, OCS};

pub(crate) use rf::{EVENT as OFFLINE_EVENT, SESSION as OFFLINE_SESSION};
pub(crate) use ro::{CUT_OFF, EVENT as ONLINE_EVENT, REFUSED};

/// All of them.
pub(super) const PROCEDURES: &[&Procedure] = &[&OFFLINE_SESSION, &OFFLINE_EVENT, &CUT_OFF, &ONLINE_EVENT, &REFUSED];

const INVITE: &str = "INVITE";
const BYE: &str = "BYE";
const MESSAGE: &str = "MESSAGE";
const P_TO_CDF: Way = (Party::Pcscf, Party::Server(CDF), Joint::Rf);
const CDF_TO_P: Way = (Party::Server(CDF), Party::Pcscf, Joint::Rf);
const S_TO_CDF: Way = (Party::Scscf, Party::Server(CDF), Joint::Rf);
const CDF_TO_S: Way = (Party::Server(CDF), Party::Scscf, Joint::Rf);
const PEER_P_TO_CDF: Way = (Party::PeerPcscf, Party::Server(CDF), Joint::Rf);
const CDF_TO_PEER_P: Way = (Party::Server(CDF), Party::PeerPcscf, Joint::Rf);
const S_TO_GWF: Way = (Party::Scscf, Party::Server(IMS_GWF), Joint::Isc);
const GWF_TO_S: Way = (Party::Server(IMS_GWF), Party::Scscf, Joint::Isc);
const GWF_TO_OCS: Way = (Party::Server(IMS_GWF), Party::Server(OCS), Joint::Ro);
const OCS_TO_GWF: Way = (Party::Server(OCS), Party::Server(IMS_GWF), Joint::Ro);

/// Numbers of AVPs.
type Numbers = &'static [(&'static str, &'static [u32])];

/// The request of a user, which gets its charging identifier behind the P-CSCF.
const FIRST: &[Has] = &[NoToTag];
const CORRELATED: &[Has] = &[NoToTag, ChargingVector];

/// A request of a UE and the same one with its charging identifier.
const fn asked(method: &'static str, call: &'static str) -> [ProcedureStep; 2] {
    [
        request(("1", "the request of the UE", "TS 24.229 5.1.3.1"), GM_UP, method, call, FIRST),
        request(("2", "the same with P-Charging-Vector", "TS 24.229 5.2.7.2"), P_TO_S, method, call, CORRELATED),
    ]
}
