//! The loop device as a module, seen by SoapySDR's own program.
#![cfg(feature = "soapy")]

use std::process::Command;

/// What `SoapySDRUtil` prints, or `None` when it is not installed.
fn soapy_sdr_util(arg: &str) -> Option<String> {
    let run = Command::new("SoapySDRUtil").arg(arg).env("SOAPY_SDR_PLUGIN_PATH", soapy_loop::MODULES).output();
    let Ok(output) = run else {
        eprintln!("skipped: SoapySDRUtil is missing (Debian: apt-get install soapysdr-tools)");
        return None;
    };
    assert!(output.status.success(), "{arg}: {output:?}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn has_all(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|l| l.trim() == *line), "no line {line:?} in:\n{text}");
    }
}

#[test]
fn soapy_sdr_util_finds_the_module() {
    let Some(text) = soapy_sdr_util("--find=driver=castbench_loop,serial=7") else { return };
    has_all(&text, &["driver = castbench_loop", "label = castbench loop device 7", "serial = 7"]);
}

#[test]
fn soapy_sdr_util_probes_it() {
    let Some(text) = soapy_sdr_util("--probe=driver=castbench_loop,native=CS16,full_scale=2048") else { return };
    has_all(
        &text,
        &[
            "driver=castbench_loop",
            "hardware=loop",
            "what=memory: what is sent is received, nothing is radiated",
            "Channels: 2 Rx, 2 Tx",
            "Timestamps: YES",
            "Clock sources: internal, external",
            "Time sources: internal, gps",
            "Full-duplex: YES",
            "Native format: CS16 [full-scale=2048]",
            "Antennas: RX, TX/RX",
            "Full freq range: [47, 6000] MHz",
        ],
    );
}
