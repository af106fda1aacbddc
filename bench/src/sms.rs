//! Text messages for modems: one SMS-SUBMIT or SMS-DELIVER each, behind the address of a service centre (TS 27.005).

use std::time::Duration;

use protocol::sms::{Address, Deliver, Submit, UserData, ValidityPeriod, to_pdu, tpdu_of};

/// How long the service centre keeps a message.
const VALIDITY: Duration = Duration::from_secs(24 * 3600);

/// A message that came: who sent it, and its text as far as that can be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Delivered {
    /// Digits of the originating address.
    pub(crate) from: String,
    pub(crate) text: String,
}

/// Does the text fit into one message?
pub(crate) fn fits(text: &str) -> bool {
    UserData::of_text(text).is_some()
}

/// SMS-SUBMIT to an international number, behind a service centre address that says: the SIM's own. `None` for a text
/// that is too long, or a number that is none.
pub(crate) fn submit(to: &str, text: &str) -> Option<Vec<u8>> {
    let is_number = !to.is_empty() && to.bytes().all(|b| b.is_ascii_digit());
    let destination = Address::international(to).filter(|_| is_number)?;
    let (coding, data) = UserData::of_text(text)?;
    // TP-MR is the modem's to choose (TS 27.005 clause 3.1).
    let mut submit = Submit::new(0, destination, coding, data);
    submit.validity_period = Some(ValidityPeriod::relative(VALIDITY));
    Some(to_pdu(None, &submit.emit()))
}

/// The TPDU behind a service centre address.
pub(crate) fn tpdu(pdu: &[u8]) -> &[u8] {
    tpdu_of(pdu).unwrap_or_default()
}

/// Reads an SMS-DELIVER behind a service centre address; `None`: it is none, or no text for people alone: what has a header
/// is a part of a message, or for an application at a port, or has pictures in it.
pub(crate) fn delivered(pdu: &[u8]) -> Option<Delivered> {
    let deliver = Deliver::parse(tpdu(pdu)).ok()?;
    let text = deliver.user_data.text(deliver.coding).filter(|_| deliver.user_data.header().is_none())?;
    Some(Delivered { from: deliver.originator.digits(), text })
}

#[cfg(test)]
mod tests {
    use hil::sim::{SimNetwork, SimNetworkConfig, SimNetworkInput, SimNetworkOutput};
    use proptest::prelude::*;
    use protocol::Instant;
    use protocol::sms::{
        Concatenation, ConcatenationReference, DataCodingScheme, Ports, Timestamp, UserDataHeader, alphabet,
    };

    use super::*;

    fn octets(hex: &str) -> Vec<u8> {
        hex::decode(hex).unwrap()
    }

    /// What ofono sends for the same text to the same number, but for the service centre address and TP-VP.
    #[test]
    fn a_submit_as_others_make_it() {
        let own = submit("358401234567", "hello").unwrap();
        assert_eq!(own, octets("0011000C915348103254760000A705E8329BFD06"));
    }

    #[test]
    fn a_deliver_that_gammu_made() {
        let pdu = octets("0791534810325476040C9153481032547600006211211212000005E8329BFD06");
        let read = delivered(&pdu).unwrap();
        assert_eq!((&*read.from, &*read.text), ("358401234567", "hello"));
        assert_eq!(tpdu(&pdu)[0], 0x04);
    }

    #[test]
    fn what_has_a_header_is_no_text_for_people() {
        let part = Concatenation { reference: ConcatenationReference::Short(7), total: 2, sequence: 1 };
        let ports = Ports { destination: 5505, originator: 5506 };
        let header = UserDataHeader::default;
        let read = |header: Option<UserDataHeader>| {
            let coding = DataCodingScheme::GSM7;
            let data = UserData::of_septets(header.as_ref(), &alphabet::to_septets("hello").unwrap()).unwrap();
            let from = Address::international("358401234567").unwrap();
            let deliver = Deliver::new(from, Timestamp::from_utc_ms(0, 0), coding, data);
            delivered(&to_pdu(None, &deliver.emit())).map(|read| read.text)
        };
        assert_eq!(read(None).as_deref(), Some("hello"));
        for header in [header().with_concatenation(part), header().with_ports(ports)] {
            assert_eq!(read(Some(header.clone())), None, "{header:?}");
        }
    }

    #[test]
    fn one_message_holds_160_septets_or_70_characters() {
        assert!(fits(&"a".repeat(160)) && !fits(&"a".repeat(161)));
        assert!(fits(&"€".repeat(80)) && !fits(&"€".repeat(81)));
        assert!(fits(&"ж".repeat(70)) && !fits(&"ж".repeat(71)));
        assert_eq!(submit("12a", "x"), None);
    }

    /// What a network makes of it for the UE with the number 99900000001.
    fn handed_on(pdu: &[u8]) -> Vec<u8> {
        let mut network = SimNetwork::new(SimNetworkConfig::default());
        let (to, from) = (network.add_ue("99900000001"), network.add_ue("99900000002"));
        network.handle_input(Instant::ZERO, SimNetworkInput::Attached(to, true));
        network.handle_input(Instant::ZERO, SimNetworkInput::Submit { ue: from, token: 1, pdu });
        loop {
            while let Some(output) = network.poll_output() {
                if let SimNetworkOutput::Deliver { ue, pdu } = output {
                    assert_eq!(ue, to);
                    return pdu;
                }
            }
            let due = network.poll_timeout().expect("it is delivered");
            network.handle_timeout(due);
        }
    }

    proptest! {
        #[test]
        fn texts_come_back(text in "[ -~éñ€Ωж\n]{1,70}") {
            prop_assume!(fits(&text));
            let pdu = handed_on(&submit("99900000001", &text).unwrap());
            prop_assert_eq!(delivered(&pdu).unwrap(), Delivered { from: "99900000002".into(), text });
        }

        #[test]
        fn any_octets_are_read_or_not(pdu in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = delivered(&pdu);
        }
    }
}
