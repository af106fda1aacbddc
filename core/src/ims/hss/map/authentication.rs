//! sendAuthenticationInfo at the HLR (TS 29.002 clause 8.5.2): vectors out of the sequence numbers that Cx has.

use protocol::map::{
    AuthenticationQuintuplet, DialogueId, OperationResult, SendAuthenticationInfoArg, SendAuthenticationInfoRes,
    UserError,
};
use protocol::{Instant, Secret};

use super::{MapReply, RESOURCE_HLR};
use crate::ims::hss::Hss;
use crate::ims::hss::authentication::{VectorProblem, store_sqn};
use crate::node::NodeStoreOp;

/// What a message has room for; segmentation is not supported.
const MAX_VECTORS: u32 = 2;

/// unknownSubscriberDiagnostic: imsiUnknown (TS 29.002 clause 17.7.7).
pub(super) const IMSI_UNKNOWN: u8 = 0;

impl Hss {
    pub(super) fn send_authentication_info(
        &mut self,
        now: Instant,
        dialogue: DialogueId,
        invoke_id: i8,
        arg: &SendAuthenticationInfoArg,
    ) {
        let (answer, ops) = match self.quintuplets(arg) {
            Ok((quintuplet_list, op)) => {
                let result = SendAuthenticationInfoRes { quintuplet_list, extensions: Vec::new() };
                (Ok(OperationResult::SendAuthenticationInfo(result)), vec![op])
            }
            Err(error) => (Err(error), Vec::new()),
        };
        self.map_answer_when_stored(now, ops, MapReply::new(dialogue, invoke_id, answer));
    }

    fn quintuplets(
        &mut self,
        arg: &SendAuthenticationInfoArg,
    ) -> Result<(Vec<AuthenticationQuintuplet>, NodeStoreOp), UserError> {
        let subscriber = self.directory.by_imsi(arg.imsi.as_str());
        let impi = subscriber.ok_or(UserError::UnknownSubscriber(Some(IMSI_UNKNOWN)))?.impi.clone();
        let resynchronisation = arg.re_synchronisation_info.map(|info| [&info.rand[..], &info.auts].concat());
        let count = u32::from(arg.number_of_requested_vectors).clamp(1, MAX_VECTORS);
        let (vectors, sqn) =
            self.vectors(&impi, resynchronisation.as_deref(), count).map_err(|problem| match problem {
                VectorProblem::NoKeys | VectorProblem::Exhausted => UserError::SystemFailure(Some(RESOURCE_HLR)),
                VectorProblem::Resynchronisation => UserError::UnexpectedDataValue,
            })?;
        let quintuplet = |vector: crate::ims::aka::Vector| AuthenticationQuintuplet {
            rand: vector.rand,
            xres: Secret::new(vector.xres.expose().to_vec()),
            ck: vector.ck,
            ik: vector.ik,
            autn: vector.autn,
        };
        Ok((vectors.into_iter().map(quintuplet).collect(), store_sqn(&impi, sqn)))
    }
}
