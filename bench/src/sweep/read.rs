//! A sweep from its TOML text.

use radio::Mcs;

use super::{Curve, Reference, Requirement, Sampling, Sweep};
use crate::scenario::channel::channel;
use crate::scenario::mcs_table;
use crate::strict_toml::{Checker, Table, nearest};

pub(super) fn sweep(t: &mut Table<'_>) -> Sweep {
    Sweep {
        name: t.name("name"),
        title: t.text("title"),
        proves: t.text("proves"),
        seed: t.integer("seed", 0..=i64::MAX as u64),
        targets: targets(t),
        sampling: t.table("sampling", sampling),
        curves: t.tables("curve", 1..=MAX_CURVES, curves).into_iter().flatten().collect(),
        references: t.tables("reference", 0..=MAX_LIST, |t| Reference {
            name: t.text("name"),
            curve: t.text("curve"),
            points: t.pairs("points", SNR_DB, LOWEST_BLER..=1.0),
        }),
        requirements: t.tables("requirement", 0..=MAX_LIST, |t| Requirement {
            name: t.text("name"),
            curve: t.text("curve"),
            bler: t.number("bler", LOWEST_BLER..=0.99),
            snr_db: t.number("snr_db", SNR_DB),
        }),
    }
}

/// 10 % and 1 % unless the file says otherwise; highest first.
fn targets(t: &mut Table<'_>) -> Vec<f64> {
    let mut targets = t.optional_numbers("targets", LOWEST_BLER..=0.99);
    if targets.is_empty() {
        targets = vec![0.1, 0.01];
    }
    targets.sort_by(|a, b| b.total_cmp(a));
    targets
}

fn sampling(t: &mut Table<'_>) -> Sampling {
    Sampling {
        blocks: t.integer("blocks", 1..=100_000_000),
        errors: t.optional_integer("errors", 1..=100_000_000),
        confident_sigmas: t.optional_number("confident_sigmas", 1.0..=6.0),
        chunk_blocks: t.optional_integer("chunk_blocks", 1..=10_000_000).unwrap_or(CHUNK_BLOCKS),
    }
}

/// One curve for each bandwidth and MCS.
fn curves(t: &mut Table<'_>) -> Vec<Curve> {
    let (name, plot) = (t.optional_text("name"), t.optional_text("plot"));
    let n_rb_dl = t.some_of("n_rb_dl", &[6, 15, 25, 50, 75, 100]);
    let indices = t.some_of("mcs", &std::array::from_fn::<u8, 29, _>(|i| i as u8));
    let table = mcs_table(t);
    let antennas = t.optional_one_of("antennas", &[1, 2]).unwrap_or(1);
    let non_mbsfn_region = t.optional_one_of("non_mbsfn_region", &[1, 2]).unwrap_or(2);
    let subframes = if t.has("subframes") {
        t.some_of("subframes", &SUBFRAMES)
    } else {
        t.absent("subframes").unwrap_or_else(|| SUBFRAMES.to_vec())
    };
    // The SNR is that of the point.
    let channel = t.table("channel", |t| channel(t, |_| 0.0));
    let per_block = t.choice_or("evolution", &[("continuous", false), ("per_block", true)], false);
    let snr_db = t.table("snr_db", snr_db);
    let single = n_rb_dl.len() * indices.len() == 1;
    let mut curves = Vec::new();
    for &n_rb_dl in &n_rb_dl {
        for &index in &indices {
            let mcs = Mcs { table, index };
            let own = format!("{n_rb_dl} PRB, MCS {mcs}");
            let name = match &name {
                Some(name) if single => name.clone(),
                Some(name) => format!("{name}, {own}"),
                None => own,
            };
            curves.push(Curve {
                name,
                plot: plot.clone().unwrap_or_else(|| format!("{n_rb_dl} PRB")),
                n_rb_dl,
                mcs,
                antennas,
                non_mbsfn_region,
                subframes: subframes.clone(),
                channel: channel.clone(),
                per_block,
                snr_db: snr_db.clone(),
            });
        }
    }
    curves
}

/// From, to, and the step between: thousandths of a decibel are kept.
fn snr_db(t: &mut Table<'_>) -> Vec<f64> {
    let (from, to) = (t.number("from", SNR_DB), t.number("to", SNR_DB));
    let step = t.optional_number("step", 0.01..=10.0).unwrap_or(0.5);
    let count = ((to - from) / step + 1e-9).floor().clamp(-1.0, MAX_POINTS as f64) as i64;
    (0..=count).map(|i| ((from + i as f64 * step) * 1e3).round() / 1e3).collect()
}

/// What several keys say together.
pub(super) fn check(sweep: &Sweep, note: &mut Checker<'_>) {
    for (i, curve) in sweep.curves.iter().enumerate() {
        // Lists make several curves of a table: the message names the curve.
        let at = ["curve"];
        if sweep.curves[..i].iter().any(|c| c.name == curve.name) {
            note.note(&at, format!("two curves are {:?}; allowed values: a name of its own for each", curve.name));
        }
        if let Err(error) = curve.params() {
            note.note(&at, format!("{}: {error}", curve.name));
        }
        if curve.per_block && curve.channel.model.fading().is_none() {
            let message = format!("{}: evolution = \"per_block\" without fading; leave it out", curve.name);
            note.note(&at, message);
        }
        if curve.snr_db.is_empty() || curve.snr_db.len() > MAX_POINTS {
            let message = format!("{}: snr_db has to have 1 to {MAX_POINTS} points, from <= to", curve.name);
            note.note(&at, message);
        }
    }
    let known = |name: &str| sweep.curves.iter().any(|c| c.name == name);
    let of_references = sweep.references.iter().map(|r| &r.curve).enumerate().map(|(i, c)| ("reference", i, c));
    let of_requirements = sweep.requirements.iter().map(|r| &r.curve).enumerate().map(|(i, c)| ("requirement", i, c));
    for (key, i, curve) in of_references.chain(of_requirements).filter(|(.., curve)| !known(curve)) {
        // Names are compared in small letters.
        let names: Vec<String> = sweep.curves.iter().map(|c| c.name.to_ascii_lowercase()).collect();
        let near = nearest(curve, names.iter().map(String::as_str))
            .and_then(|near| sweep.curves.iter().find(|c| c.name.eq_ignore_ascii_case(near)))
            .map(|c| &c.name);
        let hint = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
        note.note(&[key, &i.to_string(), "curve"], format!("there is no curve {curve:?}{hint}"));
    }
}

const SNR_DB: std::ops::RangeInclusive<f64> = -30.0..=60.0;
const LOWEST_BLER: f64 = 1e-6;
const SUBFRAMES: [u8; 6] = [1, 2, 3, 6, 7, 8];
const CHUNK_BLOCKS: u64 = 100;
const MAX_CURVES: usize = 100;
const MAX_LIST: usize = 200;
const MAX_POINTS: usize = 200;
