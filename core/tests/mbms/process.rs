//! BM-SC, MBMS-GW, MCE and two eNBs as `core.toml` wants them, live on an address of loopback of their own: with that, tests
//! that run at once can all have the ports of the standard.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;

use core_network::net::{LiveProcess, NetTap};
use core_network::process::{CoreConfig, start_core};
use protocol::Entropy;
use tokio::runtime::Runtime;

/// An address that no other test has; `n` tells those of one test apart.
pub(crate) fn address(n: u8) -> Ipv4Addr {
    let id = std::process::id();
    Ipv4Addr::new(127, 1 + (id >> 8) as u8 % 200, id as u8, 1 + n)
}

/// Groups of IP multicast on M1.
pub(crate) const GROUPS: (Ipv4Addr, Ipv4Addr) = (Ipv4Addr::new(232, 46, 7, 1), Ipv4Addr::new(232, 46, 7, 200));

/// The configuration of these nodes.
pub(crate) fn config(nodes: &str, ip: Ipv4Addr, database: &str) -> String {
    format!(
        "domain = '{REALM}'
        nodes = [{nodes}]
        database = '{database}'
        http = '{ip}:8080'
        [bmsc]
        listen = ['{ip}:3898']
        accept_unknown = true
        plmn = ['262', '01']
        mb2u = '{ip}'
        mb2u_ports = [24000, 24031]
        sgi_mb = '{ip}:2153'
        [mbms_gw]
        listen = ['{ip}:3899']
        m3 = ['{ip}:36444']
        sgi_mb = '{ip}'
        sgi_mb_ports = [24064, 24095]
        m1_source = '{ip}'
        m1_groups = ['{first}', '{last}']
        [mce]
        plmn = ['262', '01']
        m2 = ['{ip}:36443']
        [[enb]]
        name = 'enb1'
        plmn = ['262', '01']
        address = '{ip}'
        [[enb]]
        name = 'enb2'
        id = 2
        plmn = ['262', '01']
        address = '{ip}'
        ",
        REALM = super::client::REALM,
        first = GROUPS.0,
        last = GROUPS.1,
    )
}

pub(crate) const ALL: &str = "'bmsc', 'mbms_gw', 'mce', 'enb'";

/// Nodes that run.
pub(crate) struct Running {
    runtime: Runtime,
    process: Option<LiveProcess>,
    ip: Ipv4Addr,
}

impl Running {
    pub(crate) fn start(text: &str, ip: Ipv4Addr, folder: &Path, tap: Option<NetTap>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let config = CoreConfig::parse(text).unwrap();
        let seed = [ip.octets()[3]; 32];
        let process = runtime.block_on(start_core(&config, folder, Entropy::from_seed(seed), tap)).unwrap();
        Self { runtime, process: Some(process), ip }
    }

    /// A figure of a node from /metrics.
    pub(crate) fn figure(&self, node: &str, what: &str) -> u64 {
        figure(self.ip, node, what)
    }

    /// Ends in order.
    pub(crate) fn stop(mut self) {
        let process = self.process.take().unwrap();
        self.runtime.block_on(process.stop());
    }
}

/// A page of the process at an address.
pub(crate) fn page(ip: Ipv4Addr, path: &str) -> std::io::Result<String> {
    page_at(ip, 8080, path)
}

fn page_at(ip: Ipv4Addr, port: u16, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(SocketAddr::from((ip, port)))?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// A figure of a node there; 0 when it does not tell.
pub(crate) fn figure(ip: Ipv4Addr, node: &str, what: &str) -> u64 {
    figure_at(ip, 8080, node, what)
}

/// The same of a process with another port.
pub(crate) fn figure_at(ip: Ipv4Addr, port: u16, node: &str, what: &str) -> u64 {
    let text = page_at(ip, port, "/metrics").unwrap_or_default();
    let line = |line: &&str| line.contains(&format!("node=\"{node}\"")) && line.contains(&format!("what=\"{what}\""));
    let found = text.lines().find(line).and_then(|line| line.rsplit(' ').next()?.parse().ok());
    found.unwrap_or(0)
}
