//! Identity of mission critical users (TS 33.180 annex B): they log in, and show what they were given.

use std::collections::BTreeSet;

use protocol::Joint;

use super::super::HttpIs::{Request, Response};
use super::super::rows::*;
use super::{Known, Ues, Wanted};
use crate::ladder::{Party, Procedure};
use crate::scenario::{GROUP_MANAGEMENT, IDENTITY_SERVER, IdentityStep, XDM_SERVER};

const UP: Way = (Party::Ue, Party::Server(IDENTITY_SERVER), Joint::Csc1);
const DOWN: Way = (Party::Server(IDENTITY_SERVER), Party::Ue, Joint::Csc1);
const TO_XDM: Way = (Party::Ue, Party::Server(XDM_SERVER), Joint::Ut);
const FROM_XDM: Way = (Party::Server(XDM_SERVER), Party::Ue, Joint::Ut);
const GROUPS: &str = "/org.openmobilealliance.groups/users/";

/// All of them.
pub(super) const PROCEDURES: &[&Procedure] = &[&LOGIN, &GROUP_PUT, &GROUP_REFUSED];

/// UEs whose tokens let them manage groups.
pub(super) type Managers = BTreeSet<String>;

/// Ladders that a step asks for.
pub(super) fn asked<'a>(known: &mut Known, step: &'a IdentityStep, ues: &Ues<'_, 'a>) -> Vec<Wanted<'a>> {
    match step {
        IdentityStep::McLogin { ue, scopes } => {
            known.managers.retain(|name| !ue.selects(name));
            if scopes.iter().any(|scope| scope == GROUP_MANAGEMENT) {
                let names = ues.scenario.ues.iter().map(|own| &own.name).filter(|name| ue.selects(name));
                known.managers.extend(names.cloned());
            }
            vec![Wanted::alone(ue.clone(), &LOGIN)]
        }
        IdentityStep::McGroupPut { ue, .. } => {
            vec![Wanted::one(ue, if known.managers.contains(ue) { &GROUP_PUT } else { &GROUP_REFUSED })]
        }
    }
}

/// A user logs in: an authorization code with PKCE becomes tokens.
const LOGIN: Procedure = Procedure {
    procedure: "TS 33.180 B.4.2",
    title: "Login of an MC user",
    parties: &[Party::Ue, Party::Server(IDENTITY_SERVER)],
    steps: &[
        http(
            ("1", "Authentication request with code_challenge", "TS 33.180 B.4.2.2"),
            UP,
            Request("GET"),
            "asked",
            "code_challenge=",
            &[],
            "",
        ),
        http(("2", "200 with a login form", "TS 24.482 6.3.1"), DOWN, Response(200), "asked", "", &[], "<form"),
        http(
            ("3", "Name and password", "TS 24.482 6.2.1"),
            UP,
            Request("POST"),
            "login",
            "/authorize",
            &[],
            "username=",
        ),
        http(
            ("4", "Authentication response with a code", "TS 33.180 B.4.2.3"),
            DOWN,
            Response(303),
            "login",
            "",
            &["Location: code="],
            "",
        ),
        http(
            ("5", "Access token request with code_verifier", "TS 33.180 B.4.2.4"),
            UP,
            Request("POST"),
            "token",
            "/token",
            &[],
            "code_verifier=",
        ),
        http(
            ("6", "Access token response", "TS 33.180 B.4.2.5"),
            DOWN,
            Response(200),
            "token",
            "",
            &["Cache-Control: no-store"],
            "\"access_token\"",
        ),
        http(("7", "Keys of the ID token", "TS 33.180 B.11.1"), UP, Request("GET"), "keys", "/jwks", &[], ""),
        http(("8", "200 with the keys", "RFC 7517 5"), DOWN, Response(200), "keys", "", &[], "\"keys\""),
    ],
};

/// A token opens the groups of its user.
const GROUP_PUT: Procedure = Procedure {
    procedure: "TS 33.180 B.10",
    title: "Group document put with an access token",
    parties: &[Party::Ue, Party::Server(XDM_SERVER)],
    steps: &[
        http(
            ("1", "PUT with the access token", "RFC 6750 2.1"),
            TO_XDM,
            Request("PUT"),
            "put",
            GROUPS,
            &["Authorization: Bearer"],
            "<group",
        ),
        http(("2", "201 with an entity tag", "TS 24.481 6.3.2.3"), FROM_XDM, Response(201), "put", "", &["ETag"], ""),
    ],
};

/// A token for something else does not.
const GROUP_REFUSED: Procedure = Procedure {
    procedure: "TS 33.180 B.10, refused",
    title: "Group document refused for want of a scope",
    parties: &[Party::Ue, Party::Server(XDM_SERVER)],
    steps: &[
        http(
            ("1", "PUT with an access token for something else", "RFC 6750 2.1"),
            TO_XDM,
            Request("PUT"),
            "put",
            GROUPS,
            &["Authorization: Bearer"],
            "<group",
        ),
        http(
            ("2", "403, insufficient_scope", "RFC 6750 3.1"),
            FROM_XDM,
            Response(403),
            "put",
            "",
            &["WWW-Authenticate: insufficient_scope"],
            "",
        ),
    ],
};
