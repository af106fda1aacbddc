//! Sweeps: what files may say, where curves cross, and that results depend on the sweep alone.

use std::fs;
use std::path::Path;

use super::*;

const SMALL: &str = r#"
name = "small"
title = "Small"
proves = "Nothing"
seed = 5
targets = [0.5, 0.1]

[sampling]
blocks = 60
errors = 30
chunk_blocks = 10

[[curve]]
n_rb_dl = [6]
mcs = [2, 4]
channel = { model = "awgn" }
snr_db = { from = -5.0, to = 4.0, step = 1.0 }

[[reference]]
name = "somebody"
curve = "6 PRB, MCS 4"
points = [[-2.0, 0.5], [0.0, 0.01]]

[[requirement]]
name = "somebody"
curve = "6 PRB, MCS 4"
bler = 0.1
snr_db = 4.0
"#;

fn parse(text: &str) -> Result<Sweep, String> {
    Sweep::parse(Path::new("s.toml"), text).map_err(|e| e.to_string())
}

/// Runs a sweep and gives its results as octets.
fn results(sweep: &Sweep, dir: &Path, jobs: usize) -> Vec<Vec<u8>> {
    sweep.run(dir, jobs, &mut SweepConsole::new(true)).unwrap();
    SWEEP_FILES.iter().map(|name| fs::read(dir.join(name)).unwrap()).collect()
}

#[test]
fn results_depend_neither_on_threads_nor_on_an_end_half_way() {
    let sweep = parse(SMALL).unwrap();
    let [one, many, resumed] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let all = results(&sweep, one.path(), 1);
    assert_eq!(results(&sweep, many.path(), 5), all);
    let journal = fs::read(one.path().join(journal::JOURNAL_FILE)).unwrap();
    // Cut inside of a line.
    fs::write(resumed.path().join(journal::JOURNAL_FILE), &journal[..journal.len() * 2 / 3]).unwrap();
    assert_eq!(results(&sweep, resumed.path(), 2), all);
    // A finished sweep has nothing to do.
    let mut console = SweepConsole::new(true);
    sweep.run(one.path(), 2, &mut console).unwrap();
    assert_eq!(console.blocks(), 0);
    let csv = String::from_utf8(all[0].clone()).unwrap();
    assert!(csv.lines().count() > 4, "{csv}");
    assert!(csv.contains("\"6 PRB, MCS 2\",6,2,qam64,256,1,AWGN,-5,"), "{csv}");
}

#[test]
fn other_curves_and_longer_points_keep_what_was_measured() {
    let dir = tempfile::tempdir().unwrap();
    results(&parse(SMALL).unwrap(), dir.path(), 2);
    let longer = SMALL.replace("mcs = [2, 4]", "mcs = [4]").replace("errors = 30", "errors = 40");
    let sweep = parse(&longer).unwrap();
    let fresh = tempfile::tempdir().unwrap();
    let [mut of_all, mut of_rest] = [(); 2].map(|()| SweepConsole::new(true));
    sweep.run(fresh.path(), 2, &mut of_all).unwrap();
    sweep.run(dir.path(), 2, &mut of_rest).unwrap();
    for name in SWEEP_FILES {
        assert_eq!(fs::read(dir.path().join(name)).unwrap(), fs::read(fresh.path().join(name)).unwrap(), "{name}");
    }
    assert!(2 * of_rest.blocks() < of_all.blocks(), "{} of {} blocks", of_rest.blocks(), of_all.blocks());
}

#[test]
fn a_journal_of_another_build_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(journal::JOURNAL_FILE), "{\"castbench\":\"0.0.0\",\"build\":\"00\"}\n").unwrap();
    let error = parse(SMALL).unwrap().run(dir.path(), 1, &mut SweepConsole::new(true)).unwrap_err();
    assert!(error.to_string().contains("another build"), "{error}");
    fs::write(dir.path().join(journal::JOURNAL_FILE), "what?\n").unwrap();
    let error = parse(SMALL).unwrap().run(dir.path(), 1, &mut SweepConsole::new(true)).unwrap_err();
    assert!(error.to_string().contains("line 1 is no chunk"), "{error}");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let cases = [
        ("seed = 5", "sed = 5", "did you mean `seed`?"),
        (
            "n_rb_dl = [6]",
            "n_rb_dl = [7]",
            "n_rb_dl = [7] is wrong; allowed values: a list, ascending, of some of 6, 15",
        ),
        ("mcs = [2, 4]", "mcs = [4, 2]", "mcs = [4, 2] is wrong"),
        ("mcs = [2, 4]", "mcs = [28]", "6 PRB, MCS 28: MCS 28 at 6 PRB with non_mbsfn_region 2 has code rate"),
        ("mcs = [2, 4]", "mcs = [4]\nname = \"x\"", "there is no curve \"6 PRB, MCS 4\""),
        ("curve = \"6 PRB, MCS 4\"\nbler", "curve = \"6 PRB, MCS 3\"\nbler", "did you mean \"6 PRB, MCS 2\"?"),
        ("from = -5.0", "from = 5.0", "6 PRB, MCS 2: snr_db has to have 1 to 200 points"),
        ("step = 1.0", "step = 0.01", "6 PRB, MCS 2: snr_db has to have 1 to 200 points"),
        ("points = [[-2.0, 0.5], [0.0, 0.01]]", "points = [[-2.0, 1.5]]", "the second 0.000001 to 1"),
        ("channel = {", "evolution = \"per_block\"\nchannel = {", "evolution = \"per_block\" without fading"),
        ("model = \"awgn\"", "model = \"awgn\", snr_db = 3", "unknown key `snr_db`"),
        ("blocks = 60", "blocks = 0", "blocks = 0 is wrong; allowed values: 1 to"),
    ];
    for (right, wrong, said) in cases {
        let error = parse(&SMALL.replace(right, wrong)).unwrap_err();
        assert!(error.contains(said), "{wrong}: {error}");
    }
}

#[test]
fn the_shipped_sweeps_can_be_run() {
    for file in fixtures::sweeps() {
        let sweep = Sweep::load(&file).unwrap_or_else(|e| panic!("{e}"));
        assert!(!sweep.requirements.is_empty(), "{}", file.display());
        assert_eq!(Some(sweep.name.as_str()), file.file_stem().and_then(|s| s.to_str()));
    }
}

fn points(rates: &[(f64, u64, u64)]) -> Vec<Point> {
    let point = |&(snr_db, errors, blocks)| Point { snr_db, counts: Counts { blocks, errors, ..Counts::default() } };
    rates.iter().map(point).collect()
}

#[test]
fn a_crossing_is_log_linear_between_points_and_has_an_interval() {
    let curve = points(&[(0.0, 1000, 1000), (1.0, 300, 1000), (2.0, 30, 1000), (3.0, 0, 1000)]);
    let c = Crossing::of(&curve, 0.1);
    let Edge::At(at) = c.at else { panic!("{c:?}") };
    assert!((at - 1.477).abs() < 1e-3, "{at}"); // 1 + ln(3) / ln(10)
    let (low, high) = (c.low.at_most().unwrap(), c.high.at_most().unwrap());
    assert!(low < at - 0.01 && at + 0.01 < high && high - low < 0.25, "{low} {high}");
    assert_eq!(Crossing::of(&curve[..2], 0.1).at, Edge::Above(1.0));
    assert_eq!(Crossing::of(&curve[2..], 0.1).at, Edge::AtOrBelow(2.0));
    // After a rate that rises again only the last crossing counts.
    let rising = points(&[(0.0, 50, 1000), (1.0, 150, 1000), (2.0, 0, 1000)]);
    assert!(Crossing::of(&rising, 0.1).at.at_least().is_some_and(|snr| snr > 1.0));
}

#[test]
fn a_requirement_needs_the_whole_interval() {
    let judge = |snr_db: f64, rates: &[(f64, u64, u64)]| {
        let mut sweep = parse(SMALL).unwrap();
        sweep.requirements[0].snr_db = snr_db;
        let curves = [points(&[(0.0, 0, 100)]), points(rates)];
        Sweep::verdict(&crossing::findings(&sweep, &curves))
    };
    let curve = [(0.0, 900, 1000), (1.0, 300, 1000), (2.0, 30, 1000)];
    assert_eq!(judge(1.7, &curve), Verdict::Pass);
    assert_eq!(judge(1.3, &curve), Verdict::Fail);
    assert_eq!(judge(1.48, &curve), Verdict::Inconclusive);
    // Nothing is known beyond the last point.
    assert_eq!(judge(3.0, &curve[..2]), Verdict::Inconclusive);
    assert_eq!(judge(1.0, &curve[..2]), Verdict::Fail);
    // A single good point is enough for what is required at it or above, and says nothing of what is below.
    assert_eq!(judge(2.0, &curve[2..]), Verdict::Pass);
    assert_eq!(judge(1.9, &curve[2..]), Verdict::Inconclusive);
}

#[test]
fn page_and_plot_are_self_contained() {
    let dir = tempfile::tempdir().unwrap();
    let all = results(&parse(SMALL).unwrap(), dir.path(), 2);
    let [svg, page] = [&all[2], &all[3]].map(|octets| String::from_utf8(octets.clone()).unwrap());
    assert!(svg.starts_with("<?xml") && svg.trim_end().ends_with("</svg>"));
    for remote in ["src=\"", "https:", "url(h", "@import", "<link"] {
        assert!(!page.contains(remote), "{remote}");
    }
    for word in ["somebody", "6 PRB, MCS 4", "pass", "95 %"] {
        assert!(page.contains(word), "{word}");
    }
    assert!(svg.matches("class=\"sign\"").count() == 3, "two points and an entry of the legend");
}
