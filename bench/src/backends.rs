//! What stands behind each box of a run, and what the bench cannot see of it.

use crate::event::BoxBackend;
use crate::modems::{ModemKind, lab_modem};
use crate::rig::{BrokerKind, Channels, FileRole, LabModem, RadioFrontEnd, Rig};
use crate::scenario::{
    APPLICATION_SERVER, ChannelModel, DIAMETER_RELAY, HSS, ICSCF, MIGRATION_SERVER, MMS_BOXES, MSC, Mc, PCSCF, SCSCF,
    SGSN, SIP_PROXY, SMS_BOXES, Scenario, SystemView, Ue, VISITED_PCSCF, name_in,
};

/// The boxes of a run, core network first, then UE by UE.
pub(crate) fn backends(rig: &Rig, scenario: &Scenario) -> Vec<BoxBackend> {
    let mut boxes = ims(scenario);
    if scenario.cell.is_some() {
        boxes.extend(of_carrier(rig, scenario));
    }
    boxes
}

/// The networks of all systems, and UE agents.
fn ims(scenario: &Scenario) -> Vec<BoxBackend> {
    let Some(ims) = &scenario.ims else { return Vec::new() };
    let mut boxes: Vec<BoxBackend> = scenario.systems().iter().flat_map(network).collect();
    let ues = scenario.ues.iter().filter(|ue| ue.ims.is_some()).count();
    let with = if ims.is_plain() { "" } else { " with their USIMs" };
    let guests = scenario.ues.iter().filter(|ue| ue.migrates.is_some()).count();
    let more =
        if guests > 0 { format!(", and {guests} of users in the systems that they migrate to") } else { String::new() };
    let backend = format!("castbench: {ues} SIP user agents{with} in this process{more}");
    let unseen = "between UE and network: a way without radio that takes its time and loses nothing unless told to";
    boxes.push(common("UE agents", backend, Some(unseen)));
    boxes
}

/// The network of a system.
fn network(view: &SystemView<'_>) -> Vec<BoxBackend> {
    let scenario = &view.scenario;
    let Some(ims) = &scenario.ims else { return Vec::new() };
    let ours = |name: &str, unseen| common(&name_in(view.name, name), "castbench, in this process".into(), unseen);
    let mut names = if ims.is_plain() { vec![SIP_PROXY] } else { vec![PCSCF, ICSCF, SCSCF, HSS] };
    names.extend(ims.visited.iter().map(|_| VISITED_PCSCF));
    names.extend(ims.has_application_server().then_some(APPLICATION_SERVER));
    if !scenario.systems.is_empty() {
        names.extend([MIGRATION_SERVER, DIAMETER_RELAY]);
    }
    names.extend(ims.services.iter().flat_map(|service| service.boxes()).map(|own| own.name));
    let mut boxes: Vec<_> = names.iter().map(|name| ours(name, None)).collect();
    boxes.extend(scenario.mc.iter().flat_map(Mc::boxes).map(|(own, _)| ours(own.name, Some(UNPROTECTED))));
    if scenario.sms.is_some() {
        boxes.extend(SMS_BOXES.iter().map(|own| match own.name {
            MSC | SGSN => common(own.name, "simulated, with phones of its own".into(), Some(NO_CELLS)),
            name => ours(name, None),
        }));
    }
    if scenario.mms.is_some() {
        boxes.extend(MMS_BOXES.iter().map(|own| ours(own.name, None)));
    }
    boxes
}

/// What reports say of an MSC and an SGSN.
const NO_CELLS: &str = "their cells and signalling to phones: what becomes of a message there is the scenario's word";

/// What reports say of MC servers.
const UNPROTECTED: &str =
    "media security is not built (MSCCK, KMS of TS 33.180): speech and floor control go in the clear";

/// What reports say of MBMS nodes of a further system.
const SHARED: &str = "a carrier of its own: the networks of all systems share one";

/// Those of an MBMS carrier.
fn of_carrier(rig: &Rig, scenario: &Scenario) -> Vec<BoxBackend> {
    let kind = ModemKind::of(rig, scenario);
    let mut boxes = vec![common(
        "core network",
        "castbench: content provider, BM-SC, MBMS-GW, MCE and the eNB's end of M2 and M1 in this process".into(),
        None,
    )];
    let further = scenario.systems.iter().filter(|own| !own.areas.is_empty());
    boxes.extend(further.map(|own| {
        let backend = "castbench: BM-SC, MBMS-GW, MCE and the eNB's end of M2 and M1 in this process";
        common(&name_in(Some(&own.name), "core network"), backend.into(), Some(SHARED))
    }));
    boxes.push(common("eNB", format!("castbench, IQ to {}", front_end(rig)), None));
    for ue in &scenario.ues {
        let of = |name: &str, backend: String, unseen: Option<&str>| BoxBackend {
            ue: Some(ue.name.clone()),
            ..common(name, backend, unseen)
        };
        boxes.push(match rig.channels {
            Channels::Simulated => of("channel", channel(ue), None),
            Channels::Real => of(
                "channel",
                format!("real, behind {}", front_end(rig)),
                Some("what it does to the signal is known from the receiver alone"),
            ),
        });
        if kind == ModemKind::Real {
            let modem = lab_modem(rig, scenario, &ue.name);
            boxes.extend(real(modem).map(|(name, backend, unseen)| of(name, backend, unseen)));
            continue;
        }
        boxes.push(of("receiver", "castbench".into(), None));
        boxes.push(match kind {
            ModemKind::None | ModemKind::Real => {
                of("modem", "none: the MBMS client has its datagrams from the receiver".into(), None)
            }
            ModemKind::InMemory => of("modem", "simulated, AT in memory".into(), None),
            ModemKind::OnPty => of("modem", "simulated, AT on a pseudo terminal".into(), None),
        });
        boxes.push(of("MBMS client", "castbench".into(), None));
    }
    if matches!(kind, ModemKind::InMemory | ModemKind::OnPty) {
        let unseen = "between modem and service centre: neither radio nor signalling of the unicast cell is simulated";
        let backend = "simulated: registration in the cell that the receiver has found, service centre for messages";
        boxes.push(common("unicast network", backend.into(), Some(unseen)));
    }
    boxes
}

/// How the backend of a modem of a lab begins; who it is comes to be known in the run.
pub(crate) const REAL_MODEM: &str = "real modem at ";

/// The boxes of a UE that is a modem of the lab.
fn real(modem: Option<&LabModem>) -> [(&'static str, String, Option<&'static str>); 4] {
    let at = modem.map_or_else(|| "no port: the rig has too few".to_owned(), LabModem::at);
    let client = modem.and_then(|modem| modem.data_interface.as_ref()).map_or_else(
        || "castbench, without datagrams: the rig names no data_interface of this modem".to_owned(),
        |interface| format!("castbench, with the datagrams of the modem's interface {interface}"),
    );
    let network = modem.and_then(|modem| modem.network.clone());
    let network = network.map_or_else(
        || "real; the rig does not say which (`network` of [[modem]])".to_owned(),
        |words| format!("real: {words}"),
    );
    [
        (
            "receiver",
            "castbench, beside the modem: it measures the carrier, its datagrams are not the modem's".into(),
            Some("the modem's own radio: where its antenna is, what it receives and how well"),
        ),
        ("modem", format!("{REAL_MODEM}{at}"), Some("all but its AT port and its data interface")),
        ("MBMS client", client, None),
        ("unicast network", network, Some("its cells, signalling and service centre: what the modem says is all")),
    ]
}

fn common(name: &str, backend: String, unseen: Option<&str>) -> BoxBackend {
    BoxBackend { name: name.to_owned(), ue: None, backend, unseen: unseen.map(str::to_owned) }
}

/// What carries the IQ.
fn front_end(rig: &Rig) -> String {
    match rig.radio {
        RadioFrontEnd::Memory => "memory".into(),
        RadioFrontEnd::File => match rig.file.as_ref().map(|file| file.source) {
            Some(FileRole::Recording) => "a recording that is heard instead".into(),
            _ => "a recording".into(),
        },
        RadioFrontEnd::Zmq => match rig.zmq.as_ref().map(|zmq| zmq.broker) {
            Some(BrokerKind::External) => "ZeroMQ, a broker of somebody else".into(),
            _ => "ZeroMQ, castbench's broker".into(),
        },
        RadioFrontEnd::SoapySdr => rig.soapysdr.as_ref().map_or_else(|| "SoapySDR".into(), ToString::to_string),
    }
}

fn channel(ue: &Ue) -> String {
    let model = match ue.channel().model {
        ChannelModel::Awgn => "white noise",
        ChannelModel::Fading(_) => "fading",
    };
    format!("simulated: {model}, SNR {} dB", ue.channel().snr_db)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Overrides;

    #[test]
    fn boxes_of_all_systems_are_named() {
        let file = fixtures::scenario("mc/migration.toml");
        let scenario = Scenario::load(&file, &Overrides::default()).unwrap().scenario;
        let boxes = backends(&Rig::find("sim".as_ref()).unwrap(), &scenario);
        let names: Vec<&str> = boxes.iter().map(|own| own.name.as_str()).collect();
        for name in [PCSCF, HSS, MIGRATION_SERVER, DIAMETER_RELAY, "identity server", "MC server 1", "core network"] {
            for name in [name.to_owned(), format!("partner.{name}")] {
                assert_eq!(names.iter().filter(|own| **own == name).count(), 1, "{name} in {names:?}");
            }
        }
        assert!(!names.contains(&"partner.XDM server") && names.contains(&"XDM server"));
    }
}
