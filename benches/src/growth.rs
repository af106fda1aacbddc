//! How the cost of something grows: its slope in a log-log plot, on what the processor says of time.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The steepest slope that counts as linear.
pub const STEEPEST: f64 = 1.15;

/// Seconds that this thread has had of a processor: what else runs on the machine does not count (Linux, proc(5):
/// /proc/thread-self/schedstat, in nanoseconds).
///
/// # Panics
/// On a system that does not tell.
pub fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells the time of a thread");
    let nanos = text.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok());
    nanos.expect("a number") / 1e9
}

/// Seconds of the processors that all threads of processes have had that this one has started and waited for (Linux, proc(5):
/// `cutime` and `cstime` of /proc/self/stat, in hundredths of a second).
///
/// # Panics
/// On a system that does not tell.
pub fn children_cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").expect("Linux tells the time of children");
    // The name of the program is in brackets and may have anything in it; `cutime` is the 16th field.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: Vec<f64> = fields.skip(13).take(2).filter_map(|ticks| ticks.parse().ok()).collect();
    assert_eq!(ticks.len(), 2, "numbers of ticks");
    ticks.iter().sum::<f64>() / 100.0
}

/// What these sizes cost beyond what is the same for all.
///
/// # Errors
/// One of them costs no more than that: nothing was measured.
pub fn net(costs: impl IntoIterator<Item = (f64, f64)>, base: f64) -> Result<Vec<(f64, f64)>, String> {
    let beyond = costs.into_iter().map(|(size, cost)| match cost - base {
        own if own > 0.0 => Ok((size, own)),
        own => Err(format!("nothing was measured: {size} more cost {own}")),
    });
    beyond.collect()
}

/// The sizes that a variable of the environment names, with commas between them; these when it is not there.
///
/// # Errors
/// Something is no number or below `least`, or there are not two different ones: there is no slope of one.
pub fn sizes(said: Option<&OsStr>, otherwise: &[usize], least: usize) -> Result<Vec<usize>, String> {
    let Some(said) = said.map(OsStr::to_string_lossy) else { return Ok(otherwise.to_vec()) };
    let size = |word: &str| match word.trim().parse() {
        Ok(size) if size >= least => Ok(size),
        _ => Err(format!("\"{word}\" in \"{said}\" is not a number from {least} on")),
    };
    let sizes = said.split(',').map(size).collect::<Result<Vec<usize>, String>>()?;
    match sizes.iter().any(|size| *size != sizes[0]) {
        true => Ok(sizes),
        false => Err(format!("\"{said}\" is not two different numbers, as 100,300")),
    }
}

/// Least squares through the logarithms of sizes and costs.
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let xy: Vec<(f64, f64)> = points.iter().map(|(size, cost)| (size.ln(), cost.ln())).collect();
    let (mean_x, mean_y) = xy.iter().fold((0.0, 0.0), |(x, y), (own_x, own_y)| (x + own_x / n, y + own_y / n));
    let (above, below) = xy
        .iter()
        .fold((0.0, 0.0), |(above, below), (x, y)| (above + (x - mean_x) * (y - mean_y), below + (x - mean_x).powi(2)));
    above / below
}

/// Where benchmarks write: the folder that `CASTBENCH_OUT` names, else this one.
pub fn folder(otherwise: &str) -> PathBuf {
    std::env::var_os("CASTBENCH_OUT").map_or_else(|| PathBuf::from(otherwise), PathBuf::from)
}

/// The file of the figures of a benchmark in that folder: one for each, so that none takes the place of another.
pub fn perf_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("perf_{name}.json"))
}

/// Writes a file, into a folder that may not be there yet.
///
/// # Errors
/// Those of the system.
pub fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_two_different_numbers_or_an_error() {
        let of = |said: &str| sizes(Some(OsStr::new(said)), &[7, 9], 3);
        assert_eq!(sizes(None, &[7, 9], 3), Ok(vec![7, 9]));
        assert_eq!(of("100, 300,1000"), Ok(vec![100, 300, 1000]));
        for wrong in ["", "100", "100,100", "100,x", "100,", "2,100", "-3,100"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_costs_no_more_than_the_base_was_not_measured() {
        assert_eq!(net([(1.0, 3.0), (2.0, 5.0)], 1.0), Ok(vec![(1.0, 2.0), (2.0, 4.0)]));
        for cost in [1.0, 0.5, f64::NAN] {
            assert!(net([(1.0, 3.0), (2.0, cost)], 1.0).is_err_and(|why| why.contains("nothing was measured")));
        }
    }

    #[test]
    fn each_benchmark_has_a_file_of_its_own() {
        let files = ["mc_call", "bmsc"].map(|name| perf_file(Path::new("out"), name));
        assert_eq!(files, ["out/perf_mc_call.json", "out/perf_bmsc.json"].map(PathBuf::from));
    }

    #[test]
    fn the_slope_of_a_square_is_two() {
        let points: Vec<(f64, f64)> = [1.0, 3.0, 10.0].map(|size| (size, 5.0 * size * size)).to_vec();
        assert!((slope(&points) - 2.0).abs() < 1e-9);
    }
}
