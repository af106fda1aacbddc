//! Presence (TS 24.141; RFC 3903, 3856, 3857): publication, subscription of a watcher, watcher information.

use super::super::Has::{self, Body, Header, Words};
use super::super::rows::*;
use super::Wanted;
use crate::ladder::{Party, Procedure};
use crate::scenario::{PRESENCE_SERVER, PresenceStep};
use protocol::Joint;

const PUBLISH: &str = "PUBLISH";
const SUBSCRIBE: &str = "SUBSCRIBE";
const NOTIFY: &str = "NOTIFY";
const SERVER: Party = Party::Server(PRESENCE_SERVER);
const S_TO_SERVER: Way = (Party::Scscf, SERVER, Joint::Isc);
const SERVER_TO_S: Way = (SERVER, Party::Scscf, Joint::Isc);
const PRESENCE: Has = Words("Event", "presence");
const WINFO: Has = Words("Event", "presence.winfo");

/// All of them.
pub(super) const PROCEDURES: &[&Procedure] = &[&PUBLICATION, &WATCHING, &WATCHER_INFORMATION];

/// Ladders that a step asks for.
pub(super) fn asked(step: &PresenceStep) -> Vec<Wanted<'_>> {
    match step {
        PresenceStep::Publish { ue, .. } => vec![Wanted::alone(ue.clone(), &PUBLICATION)],
        PresenceStep::WatchPresence { from, to } => vec![Wanted::one(from, &WATCHING).with(to)],
        PresenceStep::WatchWatchers { ue } => vec![Wanted::alone(ue.clone(), &WATCHER_INFORMATION)],
    }
}

/// A UE publishes its state.
const PUBLICATION: Procedure = Procedure {
    procedure: "TS 24.141 5.3.1.3",
    title: "Publication of presence",
    parties: &[Party::Ue, Party::Pcscf, Party::Scscf, SERVER],
    steps: &[
        request(
            ("1", "PUBLISH, Event: presence, with a document", "RFC 3903 4"),
            GM_UP,
            PUBLISH,
            "publish",
            &[PRESENCE, Body("<presence")],
        ),
        request(
            ("2", "PUBLISH with P-Asserted-Identity", "TS 24.229 5.2.6.3"),
            P_TO_S,
            PUBLISH,
            "publish",
            &[PRESENCE, Header("P-Asserted-Identity")],
        ),
        request(
            ("3", "PUBLISH by filter criteria", "TS 24.229 5.4.3.2"),
            S_TO_SERVER,
            PUBLISH,
            "publish",
            &[PRESENCE, Header("P-Asserted-Identity")],
        ),
        response(
            ("4", "200 with SIP-ETag", "RFC 3903 6"),
            SERVER_TO_S,
            PUBLISH,
            "publish",
            200,
            &[Header("SIP-ETag"), Header("Expires")],
        ),
        response(
            ("5", "200 with SIP-ETag", "TS 24.229 5.4.3.2"),
            S_TO_P,
            PUBLISH,
            "publish",
            200,
            &[Header("SIP-ETag")],
        ),
        response(
            ("6", "200 with SIP-ETag", "TS 24.229 5.2.6.3"),
            GM_DOWN,
            PUBLISH,
            "publish",
            200,
            &[Header("SIP-ETag")],
        ),
    ],
};

/// A UE watches another one.
const WATCHING: Procedure = Procedure {
    procedure: "TS 24.141 5.3.2",
    title: "Subscription to the presence of another user",
    parties: &[Party::Ue, Party::Pcscf, Party::Icscf, Party::Hss, Party::Scscf, SERVER],
    steps: &[
        request(("1", "SUBSCRIBE, Event: presence", "RFC 3856 6"), GM_UP, SUBSCRIBE, "watch", &[PRESENCE]),
        request(
            ("2", "SUBSCRIBE with P-Asserted-Identity", "TS 24.229 5.2.6.3"),
            P_TO_S,
            SUBSCRIBE,
            "watch",
            &[PRESENCE, Header("P-Asserted-Identity")],
        ),
        request(
            ("3", "SUBSCRIBE to the terminating side", "TS 24.229 5.4.3.2"),
            S_TO_I,
            SUBSCRIBE,
            "watch",
            &[PRESENCE],
        ),
        location(("4", "Location-Info-Request", "TS 29.228 6.1.4")),
        answer(("5", "Location-Info-Answer", "TS 29.228 6.1.4"), HSS_TO_I, "LIA"),
        request(
            ("6", "SUBSCRIBE to the S-CSCF of the other user", "TS 24.229 5.3.2.1"),
            I_TO_S,
            SUBSCRIBE,
            "watch",
            &[PRESENCE],
        ),
        request(
            ("7", "SUBSCRIBE by filter criteria", "TS 24.229 5.4.3.3"),
            S_TO_SERVER,
            SUBSCRIBE,
            "watch",
            &[PRESENCE],
        ),
        success(("8", "200", "RFC 6665 4.2.1"), SERVER_TO_S, SUBSCRIBE, "watch"),
        success(("9", "200", "TS 24.229 5.4.3.3"), S_TO_I, SUBSCRIBE, "watch"),
        success(("10", "200", "TS 24.229 5.3.2.1"), I_TO_S, SUBSCRIBE, "watch"),
        success(("11", "200", "TS 24.229 5.4.3.2"), S_TO_P, SUBSCRIBE, "watch"),
        success(("12", "200", "TS 24.229 5.2.6.3"), GM_DOWN, SUBSCRIBE, "watch"),
        request(
            ("13", "NOTIFY with the presence document", "RFC 3856 6.7"),
            SERVER_TO_S,
            NOTIFY,
            "watch",
            &[Words("Subscription-State", "active"), Body("<presence")],
        )
        .after("7"),
        request(
            ("14", "NOTIFY with the presence document", "TS 24.229 5.4.3.3"),
            S_TO_P,
            NOTIFY,
            "watch",
            &[Body("<presence")],
        ),
        request(
            ("15", "NOTIFY with the presence document", "TS 24.229 5.2.6.4"),
            GM_DOWN,
            NOTIFY,
            "watch",
            &[Body("<presence")],
        ),
        response(("16", "200", "RFC 6665 4.1.3"), GM_UP, NOTIFY, "watch", 200, &[]),
        response(("17", "200", "TS 24.229 5.2.6.4"), P_TO_S, NOTIFY, "watch", 200, &[]),
        response(("18", "200", "TS 24.229 5.4.3.3"), S_TO_SERVER, NOTIFY, "watch", 200, &[]),
    ],
};

/// A UE watches who watches it.
const WATCHER_INFORMATION: Procedure = Procedure {
    procedure: "TS 24.141 5.3.2.4",
    title: "Subscription to watcher information",
    parties: &[Party::Ue, Party::Pcscf, Party::Scscf, SERVER],
    steps: &[
        request(("1", "SUBSCRIBE, Event: presence.winfo", "RFC 3857 4.1"), GM_UP, SUBSCRIBE, "winfo", &[WINFO]),
        request(
            ("2", "SUBSCRIBE with P-Asserted-Identity", "TS 24.229 5.2.6.3"),
            P_TO_S,
            SUBSCRIBE,
            "winfo",
            &[WINFO, Header("P-Asserted-Identity")],
        ),
        request(("3", "SUBSCRIBE by filter criteria", "TS 24.229 5.4.3.2"), S_TO_SERVER, SUBSCRIBE, "winfo", &[WINFO]),
        success(("4", "200", "RFC 6665 4.2.1"), SERVER_TO_S, SUBSCRIBE, "winfo"),
        success(("5", "200", "TS 24.229 5.4.3.2"), S_TO_P, SUBSCRIBE, "winfo"),
        success(("6", "200", "TS 24.229 5.2.6.3"), GM_DOWN, SUBSCRIBE, "winfo"),
        request(
            ("7", "NOTIFY with all watchers", "RFC 3857 4.7.2"),
            SERVER_TO_S,
            NOTIFY,
            "winfo",
            &[Body("<watcherinfo"), Body("full")],
        )
        .after("3"),
        request(
            ("8", "NOTIFY with all watchers", "TS 24.229 5.4.3.2"),
            S_TO_P,
            NOTIFY,
            "winfo",
            &[Body("<watcherinfo")],
        ),
        request(
            ("9", "NOTIFY with all watchers", "TS 24.229 5.2.6.4"),
            GM_DOWN,
            NOTIFY,
            "winfo",
            &[Body("<watcherinfo")],
        ),
        response(("10", "200", "RFC 6665 4.1.3"), GM_UP, NOTIFY, "winfo", 200, &[]),
        response(("11", "200", "TS 24.229 5.2.6.4"), P_TO_S, NOTIFY, "winfo", 200, &[]),
        response(("12", "200", "TS 24.229 5.4.3.2"), S_TO_SERVER, NOTIFY, "winfo", 200, &[]),
    ],
};
