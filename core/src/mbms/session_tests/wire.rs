//! What tshark says to every message.

use super::dlt::dissect;
use super::*;

#[test]
fn tshark_finds_nothing_wrong() {
    let mut net = Net::new();
    let port = net.start(&start(1, &[1, 2], 60_000, 9));
    net.run_ms(3000);
    net.start(&start(2, &[1], 60_000, 5));
    net.send(port, ms(12_800), b"data");
    net.result(&Rar { qos: Some(qos(1, 20_000, 9)), ..rar("session1", StartStop::Update) });
    net.result(&start(3, &[1], 90_000, 9));
    net.mce.lock().unwrap().reset_m3(net.now);
    net.poke("mce");
    net.run_ms(3000);
    net.result(&stop(1));
    net.result(&stop(2));
    net.run_ms(6000);
    for (joint, dissector) in [(Joint::M3, "m3ap"), (Joint::M2, "m2ap"), (Joint::SgMb, "diameter"), (Joint::M1, "gtp")]
    {
        let of_joint = net.log.iter().filter(|message| message.joint == joint);
        let packets: Vec<&[u8]> = of_joint.map(|message| &message.bytes[..]).collect();
        assert!(packets.len() >= 4, "{joint:?}");
        let arguments = ["-T", "fields", "-e", "_ws.col.Protocol", "-e", "_ws.malformed", "-e", "_ws.expert.severity"];
        let Some(said) = dissect(dissector, &packets, &arguments) else { return };
        assert_eq!(said.lines().count(), packets.len());
        for (line, packet) in said.lines().zip(&packets) {
            let fields: Vec<&str> = line.split('\t').collect();
            assert!(fields[0].to_lowercase().contains(dissector), "{joint:?} {line:?} {packet:02x?}");
            assert!(fields[1].is_empty(), "{joint:?} {line:?} {packet:02x?}");
            // Warnings (0x600000) and errors (0x800000) have no place here.
            let severities = fields[2].split(',').filter(|s| !s.is_empty());
            assert!(severities.filter_map(|s| s.parse::<u32>().ok()).all(|s| s < 0x60_0000), "{joint:?} {line:?}");
        }
    }
}
