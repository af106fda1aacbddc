//! Documents of users on Ut (RFC 4825, TS 24.623): put, fetched, and both under a condition.

use super::super::HttpIs::{Request, Response};
use super::super::rows::*;
use super::{Known, Wanted};
use crate::ladder::{Party, Procedure};
use crate::scenario::{EntityTag, XDM_SERVER, XdmStep};
use protocol::Joint;

const SERVER: Party = Party::Server(XDM_SERVER);
const UP: Way = (Party::Ue, SERVER, Joint::Ut);
const DOWN: Way = (SERVER, Party::Ue, Joint::Ut);
const PARTIES: &[Party] = &[Party::Ue, SERVER];
const LISTS: &str = "/resource-lists/users/";

/// All of them.
pub(super) const PROCEDURES: &[&Procedure] = &[&PUT, &GET, &GET_UNCHANGED, &PUT_STALE];

/// Ladders that a step asks for. A server that knows the UE asks no more who it is: that has no ladder of its own.
pub(super) fn asked<'a>(known: &mut Known, step: &'a XdmStep) -> Vec<Wanted<'a>> {
    match step {
        XdmStep::XcapPut { ue, if_match, .. } => match (known.challenged.insert(ue.clone()), if_match) {
            (true, None) => vec![Wanted::one(ue, &PUT)],
            (false, Some(EntityTag::Stale)) => vec![Wanted::one(ue, &PUT_STALE)],
            _ => Vec::new(),
        },
        XdmStep::XcapGet { ue, if_none_match } => match (known.challenged.insert(ue.clone()), if_none_match) {
            (true, _) => Vec::new(),
            (false, Some(EntityTag::Known)) => vec![Wanted::one(ue, &GET_UNCHANGED)],
            (false, _) => vec![Wanted::one(ue, &GET)],
        },
    }
}

/// A document is put, after the server has asked who does it.
const PUT: Procedure = Procedure {
    procedure: "RFC 4825 8.2.3",
    title: "Document put on the XDM server",
    parties: PARTIES,
    steps: &[
        http(("1", "PUT of a document", "RFC 4825 7.1"), UP, Request("PUT"), "first", LISTS, &[], ""),
        http(
            ("2", "401 with a challenge", "TS 24.623 5.2.2"),
            DOWN,
            Response(401),
            "first",
            "",
            &["WWW-Authenticate"],
            "",
        ),
        http(
            ("3", "PUT with credentials", "RFC 7616 3.4"),
            UP,
            Request("PUT"),
            "second",
            LISTS,
            &["Authorization"],
            "resource-lists",
        ),
        http(("4", "201 with an entity tag", "RFC 4825 7.11"), DOWN, Response(201), "second", "", &["ETag"], ""),
    ],
};

/// A document is fetched.
const GET: Procedure = Procedure {
    procedure: "RFC 4825 7.3",
    title: "Document fetched from the XDM server",
    parties: PARTIES,
    steps: &[
        http(("1", "GET with credentials", "RFC 4825 7.3"), UP, Request("GET"), "get", LISTS, &["Authorization"], ""),
        http(
            ("2", "200 with the document and its entity tag", "RFC 4825 8.1"),
            DOWN,
            Response(200),
            "get",
            "",
            &["ETag"],
            "resource-lists",
        ),
    ],
};

/// A document is fetched unless it is the one that is known.
const GET_UNCHANGED: Procedure = Procedure {
    procedure: "RFC 4825 7.11, unchanged",
    title: "Document that has not changed",
    parties: PARTIES,
    steps: &[
        http(
            ("1", "GET with the entity tag that is known", "RFC 4825 7.11"),
            UP,
            Request("GET"),
            "get",
            LISTS,
            &["Authorization", "If-None-Match"],
            "",
        ),
        http(("2", "304", "RFC 9110 15.4.5"), DOWN, Response(304), "get", "", &["ETag"], ""),
    ],
};

/// A document is put by somebody who does not know the one that is there.
const PUT_STALE: Procedure = Procedure {
    procedure: "RFC 4825 7.11, stale",
    title: "Document put over one that is not known",
    parties: PARTIES,
    steps: &[
        http(
            ("1", "PUT with a stale entity tag", "RFC 4825 7.11"),
            UP,
            Request("PUT"),
            "put",
            LISTS,
            &["Authorization", "If-Match"],
            "",
        ),
        http(("2", "412", "RFC 9110 15.5.13"), DOWN, Response(412), "put", "", &[], ""),
    ],
};
