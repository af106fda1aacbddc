//! Initial filter criteria as they are written in TOML (TS 29.228 annex B).

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::ims::profile::{
    ApplicationServer, Condition, DefaultHandling, InitialFilterCriteria, ProfilePart, RegistrationType,
    ServicePointTrigger, SessionCase, TriggerPoint,
};

/// A criterion.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ifc {
    priority: u32,
    server: String,
    #[serde(default)]
    default_handling: Handling,
    service_information: Option<String>,
    #[serde(default)]
    include_register_request: bool,
    #[serde(default)]
    include_register_response: bool,
    profile_part: Option<Part>,
    /// Groups are disjunctions that all have to be true; otherwise conjunctions of which one has to be.
    #[serde(default)]
    conjunctive: bool,
    #[serde(default)]
    trigger: Vec<Trigger>,
}

#[derive(Clone, Copy, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Handling {
    #[default]
    Continue,
    Terminate,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Registered,
    Unregistered,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trigger {
    #[serde(default)]
    negated: bool,
    #[serde(default = "first_group")]
    group: BTreeSet<u32>,
    method: Option<String>,
    #[serde(default)]
    registration: Vec<Register>,
    request_uri: Option<String>,
    header: Option<String>,
    session_case: Option<Case>,
    sdp_line: Option<String>,
    /// Of `header` and `sdp_line`.
    content: Option<String>,
}

fn first_group() -> BTreeSet<u32> {
    BTreeSet::from([0])
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Register {
    Initial,
    #[serde(rename = "re_registration")]
    Refresh,
    #[serde(rename = "de_registration")]
    End,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Case {
    Originating,
    TerminatingRegistered,
    TerminatingUnregistered,
    OriginatingUnregistered,
    OriginatingCdiv,
}

/// The criterion, or what is wrong with it.
pub(super) fn criteria(ifc: &Ifc) -> Result<InitialFilterCriteria, String> {
    let triggers: Result<Vec<_>, _> = ifc.trigger.iter().map(trigger).collect();
    let triggers = triggers?;
    let conjunctive = ifc.conjunctive;
    Ok(InitialFilterCriteria {
        priority: ifc.priority,
        trigger: (!triggers.is_empty()).then_some(TriggerPoint { conjunctive, triggers }),
        server: ApplicationServer {
            name: ifc.server.clone(),
            default_handling: match ifc.default_handling {
                Handling::Continue => DefaultHandling::Continued,
                Handling::Terminate => DefaultHandling::Terminated,
            },
            service_information: ifc.service_information.clone(),
            include_register_request: ifc.include_register_request,
            include_register_response: ifc.include_register_response,
        },
        profile_part: ifc.profile_part.map(|part| match part {
            Part::Registered => ProfilePart::Registered,
            Part::Unregistered => ProfilePart::Unregistered,
        }),
    })
}

fn trigger(trigger: &Trigger) -> Result<ServicePointTrigger, String> {
    let registration = trigger.registration.iter().map(|r| match r {
        Register::Initial => RegistrationType::Initial,
        Register::Refresh => RegistrationType::ReRegistration,
        Register::End => RegistrationType::DeRegistration,
    });
    let method =
        trigger.method.clone().map(|method| Condition::Method { method, registration: registration.collect() });
    let case = trigger.session_case.map(|case| {
        Condition::SessionCase(match case {
            Case::Originating => SessionCase::Originating,
            Case::TerminatingRegistered => SessionCase::TerminatingRegistered,
            Case::TerminatingUnregistered => SessionCase::TerminatingUnregistered,
            Case::OriginatingUnregistered => SessionCase::OriginatingUnregistered,
            Case::OriginatingCdiv => SessionCase::OriginatingCdiv,
        })
    });
    let content = || trigger.content.clone();
    let header = trigger.header.clone().map(|header| Condition::SipHeader { header, content: content() });
    let line = trigger.sdp_line.clone().map(|line| Condition::SessionDescription { line, content: content() });
    if trigger.content.is_some() && header.is_none() && line.is_none() {
        return Err("content belongs to header or sdp_line".to_owned());
    }
    if !trigger.registration.is_empty() && trigger.method.as_deref() != Some("REGISTER") {
        return Err("registration belongs to method = \"REGISTER\"".to_owned());
    }
    let uri = trigger.request_uri.clone().map(Condition::RequestUri);
    let mut conditions = [method, case, header, line, uri].into_iter().flatten();
    match (conditions.next(), conditions.next()) {
        (Some(condition), None) => {
            Ok(ServicePointTrigger { negated: trigger.negated, groups: trigger.group.clone(), condition })
        }
        _ => Err("a trigger has exactly one of method, session_case, header, sdp_line and request_uri".to_owned()),
    }
}
