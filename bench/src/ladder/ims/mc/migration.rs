//! Migration of an MC service user to a partner MC system (TS 23.280 clause 10.1.6.2): the user profile, the registration in the
//! partner's SIP core, and the authentication information that both migration management servers fetch from the primary's SIP
//! database, hop by hop (TS 29.228 clause 6.3, RFC 6733 clause 2.8.1). Who he is in the partner system plays the other UE.

use protocol::Joint;

use super::super::Has::{Expires, Header, NoResponse, Response, Words};
use super::super::HttpIs;
use super::super::rows::*;
use super::super::{ActorSystem, Has, ImsActor, Of};
use crate::ladder::{Party, Procedure, ProcedureStep};
use crate::scenario::{
    Binding, DIAMETER_RELAY, ICSCF, IDENTITY_SERVER, MIGRATION_SERVER, McStep, PCSCF, PRIMARY, SCSCF, Scenario, Ue,
    UeMigrates, XDM_SERVER, name_in,
};

/// What a row is called: number, what is expected, clause.
type Text = (&'static str, &'static str, &'static str);

const REGISTER: &str = "REGISTER";
const PUBLISH: &str = "PUBLISH";

const CMS: Party = Party::Server(XDM_SERVER);
const IDMS: Party = Party::There(IDENTITY_SERVER);
const ICSCF_THERE: Party = Party::There(ICSCF);
const SCSCF_THERE: Party = Party::There(SCSCF);
const MIGRATION_THERE: Party = Party::There(MIGRATION_SERVER);
const RELAY_THERE: Party = Party::There(DIAMETER_RELAY);
const RELAY: Party = Party::Server(DIAMETER_RELAY);
const MIGRATION_HOME: Party = Party::Server(MIGRATION_SERVER);

const UP: Way = (Party::Ue, Party::PeerPcscf, Joint::Gm);
const DOWN: Way = (Party::PeerPcscf, Party::Ue, Joint::Gm);
const IN: Way = (Party::PeerPcscf, ICSCF_THERE, Joint::Mw);
const OUT: Way = (ICSCF_THERE, Party::PeerPcscf, Joint::Mw);
const TO_S: Way = (ICSCF_THERE, SCSCF_THERE, Joint::Mw);
const FROM_S: Way = (SCSCF_THERE, ICSCF_THERE, Joint::Mw);
const I_ASKS: Way = (ICSCF_THERE, MIGRATION_THERE, Joint::Cx);
const I_IS_TOLD: Way = (MIGRATION_THERE, ICSCF_THERE, Joint::Cx);
const S_ASKS: Way = (SCSCF_THERE, MIGRATION_THERE, Joint::Cx);
const S_IS_TOLD: Way = (MIGRATION_THERE, SCSCF_THERE, Joint::Cx);

/// Diameter sessions of the way out to the primary system, and of the way to its SIP database.
const ACROSS: &str = "between the systems";
const AT_HOME: &str = "at home";

/// A request that names the user as the partner system knows him.
const fn of_visitor(words: Text, way: Way, command: &'static str) -> ProcedureStep {
    diameter_of(words, way, command, Of::PeerIdentity, "")
}

/// MAR with the identities that the primary system knows.
const fn of_user(words: Text, way: Way, session: &'static str) -> ProcedureStep {
    diameter_of(words, way, "MAR", Of::Identity, session)
}

const fn vectors(words: Text, way: Way, session: &'static str) -> ProcedureStep {
    diameter_of(words, way, "MAA", Of::Request, session)
}

const FIRST: &[Has] = &[NoResponse, Expires];
const SECOND: &[Has] = &[Response, Expires];
const CHALLENGE: &[Has] = &[Header("WWW-Authenticate")];
const GRANTED: &[Has] = &[Header("Service-Route"), Header("P-Associated-URI")];
const CLAUSE: &str = "TS 23.280 10.1.6.2";

/// What the ladder is called.
pub(crate) const PROCEDURE: &str = CLAUSE;

/// The procedure. Its steps 4 and 9, the mappings of the partner migration management server, are seen in what it says next.
pub(in crate::ladder::ims) const MIGRATION: Procedure = Procedure {
    procedure: PROCEDURE,
    title: "Migration of an MC service user to a partner MC system",
    parties: &[
        CMS,
        Party::Ue,
        IDMS,
        Party::PeerPcscf,
        ICSCF_THERE,
        SCSCF_THERE,
        MIGRATION_THERE,
        RELAY_THERE,
        RELAY,
        MIGRATION_HOME,
        Party::Hss,
    ],
    steps: &[
        http(
            ("P1", "GET of the user profile with an access token", "TS 24.484 8.3"),
            (Party::Ue, CMS, Joint::Ut),
            HttpIs::Request("GET"),
            "profile",
            "/org.3gpp.mcptt.user-profile/",
            &["Authorization: Bearer"],
            "",
        ),
        http(
            ("P2", "200 with connectivity information and partner identities", "TS 23.280 10.1.6.1"),
            (CMS, Party::Ue, Joint::Ut),
            HttpIs::Response(200),
            "profile",
            "",
            &[],
            "partner-system",
        ),
        http(
            ("1", "MC service user authentication: access token request", CLAUSE),
            (Party::Ue, IDMS, Joint::Csc1),
            HttpIs::Request("POST"),
            "token",
            "/token",
            &[],
            "code_verifier=",
        ),
        http(
            ("1a", "MC service user authentication: access token", CLAUSE),
            (IDMS, Party::Ue, Joint::Csc1),
            HttpIs::Response(200),
            "token",
            "",
            &[],
            "\"access_token\"",
        ),
        request(("2", "REGISTER with the partner identities", CLAUSE), UP, REGISTER, "reg", FIRST),
        request(("2a", "REGISTER with Path", "TS 24.229 5.2.2.1"), IN, REGISTER, "reg", FIRST),
        of_visitor(("2b", "User-Authorization-Request", "TS 29.228 6.1.1"), I_ASKS, "UAR"),
        answer(("2c", "User-Authorization-Answer", "TS 29.228 6.1.1"), I_IS_TOLD, "UAA"),
        request(("2d", "REGISTER to the S-CSCF", "TS 24.229 5.3.1.2"), TO_S, REGISTER, "reg", FIRST),
        of_visitor(("3", "MAR with the partner identities", CLAUSE), S_ASKS, "MAR"),
        of_user(
            ("4, 5", "MAR with the primary identities that they are mapped to", CLAUSE),
            (MIGRATION_THERE, RELAY_THERE, Joint::Migration),
            ACROSS,
        ),
        of_user(("5a", "MAR between the SIP cores", CLAUSE), (RELAY_THERE, RELAY, Joint::Migration), ACROSS),
        of_user(
            ("5b", "MAR to the primary migration management server", CLAUSE),
            (RELAY, MIGRATION_HOME, Joint::Migration),
            ACROSS,
        ),
        of_user(("6", "MAR with its own name", CLAUSE), (MIGRATION_HOME, RELAY, Joint::Migration), AT_HOME),
        of_user(("6a", "MAR to the SIP database", CLAUSE), (RELAY, Party::Hss, Joint::Cx), AT_HOME),
        vectors(("7", "MAA with a vector", CLAUSE), (Party::Hss, RELAY, Joint::Cx), AT_HOME),
        vectors(("7a", "MAA with a vector", CLAUSE), (RELAY, MIGRATION_HOME, Joint::Migration), AT_HOME),
        vectors(("8", "MAA to the partner system", CLAUSE), (MIGRATION_HOME, RELAY, Joint::Migration), ACROSS),
        vectors(("8a", "MAA between the SIP cores", CLAUSE), (RELAY, RELAY_THERE, Joint::Migration), ACROSS),
        vectors(
            ("8b", "MAA to the partner migration management server", CLAUSE),
            (RELAY_THERE, MIGRATION_THERE, Joint::Migration),
            ACROSS,
        ),
        vectors(("9, 10", "MAA with the partner identities, the vector as it was", CLAUSE), S_IS_TOLD, ""),
        response(("11", "401 with a challenge", CLAUSE), FROM_S, REGISTER, "reg", 401, CHALLENGE),
        response(("11a", "401 with a challenge", "TS 24.229 5.3.1.2"), OUT, REGISTER, "reg", 401, CHALLENGE),
        response(("11b", "401 with a challenge", "TS 24.229 5.2.2.1"), DOWN, REGISTER, "reg", 401, CHALLENGE),
        request(("12", "REGISTER with the response", CLAUSE), UP, REGISTER, "reg", SECOND).again(),
        request(("12a", "REGISTER with the response", "TS 24.229 5.2.2.1"), IN, REGISTER, "reg", SECOND).again(),
        of_visitor(("12b", "User-Authorization-Request", "TS 29.228 6.1.1"), I_ASKS, "UAR"),
        answer(("12c", "User-Authorization-Answer", "TS 29.228 6.1.1"), I_IS_TOLD, "UAA"),
        request(("12d", "REGISTER with the response", "TS 24.229 5.3.1.2"), TO_S, REGISTER, "reg", SECOND).again(),
        of_visitor(("12e", "Server-Assignment-Request", "TS 29.228 6.1.2"), S_ASKS, "SAR"),
        answer(("12f", "Server-Assignment-Answer with a profile", "TS 29.228 6.1.2"), S_IS_TOLD, "SAA"),
        response(("13", "200", CLAUSE), FROM_S, REGISTER, "reg", 200, GRANTED).again(),
        response(("13a", "200", "TS 24.229 5.3.1.2"), OUT, REGISTER, "reg", 200, GRANTED).again(),
        response(("13b", "200", "TS 24.229 5.2.2.1"), DOWN, REGISTER, "reg", 200, GRANTED).again(),
        request(
            ("14", "MC service authorisation with the access token", CLAUSE),
            UP,
            PUBLISH,
            "authorisation",
            &[Words("Event", "poc-settings")],
        ),
        response(("14a", "200", "TS 24.379 7.3.3"), DOWN, PUBLISH, "authorisation", 200, &[]),
    ],
};

/// Ladders of users who obtain their profiles and migrate: the step that obtains it, the user, who he is there.
pub(in crate::ladder::ims) fn asked(scenario: &Scenario) -> Vec<(usize, &str, ImsActor)> {
    if !scenario.mc.as_ref().is_some_and(|mc| mc.follows.iter().any(|name| name == PROCEDURE)) {
        return Vec::new();
    }
    let steps = || scenario.steps.iter().enumerate().filter_map(|(i, step)| Some((i, step.action.mc()?)));
    let mut all = Vec::new();
    for ue in &scenario.ues {
        let Some(migrates) = ue.migrates.as_ref().filter(|own| own.binding == Binding::Bound) else { continue };
        let obtains = |step: &McStep| matches!(step, McStep::Profile { ue: own } if own.selects(&ue.name));
        let Some((step, _)) = steps().find(|(_, step)| obtains(step)) else { continue };
        let goes = |step: &McStep| match step {
            McStep::Migrate { ue: own, system } => own.selects(&ue.name) && *system == migrates.to,
            McStep::Hears { ue: own, systems } => {
                let is_there = systems.contains(&migrates.to) && !systems.iter().any(|name| name == PRIMARY);
                migrates.automatic && own.selects(&ue.name) && is_there
            }
            _ => false,
        };
        if steps().any(|(i, own)| i > step && goes(own)) {
            all.extend(visitor(scenario, ue, migrates).map(|there| (step, ue.name.as_str(), there)));
        }
    }
    all
}

/// Who a user is in the partner system.
fn visitor(scenario: &Scenario, ue: &Ue, migrates: &UeMigrates) -> Option<ImsActor> {
    let (home, there) = (scenario.ims_identity(&ue.name)?, scenario.visitor_identity(ue)?);
    let (name, number) = (migrates.to.clone(), scenario.system_number(Some(&migrates.to)));
    Some(ImsActor {
        name: ue.name.clone(),
        impu: there.impu,
        impi: there.impi,
        msisdn: String::new(),
        ip: home.contact.ip(),
        pcscf: name_in(Some(&name), PCSCF),
        mms_relay: String::new(),
        system: Some(ActorSystem { name, number }),
    })
}
