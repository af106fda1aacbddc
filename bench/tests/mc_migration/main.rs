//! A user of one MC system is served by another one (TS 23.280 clause 10.1.6.2): both systems whole in one run, every step of the
//! ladder found again by tshark, a lost message that makes the run fail by the number of its step, who is refused, and what is on
//! no wire.

mod branches;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/ladder.rs"]
mod ladder;
#[macro_use]
#[path = "../common/lost.rs"]
mod lost;
#[path = "../common/tshark.rs"]
mod tshark;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::inside;
use hil::at::ts31102::Authenticate;
use hil::sim::{Key, SimCard, SimUsim};
use ladder::{LostMessages, run};
use protocol::Entropy;

const PROCEDURE: &str = "TS 23.280 10.1.6.2";

fn shipped() -> String {
    ladder::shipped("mc/migration.toml")
}

/// A scenario without its carrier and without bearers: who migrates hears calls by unicast.
fn by_unicast(text: &str) -> String {
    let without = |text: &str, from: &str, to: &str| {
        let (before, rest) = text.split_once(from).unwrap();
        format!("{before}{}", &rest[rest.find(to).unwrap()..])
    };
    let text = without(text, "[cell]", "[ims]");
    let text = without(&text, "bearer_cost = 1", "[[system.mc.group]]");
    let text = text.replace("[[system.mc.server]]\n", "[[system.mc.server]]\nown_bearers = \"no\"\n\n");
    let of_radio = |line: &&str| {
        let keys = ["areas = ", "channel = ", "radio = "];
        !keys.iter().any(|key| line.starts_with(key))
    };
    let text: String = text.split_inclusive('\n').filter(of_radio).collect();
    text.replace(", area = 1 }", " }").replace(", area = 2 }", " }")
}

/// The scenario up to a step, with these after it; by unicast.
fn until(step: &str, then: &str) -> String {
    let text = by_unicast(&shipped());
    let (before, _) = text.split_once(&format!("[[step]]\ndo = \"{step}\"")).unwrap();
    format!("{before}{then}{EXPECT}")
}

const EXPECT: &str =
    "\n[[expect]]\nmeasure = \"ims_registrations\"\nue = \"anna\"\nmin = 1\nunit = \"registrations\"\n";

fn reaches(state: &str) -> String {
    format!("\n[[step]]\ndo = \"run_until_ims\"\nue = \"anna\"\nstate = \"{state}\"\ntimeout_ms = 60000\n")
}

/// Of these systems alone cells are heard.
fn hears(systems: &str) -> String {
    format!("\n[[step]]\ndo = \"mc_hears\"\nue = \"anna\"\nsystems = [{systems}]\n")
}

/// To the partner system with cells of both, so that home is left in so many words.
fn goes() -> String {
    "\n[[step]]\ndo = \"mc_migrate\"\nue = \"anna\"\nsystem = \"partner\"\n".to_owned()
}

/// Facts of a kind about UEs, in the order of time.
fn facts(dir: &Path, kind: &str) -> Vec<String> {
    let (events, kind) = (fs::read_to_string(dir.join("out/run.jsonl")).unwrap(), format!("\"ims\":\"{kind}\""));
    events.lines().filter(|event| event.contains(&kind)).map(str::to_owned).collect()
}

/// Words of the facts of migration.
fn told(dir: &Path) -> Vec<String> {
    facts(dir, "migration")
}

/// Without the ladder, where the procedure does not come to its end.
fn unfollowed(text: &str) -> String {
    text.replace("follows = [\"TS 23.280 10.1.6.2\"]\n", "")
}

/// What a run of a scenario that passes tells of migration; what it has put on the wires is well formed.
fn passes(dir: &Path, text: &str) -> Vec<String> {
    run(dir, &unfollowed(text)).0.assert(0, "PASS");
    if let Some(malformed) = tshark::packets(&dir.join("out/capture.pcapng"), "_ws.malformed") {
        assert_eq!(malformed, [0u64; 0]);
    }
    told(dir)
}

fn has(told: &[String], words: &str) -> bool {
    told.iter().any(|own| own.contains(words))
}

#[test]
fn she_is_served_by_the_partner_hears_the_call_and_comes_home() {
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &shipped());
    ended.assert(0, "PASS");
    let ladder = ladder::ladders(&report, PROCEDURE).next().unwrap();
    assert_eq!(ladder["verdict"], "pass", "{ladder}");
    assert!(
        inside(&dir.path().join("out")).iter().any(|file| file.contains("anna") && file.contains("speech_of_otto"))
    );
    let told = told(dir.path());
    for words in ["served by partner system partner", "in the call of", "served by the primary system"] {
        assert!(has(&told, words), "{words}: {told:#?}");
    }
    let hops = facts(dir.path(), "identity_hop");
    for name in ["\"anna-visitor@ims.mnc002.", "\"001010000000001@ims.mnc001.", "\"MAR\"", "\"MAA\""] {
        assert!(has(&hops, name), "{name}: {hops:#?}");
    }
    assert!(fs::read_to_string(dir.path().join("out/report.html")).unwrap().contains("Identities between the systems"));
    let capture = dir.path().join("out/capture.pcapng");
    assert_no_key(&capture);
    let Some(missing) = tshark::not_found(&capture, ladder) else { return };
    assert_eq!(missing, Vec::<String>::new());
    assert_eq!(tshark::packets(&capture, "_ws.malformed").unwrap(), [0u64; 0]);
    assert_is_shared(&capture);
    assert!(has(&told, "networks of the cell: 001-01, 001-02"), "{told:#?}");
    // Speech comes from the partner's MBMS-GW.
    let speech = "ip.src == 10.62.0.32 && ip.dst == 232.0.0.0/8";
    assert!(tshark::packets(&capture, speech).unwrap().len() > 50);
    // In the partner system she has affiliated with the group of the call.
    let affiliates =
        "sip.Method == \"PUBLISH\" && ip.src == 10.45.0.1 && ip.dst == 10.62.0.1 && frame contains \"joint@\"";
    assert!(!tshark::packets(&capture, affiliates).unwrap().is_empty());
    // What the primary system calls her is on no wire of the partner's but between the systems.
    let primary = "(frame contains \"001010000000001\" || frame contains \"sip:anna@ims.mnc001\")";
    let there = "(ip.addr == 10.62.0.0/16 && !(frame.interface_name == \"Migration\"))";
    assert!(tshark::packets(&capture, there).unwrap().len() > 50, "the partner's boxes are in that network");
    assert_eq!(tshark::packets(&capture, &format!("{there} && {primary}")).unwrap(), [0u64; 0]);
    let across = format!("frame.interface_name == \"Migration\" && {primary}");
    assert!(!tshark::packets(&capture, &across).unwrap().is_empty());
    // Nor does the primary system know who she is there, but by the profile that it gives her.
    let visitor = "frame contains \"anna-visitor\" && !(ip.addr == 10.62.0.0/16) && !(frame.interface_name == \"Ut\")";
    assert_eq!(tshark::packets(&capture, visitor).unwrap(), [0u64; 0]);
    let known = "frame contains \"anna-visitor\" && ip.addr == 10.62.0.0/16";
    assert!(tshark::packets(&capture, known).unwrap().len() > 10);
}

/// Each SIB1 names the networks of both systems (TS 23.251 clause 4.2.2), each SIB15 the service areas of both.
fn assert_is_shared(capture: &Path) {
    let sib1 = ("lte-rrc.plmn_IdentityList", "lte-rrc.MCC_MNC_Digit", "0,0,1,0,1,0,0,1,0,2");
    let sib15 = ("lte-rrc.mbms_SAI_IntraFreq_r11", "lte-rrc.MBMS_SAI_r11", "1,2");
    for (filter, field, values) in [sib1, sib15] {
        let Some(found) = tshark::tshark(capture, &["-Y", filter, "-T", "fields", "-e", field]) else { return };
        assert!(!found.is_empty() && found.lines().all(|own| own == values), "{field}: {found}");
    }
}

/// Neither K nor OPc of her card is in the capture, as octets or as digits.
fn assert_no_key(capture: &Path) {
    let octets = fs::read(capture).unwrap();
    let seed = shipped().lines().find_map(|line| line.strip_prefix("seed = ")?.parse().ok()).unwrap();
    let mut entropy = Entropy::of_box(seed, "anna card");
    let keys = [(); 2].map(|()| {
        let mut key = [0; 16];
        entropy.fill(&mut key);
        key
    });
    assert_are_of_card(keys, &octets);
    for (key, what) in keys.iter().zip(["K", "OPc"]) {
        let (lower, upper) = (hex::encode(key), hex::encode_upper(key));
        for form in [&key[..], lower.as_bytes(), upper.as_bytes()] {
            assert!(!octets.windows(form.len()).any(|window| window == form), "{what} is in the capture");
        }
    }
}

/// A card with these keys knows the challenges for her, of each system, and none of those for others.
fn assert_are_of_card([k, opc]: [[u8; 16]; 2], capture: &[u8]) {
    const NONCE: &[u8] = b"nonce=\"";
    // RAND and AUTN in base64 (RFC 3310 clause 3.2): 44 digits.
    let places = capture.windows(NONCE.len()).enumerate().filter(|(_, window)| *window == NONCE);
    let digits = places.filter_map(|(place, _)| capture.get(place + NONCE.len()..place + NONCE.len() + 44));
    let nonces: BTreeSet<[u8; 32]> = digits.filter_map(|own| STANDARD.decode(own).ok()?.try_into().ok()).collect();
    let is_known = |nonce: &&[u8; 32]| {
        let (rand, autn) = (nonce[..16].try_into().unwrap(), nonce[16..].try_into().unwrap());
        let card = SimCard { k: Key(k), opc: Key(opc), ..SimCard::default() };
        SimUsim::new(&card).authenticate(&Authenticate { rand, autn }).is_ok()
    };
    let known = nonces.iter().filter(is_known).count();
    assert!(known >= 2 && known < nonces.len(), "{known} of {} challenges", nonces.len());
}

#[test]
fn a_second_run_says_the_same_to_the_last_octet() {
    let of_run = || {
        let dir = tempfile::tempdir().unwrap();
        run(dir.path(), &shipped()).0.assert(0, "PASS");
        fs::read(dir.path().join("out/capture.pcapng")).unwrap()
    };
    assert!(of_run() == of_run());
}

#[test]
fn she_goes_and_comes_home_on_command() {
    let home = "\n[[step]]\ndo = \"mc_migrate\"\nue = \"anna\"\nsystem = \"primary\"\n";
    let text =
        until("mc_group_call", &(goes() + &reaches("migrated") + home + &reaches("at_home") + &reaches("affiliated")));
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &text).0.assert(0, "PASS");
    let told = told(dir.path());
    assert!(!has(&told, "which does not know"), "{told:#?}");
}

fn step(what: &str, ue: &str) -> String {
    format!("\n[[step]]\ndo = \"{what}\"\nue = \"{ue}\"\n")
}

const LOGIN: &str = "\n[[step]]\ndo = \"mc_login\"\nue = \"anna\"\nscopes = [\"3gpp:mc:ptt_service\"]\n";
const SOON: &str = "\n[[step]]\ndo = \"run\"\nfor_ms = 3000\n";

/// What her MC servers have said to her tokens, or to her without one.
fn authorised(dir: &Path) -> Vec<bool> {
    let all = facts(dir, "answered").into_iter().filter(|own| own.contains("MC authorisation"));
    all.map(|own| !own.contains("\"why\":\"")).collect()
}

#[test]
fn logins_at_once_have_a_token_each_and_every_server_is_shown_its_own() {
    let (profile, authorise) = (step("mc_profile", "anna"), step("mc_authorise", "anna"));
    let at_once = profile.clone() + LOGIN + &reaches("answered") + &reaches("profile_there");
    // The token for the profile is none for calls, whenever it comes.
    let later = profile + &reaches("answered");
    let home = authorise.clone() + &reaches("authorised");
    let there = goes() + &reaches("migrated") + &authorise + SOON + &reaches("authorised");
    let dir = tempfile::tempdir().unwrap();
    let told = passes(dir.path(), &until("mc_login", &(at_once + &later + &home + &there)));
    assert!(!has(&told, "no profile") && has(&told, "profile unchanged"), "{told:#?}");
    // At home, when she comes to the partner, and there again.
    assert_eq!(authorised(dir.path()), [true; 3]);
}

/// How many tokens she shows at home and to the partner, when one of them wants none.
fn tokens(table: &str) -> Option<[usize; 2]> {
    let authorise = step("mc_authorise", "anna");
    let login = LOGIN.to_owned() + &reaches("answered");
    let home = authorise.clone() + &reaches("authorised") + &step("mc_profile", "anna") + &reaches("profile_there");
    let there = goes() + &reaches("migrated") + &authorise + SOON + &reaches("authorised");
    let text = until("mc_login", &(login + &home + &there));
    let text = text.replace(&format!("\n[{table}]\n"), &format!("\n[{table}]\nauth = \"identity\"\n"));
    let dir = tempfile::tempdir().unwrap();
    passes(dir.path(), &text);
    assert_eq!(authorised(dir.path()), [true; 3]);
    let capture = dir.path().join("out/capture.pcapng");
    let shown = "sip.Method == \"PUBLISH\" && ip.src == 10.45.0.1 && frame contains \"mcptt-access-token\"";
    let to = |network: &str| Some(tshark::packets(&capture, &format!("{shown} && ip.dst == {network}"))?.len());
    Some([to("10.46.0.0/15")?, to("10.62.0.0/15")?])
}

#[test]
fn each_system_is_shown_tokens_if_it_wants_some() {
    let Some(shown) = tokens("mc") else { return };
    assert_eq!(shown, [0, 2]);
    assert_eq!(tokens("system.mc"), Some([1, 0]));
}

fn calls(ue: &str, group: &str) -> String {
    format!("\n[[step]]\ndo = \"mc_group_call\"\nue = \"{ue}\"\ngroup = \"{group}\"\n")
}

/// A call at home with speech, and after that one in the partner system with the same speech.
fn a_call_in_each_system() -> String {
    let speech = fixtures::content("speech.wav");
    let talks = |ue: &str| format!("{}content = \"{}\"\n", step("mc_talk", ue), speech.display());
    let silent = |ue: &str| format!("{}state = \"silent\"\ntimeout_ms = 25000\n", step("run_until_ims", ue));
    let home = calls("hugo", "fire") + &reaches("established") + &talks("hugo") + &silent("hugo");
    let there = calls("otto", "joint") + &goes() + &reaches("migrated") + &reaches("established");
    until("mc_group_call", &(home + &there + &talks("otto") + &silent("otto") + SOON))
}

/// `media_lost` and `media_taken` of her are these.
fn media(lost: &str, taken: &str) -> String {
    let expect = |name: &str, words: &str| {
        format!("\n[[expect]]\nmeasure = \"{name}\"\nue = \"anna\"\nunit = \"packets\"\n{words}\n")
    };
    expect("media_lost", lost) + &expect("media_taken", taken)
}

#[test]
fn what_she_hears_in_both_systems_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    // Each of them has said more than 600 packets.
    passes(dir.path(), &(a_call_in_each_system() + &media("max = 0", "min = 1200")));
    let figures = facts(dir.path(), "mc_call").into_iter().find(|own| own.contains("anna")).unwrap();
    let taken: u64 = figures.split("\"taken\":").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    assert!(taken >= 1200, "{figures}");
    let files = inside(&dir.path().join("out"));
    for of in ["speech_of_hugo", "speech_of_otto"] {
        assert!(files.iter().any(|file| file.contains("anna") && file.contains(of)), "{of}: {files:#?}");
    }
}

#[test]
fn what_is_lost_of_the_second_call_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let fault = "\n[[fault]]\njoint = \"mb\"\naction = \"drop\"\nafter = 100\ncount = 200\n\
                 message = { from = \"partner.MC server 1\", to = \"anna\" }\n";
    passes(dir.path(), &(a_call_in_each_system() + &media("min = 150", "max = 1100") + fault));
}

/// The same with two of her.
fn twice(text: &str) -> String {
    let text = text
        .replace("name = \"anna\"", "name = \"anna\"\ncount = 2")
        .replace("\"anna\", \"hugo\"", "\"anna1\", \"anna2\", \"hugo\"");
    let text = text.replace("\"otto\", \"anna\"", "\"otto\", \"anna1\", \"anna2\"");
    let (steps, expect) = text.split_once("[[expect]]").unwrap();
    let each = steps.split_inclusive("[[step]]").map(|step| {
        let of = |name: &str| step.replace("ue = \"anna\"", &format!("ue = \"{name}\""));
        if step.contains("ue = \"anna\"") { of("anna1") + &of("anna2") } else { step.to_owned() }
    });
    let steps: String = each.collect();
    format!("{steps}[[expect]]{}", expect.replace("anna", "anna2"))
}

#[test]
fn two_migrate_at_once_and_each_gets_the_vector_of_her_own() {
    let end = "\n[[step]]\ndo = \"run\"\nfor_ms = 1\n";
    let text = twice(&until("mc_group_call", &(hears("\"partner\"") + &reaches("migrated") + end)));
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &text);
    ended.assert(0, "PASS");
    let ladders: Vec<_> = ladder::ladders(&report, PROCEDURE).collect();
    assert_eq!(ladders.len(), 2);
    assert!(ladders.iter().all(|ladder| ladder["verdict"] == "pass"), "{ladders:#?}");
}

fn lost_messages() -> LostMessages {
    let scenario = until("mc_group_call", &(hears("\"partner\"") + &reaches("migrated")));
    LostMessages { procedure: PROCEDURE, scenario, fault: |_| None }
}

lost_messages_fail!(lost_messages);
