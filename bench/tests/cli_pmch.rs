//! `castbench pmch` from outside: one MBSFN subframe (TS 36.211 clause 6.5) of other transmitters, and bad input.

mod common;

use std::fs;
use std::path::Path;

use common::{castbench, inside};
use fixtures::vectors::{PmchParameters, PmchVector, read_cf32};
use num_complex::Complex32;
use serde_json::Value;

/// Exactly the flags that the contract names.
fn flags(p: &PmchParameters) -> Vec<String> {
    let flag = |name: &str, value: String| [format!("--{name}"), value];
    [
        flag("n-rb-dl", p.n_rb_dl.to_string()),
        flag("mcs", p.mcs.to_string()),
        flag("n-id-cell", p.n_id_cell.to_string()),
        flag("n-id-mbsfn", p.n_id_mbsfn.to_string()),
        flag("subframe", p.subframe.to_string()),
        flag("non-mbsfn-region", p.non_mbsfn_region.to_string()),
        flag("sample-rate", p.sample_rate.to_string()),
    ]
    .concat()
}

fn pmch(folder: &Path, direction: &str, p: &PmchParameters, input: &Path, output: &str) -> common::Ended {
    let input = input.to_str().unwrap().to_owned();
    let words = ["pmch".to_owned(), direction.to_owned()].into_iter().chain(flags(p));
    castbench(folder, words.chain([input, "-o".to_owned(), output.to_owned()]))
}

/// The vectors and the folder that they are in.
fn vectors() -> Option<(std::path::PathBuf, Vec<PmchVector>)> {
    Some((fixtures::shared("vectors")?, fixtures::vectors::pmch()?))
}

#[test]
fn every_vector_decodes_to_its_transport_block() {
    let Some((shared, mut vectors)) = vectors() else { return };
    vectors.extend(fixtures::vectors::pmch_received());
    assert_eq!(vectors.len(), 9);
    for PmchVector { parameters: p, tb, .. } in vectors {
        let dir = tempfile::tempdir().unwrap();
        let ended = pmch(dir.path(), "decode", &p, &shared.join(format!("{}.cf32", p.name)), "OUT.tb");
        assert_eq!((ended.code, &*ended.stderr), (0, ""), "{}: {}", p.name, ended.stdout);
        assert_eq!(fs::read(dir.path().join("OUT.tb")).unwrap(), tb, "{}", p.name);
        assert_eq!(inside(dir.path()), ["OUT.tb"]);
        let result: Value = serde_json::from_str(&ended.stdout).unwrap();
        let result = result.as_object().expect("one JSON object");
        assert_eq!((&result["crc"], &result["tbs"]), (&Value::from(true), &Value::from(p.tbs)), "{}", p.name);
        let number = |key: &str| result[key].as_f64().unwrap_or_else(|| panic!("{}: {key} in {result:?}", p.name));
        // The received one has noise; the others have only what arithmetic adds.
        let (cinr_db, evm_percent) = if p.name.contains("real") { (5.0, 60.0) } else { (35.0, 2.0) };
        assert!(number("cinr_db") > cinr_db, "{}: {result:?}", p.name);
        assert!((0.0..evm_percent).contains(&number("evm_percent")), "{}: {result:?}", p.name);
        assert!(number("iterations") >= 1.0, "{}: {result:?}", p.name);
    }
}

#[test]
fn encoding_gives_the_iq_of_the_other_transmitter() {
    let Some((shared, vectors)) = vectors() else { return };
    for PmchVector { parameters: p, iq, .. } in vectors {
        let dir = tempfile::tempdir().unwrap();
        pmch(dir.path(), "encode", &p, &shared.join(format!("{}.tb", p.name)), "OUT.cf32").assert(0, "");
        assert_eq!(inside(dir.path()), ["OUT.cf32"]);
        let error_db = error_db(&iq, &read_cf32(&dir.path().join("OUT.cf32")));
        assert!(error_db < -50.0, "{}: {error_db} dB", p.name);
    }
}

/// Power of the difference relative to the reference, after the amplitude was made the same.
fn error_db(reference: &[Complex32], iq: &[Complex32]) -> f64 {
    assert_eq!(reference.len(), iq.len());
    let power = |iq: &[Complex32]| iq.iter().map(|s| f64::from(s.norm_sqr())).sum::<f64>();
    let gain = (power(reference) / power(iq)).sqrt() as f32;
    let difference: Vec<Complex32> = reference.iter().zip(iq).map(|(r, s)| r - s * gain).collect();
    10.0 * (power(&difference) / power(reference)).log10()
}

/// MCS 9 at 25 PRB; each case of bad input changes a little of it.
fn parameters() -> PmchParameters {
    PmchParameters {
        name: "own".into(),
        n_rb_dl: 25,
        mcs: 9,
        n_id_cell: 1,
        n_id_mbsfn: 1,
        subframe: 1,
        non_mbsfn_region: 2,
        tbs: 4008,
        pmch_re: 2550,
        sample_rate: 7_680_000,
    }
}

/// A folder with a transport block `in.tb` and its IQ `in.cf32`.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("in.tb"), (0..501).map(|i| i as u8).collect::<Vec<u8>>()).unwrap();
    pmch(dir.path(), "encode", &parameters(), Path::new("in.tb"), "in.cf32").assert(0, "");
    dir
}

#[test]
fn noise_fails_the_crc_and_leaves_no_output() {
    let dir = folder();
    let clean = read_cf32(&dir.path().join("in.cf32"));
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let power = clean.iter().map(Complex32::norm_sqr).sum::<f32>() / clean.len() as f32;
    let amplitude = (10.0 * power * 1.5).sqrt(); // noise 10 dB above the signal; 2/3 is the power of a uniform sample
    let noisy = clean.iter().map(|s| s + Complex32::new(uniform(), uniform()) * amplitude);
    let bytes: Vec<u8> = noisy.flat_map(|s| [s.re.to_le_bytes(), s.im.to_le_bytes()]).flatten().collect();
    fs::write(dir.path().join("noisy.cf32"), bytes).unwrap();
    let ended = pmch(dir.path(), "decode", &parameters(), Path::new("noisy.cf32"), "OUT.tb");
    ended.assert(1, "");
    let result: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(result["crc"], Value::from(false));
    assert!(result["cinr_db"].as_f64().unwrap() < 0.0, "{result}");
    assert_eq!(inside(dir.path()), ["in.cf32", "in.tb", "noisy.cf32"]);
}

#[test]
fn bad_input_is_refused_with_nothing_written() {
    let dir = folder();
    let iq = fs::read(dir.path().join("in.cf32")).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    write("cut.cf32", &iq[..iq.len() - 8]);
    write("cut_in_sample.cf32", &iq[..iq.len() - 3]);
    write("nan.cf32", &[&iq[..iq.len() - 4], &f32::NAN.to_le_bytes()].concat());
    write("empty", &[]);
    write("long.cf32", &vec![0; 30_721 * 8]);
    write("short.tb", &[0; 500]);
    fs::create_dir(dir.path().join("folder")).unwrap();
    let before = inside(dir.path());
    let p = parameters;
    let six = || PmchParameters { n_rb_dl: 6, mcs: 2, sample_rate: 1_920_000, ..parameters() };
    let cases = [
        ("decode", p(), "cut.cf32", "OUT", 2, "cut.cf32: 7679 samples, but one subframe at 7680000 Hz is 7680"),
        ("decode", p(), "cut_in_sample.cf32", "OUT", 2, "not whole cf32 samples of 8 octets: the file is truncated"),
        ("decode", p(), "nan.cf32", "OUT", 2, "nan.cf32: sample 7679 is not finite"),
        ("decode", p(), "empty", "OUT", 2, "0 samples"),
        ("decode", p(), "gone.cf32", "OUT", 2, "cannot read gone.cf32: No such file"),
        ("decode", p(), "folder", "OUT", 2, "folder: not a file"),
        ("decode", p(), "/dev/zero", "OUT", 2, "/dev/zero: not a file"),
        ("decode", p(), "long.cf32", "OUT", 2, "long.cf32: 245768 octets; one subframe has at most 245760"),
        ("decode", p(), "in.cf32", "gone/OUT", 3, "cannot write gone/OUT: No such file"),
        ("decode", p(), "in.cf32", "folder", 3, "cannot write folder: Is a directory"),
        ("decode", PmchParameters { sample_rate: 7_000_000, ..p() }, "in.cf32", "OUT", 2, "7000000"),
        ("decode", PmchParameters { sample_rate: 15_360_000, ..p() }, "in.cf32", "OUT", 2, "15360000"),
        ("decode", PmchParameters { sample_rate: 5_760_000, ..p() }, "in.cf32", "OUT", 2, "7680 samples, but one"),
        (
            "encode",
            p(),
            "short.tb",
            "OUT",
            2,
            "short.tb: 500 octets, but MCS 9 at 25 PRB carries a transport block of 501",
        ),
        ("encode", p(), "empty", "OUT", 2, "0 octets"),
        ("encode", p(), "gone.tb", "OUT", 2, "cannot read gone.tb"),
        ("encode", p(), "in.tb", "gone/OUT", 3, "cannot write gone/OUT"),
        (
            "encode",
            PmchParameters { non_mbsfn_region: 1, ..six() },
            "in.tb",
            "OUT",
            2,
            "non_mbsfn_region 1 is not allowed at 6 PRB; allowed: 2",
        ),
        (
            "decode",
            PmchParameters { non_mbsfn_region: 1, ..six() },
            "in.cf32",
            "OUT",
            2,
            "non_mbsfn_region 1 is not allowed at 6 PRB; allowed: 2",
        ),
        ("encode", PmchParameters { mcs: 28, ..p() }, "in.tb", "OUT", 2, "undecodable above 0.930"),
        ("decode", PmchParameters { mcs: 28, ..p() }, "in.cf32", "OUT", 2, "undecodable above 0.930"),
        ("decode", PmchParameters { mcs: 29, ..p() }, "in.cf32", "OUT", 2, "29 is not in 0..=28"),
        (
            "decode",
            PmchParameters { n_rb_dl: 26, ..p() },
            "in.cf32",
            "OUT",
            2,
            "possible values: 6, 15, 25, 50, 75, 100",
        ),
        ("decode", PmchParameters { subframe: 0, ..p() }, "in.cf32", "OUT", 2, "possible values: 1, 2, 3, 6, 7, 8"),
        ("decode", PmchParameters { n_id_cell: 504, ..p() }, "in.cf32", "OUT", 2, "504 is not in 0..=503"),
    ];
    for (direction, parameters, input, output, code, said) in cases {
        let ended = pmch(dir.path(), direction, &parameters, Path::new(input), output);
        ended.assert(code, said);
        assert_eq!(ended.stdout, "", "{input}: an error goes to standard error alone");
        assert_eq!(inside(dir.path()), before, "{direction} {input}: something was written");
    }
}
