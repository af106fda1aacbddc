//! What proves an identity is in no record, no report and on no console: keys, digests, responses. The capture has what is on
//! the wire of Gm, and no key.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::Entropy;
use protocol::sip::{Algorithm, digest_ha1};

use crate::run::Run;

const DOMAIN: &str = "ims.mnc001.mcc001.3gppnetwork.org";

#[test]
fn no_secret_is_written_anywhere() {
    let run = Run::of_text(include_str!("scenarios/secrets.toml"), "secrets");
    run.assert_passes();
    let capture = fs::read(run.file("capture.pcapng")).unwrap();
    let wire = String::from_utf8_lossy(&capture).into_owned();
    let keys = Secrets::of_the_seed(&wire);
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(run.file("."))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.push(("console".into(), run.said.clone().into_bytes()));
    for needed in ["run.jsonl", "report.html", "report.json", "junit.xml", "perf.json", "capture.pcapng", "console"] {
        assert!(files.iter().any(|(name, _)| name == needed), "{needed} is not there");
    }
    let digests: BTreeSet<String> =
        ["response=\"", "auts=\"", "rspauth=\""].iter().flat_map(|name| values(&wire, name)).collect();
    let nonces = values(&wire, " nonce=\"");
    assert!(digests.len() >= 10 && nonces.len() >= 3, "{digests:?} {nonces:?}");
    for (name, bytes) in &files {
        let text = String::from_utf8_lossy(bytes).into_owned();
        for (what, key) in &keys.0 {
            assert!(!bytes.windows(key.len()).any(|window| window == key), "{name}: {what}");
            assert!(!text.contains(&hex::encode(key)) && !text.contains(&STANDARD.encode(key)), "{name}: {what}");
        }
        // Whoever is on the access hears digests and challenges: the capture is what he hears (README).
        if name != "capture.pcapng" {
            for proof in digests.iter().chain(&nonces) {
                assert!(!text.contains(proof), "{name}: {proof}");
            }
        }
    }
    for name in ["ck=\"", "ik=\""] {
        assert!(values(&wire, name).iter().all(|value| value.chars().all(|c| c == '*')), "{name}");
    }
}

/// What nobody may see, by what it is called.
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    /// As the bench draws them from the seed of the scenario, and what the cards made of the challenges.
    fn of_the_seed(wire: &str) -> Self {
        let mut all = Vec::new();
        for ue in ["alice", "bob"] {
            let mut entropy = Entropy::of_box(SEED, &format!("{ue} card"));
            let (mut k, mut opc) = ([0; 16], [0; 16]);
            entropy.fill(&mut k);
            entropy.fill(&mut opc);
            all.extend([(format!("K of {ue}"), k.to_vec()), (format!("OPc of {ue}"), opc.to_vec())]);
            for nonce in values(wire, " nonce=\"") {
                let Some(rand) = STANDARD.decode(&nonce).ok().and_then(|n| <[u8; 16]>::try_from(n.get(..16)?).ok())
                else {
                    continue;
                };
                let (res, ck, ik, _) = milenage::Milenage::new_with_opc(k, opc).f2345(&rand);
                all.extend([
                    (format!("RES of {ue}"), res.to_vec()),
                    (format!("CK of {ue}"), ck.to_vec()),
                    (format!("IK of {ue}"), ik.to_vec()),
                ]);
            }
        }
        let password = Entropy::of_box(SEED, "carol password").token(16);
        let impi = format!("001010000000003@{DOMAIN}");
        let ha1 = digest_ha1(&Algorithm::Md5, &impi, DOMAIN, password.as_bytes());
        assert!(wire.contains(&impi), "the digest user is there under this name");
        all.push(("password of carol".into(), password.into_bytes()));
        all.push(("HA1 of carol".into(), hex::decode(&ha1).unwrap()));
        Self(all)
    }
}

/// The seed of the scenario.
const SEED: u64 = 11;

/// The quoted values of a parameter that are long enough to be no chance.
fn values(text: &str, name: &str) -> BTreeSet<String> {
    let quoted = text.split(name).skip(1).filter_map(|rest| rest.split('"').next());
    quoted.filter(|value| value.len() >= 16).map(str::to_owned).collect()
}
