//! A program that runs beside: started, watched, and ended with the value.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Without anything happening for so long, nothing will.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Result<Self, String> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.spawn().map(Self).map_err(|why| format!("{}: {why}", command.get_program().display()))
    }

    /// Seconds of the processors that all of its threads have had (Linux, proc(5): `utime` and `stime` of /proc/PID/stat, in
    /// hundredths of a second).
    pub(crate) fn cpu_s(&self) -> Result<f64, String> {
        let path = format!("/proc/{}/stat", self.0.id());
        let text = std::fs::read_to_string(&path).map_err(|why| format!("{path}: {why}"))?;
        // The name of the program is in brackets and may have anything in it; `utime` is the 14th field.
        let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        Ok(fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0)
    }

    /// Waits until somebody listens there.
    pub(crate) async fn listens(&mut self, port: u16) -> Result<(), String> {
        for _ in 0..300 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Ok(());
            }
            if let Ok(Some(status)) = self.0.try_wait() {
                return Err(format!("ended before it listened on {port}: {status}"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("nobody listens on {port}"))
    }
}

/// A figure of the core's page of metrics.
pub(crate) async fn metric(port: u16, name: &str) -> Result<u64, String> {
    let named = |why: std::io::Error| format!("metrics: {why}");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(named)?;
    let request = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.map_err(named)?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.map_err(named)?;
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|value| value.parse().ok());
    value.ok_or_else(|| format!("no {name} among the metrics"))
}
