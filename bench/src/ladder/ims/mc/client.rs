//! What a client does with an MBMS bearer, as TS 36.579-2 clause 6.4.1 tests it: announcement, answer, listening status; again
//! after Map Group To Bearer; again on leaving the coverage (TS 24.379 clause 14.3, TS 24.380 clause 10.3).

use protocol::Joint;

use super::super::Has::{self, Body};
use super::super::rows::*;
use super::McMessage;
use crate::ladder::{Order, Party, Procedure, ProcedureStep, See};

const MESSAGE: &str = "MESSAGE";
const ON_AIR: Way = (Party::Enb, Party::Ue, Joint::Mtch);
const ANNOUNCES: &[Has] = &[Body("mcptt-mbms-usage-info"), Body("mbms-service-areas>")];
const MONITORS: &[Has] = &[Body("mcptt-mbms-usage-info"), Body(">listening<"), Body("general-purpose>true<")];
const LISTENS: &[Has] = &[Body("mcptt-mbms-usage-info"), Body(">listening<"), Body("session-id>")];
const LEAVES: &[Has] = &[Body("mcptt-mbms-usage-info"), Body(">not-listening<")];

const fn on_air((number, expect, clause): (&'static str, &'static str, &'static str), is: McMessage) -> ProcedureStep {
    let (from, to, joint) = ON_AIR;
    ProcedureStep { number, from, to, joint, expect, clause, order: Order::AfterPrevious, see: See::Mc(is) }
}

/// The procedure.
pub(super) const CLIENT: Procedure = Procedure {
    procedure: "TS 36.579-2 6.4.1",
    title: "An MC client with an MBMS bearer",
    parties: &[Party::Ue, Party::Pcscf, Party::Enb],
    steps: &[
        request(
            ("1", "MESSAGE: MBMS bearer announcement", "TS 24.379 14.2.1"),
            GM_DOWN,
            MESSAGE,
            "announcement",
            ANNOUNCES,
        ),
        response(("2", "200", "TS 24.379 14.3.2"), GM_UP, MESSAGE, "announcement", 200, &[]),
        request(
            ("3", "MESSAGE: listening to the general purpose subchannel", "TS 24.379 14.3.3"),
            GM_UP,
            MESSAGE,
            "monitoring",
            MONITORS,
        ),
        response(("4", "200", "TS 24.379 14.2.3"), GM_DOWN, MESSAGE, "monitoring", 200, &[]),
        on_air(("5", "Map Group To Bearer out of the air", "TS 24.380 8.4.4"), McMessage::Map),
        request(("6", "MESSAGE: listening to the session", "TS 24.379 14.3.3"), GM_UP, MESSAGE, "listening", LISTENS),
        response(("7", "200", "TS 24.379 14.2.3"), GM_DOWN, MESSAGE, "listening", 200, &[]),
        on_air(("8", "RTP out of the air", "TS 24.380 10.3"), McMessage::Speech).after("5"),
        request(("9", "MESSAGE: not listening any more", "TS 24.379 14.3.3"), GM_UP, MESSAGE, "leaving", LEAVES)
            .after("7"),
        response(("10", "200", "TS 24.379 14.2.3"), GM_DOWN, MESSAGE, "leaving", 200, &[]),
    ],
};
