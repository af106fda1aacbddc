//! How the cost of something grows: its slope in a log-log plot, on what the processor says of time.

use std::path::Path;

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
