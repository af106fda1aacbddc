//! The presence server live, with sipp as the S-CSCF of presentities and watchers.

use std::path::Path;
use std::process::{Command, Output};

use core_network::process::{CoreConfig, TEST_DOMAIN, start_core};
use protocol::Entropy;

mod ports;

use ports::free_port;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sipp_publishes_and_watches() {
    if Command::new("sipp").arg("-v").output().is_err() {
        return println!("skipped: sipp is not here");
    }
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let config = format!(
        "nodes = ['presence']
        http = 'off'
        [presence]
        listen = ['udp:127.0.0.1:{port}', 'tcp:127.0.0.1:{port}']
        without_rules = 'allow'
        pace_s = 1"
    );
    let config = CoreConfig::parse(&config).unwrap();
    let process = start_core(&config, folder.path(), Entropy::from_seed([1; 32]), None).await.unwrap();
    for transport in ["u1", "t1"] {
        let output = sipp(folder.path(), port, transport).await;
        let errors = std::fs::read_to_string(folder.path().join("errors")).unwrap_or_default();
        assert!(output.status.success(), "{transport}: {output:?}\n{errors}");
    }
    process.stop().await;
}

async fn sipp(folder: &Path, port: u16, transport: &'static str) -> Output {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/sipp/presence.xml");
    let mut command = Command::new("sipp");
    command.current_dir(folder).args(["-sf", scenario, "-m", "20", "-r", "10", "-t", transport]);
    command.args(["-i", "127.0.0.1", "-p", &free_port().to_string(), "-nostdin", "-timeout", "60", "-timeout_error"]);
    command.args(["-trace_err", "-error_file", "errors", "-key", "domain", TEST_DOMAIN]);
    command.arg(format!("127.0.0.1:{port}"));
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}
