//! What stands behind each box of a run, and what the bench cannot see of it.

use crate::event::BoxBackend;
use crate::modems::ModemKind;
use crate::rig::{BrokerKind, Channels, FileRole, RadioFrontEnd, Rig};
use crate::scenario::{ChannelModel, Scenario, Ue};

/// The boxes of a run, core network first, then UE by UE.
pub(crate) fn backends(rig: &Rig, scenario: &Scenario) -> Vec<BoxBackend> {
    let kind = ModemKind::of(rig, scenario);
    let mut boxes = vec![
        common("core network", "castbench: BM-SC, MBMS-GW, MCE, eNB agent in this process".into(), None),
        common("eNB", format!("castbench, IQ to {}", front_end(rig)), None),
    ];
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
        boxes.push(of("receiver", "castbench".into(), None));
        boxes.push(match kind {
            ModemKind::None => of("modem", "none: the MBMS client has its datagrams from the receiver".into(), None),
            ModemKind::InMemory => of("modem", "simulated, AT in memory".into(), None),
            ModemKind::OnPty => of("modem", "simulated, AT on a pseudo terminal".into(), None),
        });
        boxes.push(of("MBMS client", "castbench".into(), None));
    }
    if kind != ModemKind::None {
        let unseen = "between modem and service centre: neither radio nor signalling of the unicast cell is simulated";
        let backend = "simulated: registration in the cell that the receiver has found, service centre for messages";
        boxes.push(common("unicast network", backend.into(), Some(unseen)));
    }
    boxes
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
    let model = match ue.channel.model {
        ChannelModel::Awgn => "white noise",
        ChannelModel::Fading(_) => "fading",
    };
    format!("simulated: {model}, SNR {} dB", ue.channel.snr_db)
}
