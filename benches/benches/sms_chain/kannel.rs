//! Debian's kannel as a relay: its bearerbox binds to two message centres, and sends to the one what comes from the other.
//! Debian has no box of kannel that ESMEs bind to.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use protocol::smpp::SmppRole;
use tokio::net::TcpListener;

use crate::Figures;
use crate::live::Running;
use crate::ports::free_port;
use crate::relay::relay;
use crate::smpp::Link;

const SETTLING: Duration = Duration::from_secs(2);

/// Where the program is, if it is here.
pub(crate) fn bearerbox() -> Option<String> {
    let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/lib/kannel"];
    places.map(|folder| format!("{folder}/bearerbox")).into_iter().find(|path| Path::new(path).exists())
}

pub(crate) async fn measure(program: &str, folder: &Path, messages: usize, window: usize) -> Result<Figures, String> {
    let named = |why: std::io::Error| format!("kannel: {why}");
    let [from, to] = [free_port(), free_port()];
    let source = TcpListener::bind(("127.0.0.1", from)).await.map_err(named)?;
    let sink = TcpListener::bind(("127.0.0.1", to)).await.map_err(named)?;
    std::fs::create_dir_all(folder.join("spool")).map_err(named)?;
    std::fs::write(folder.join("kannel.conf"), config(from, to, window)).map_err(named)?;
    let mut command = Command::new(program);
    // What it has to say besides is in its log.
    command.current_dir(folder).arg("kannel.conf").stderr(Stdio::null());
    let running = Running::start(command)?;
    let (source, sink) = tokio::try_join!(Link::accept(&source, window), Link::accept(&sink, window))
        .map_err(|why| format!("kannel: {why}\n{}", log(folder)))?;
    // Until it has taken note that it is bound everywhere, messages find no way out.
    tokio::time::sleep(SETTLING).await;
    let (begin, cpu_s) = (Instant::now(), running.cpu_s()?);
    let times_s = relay(SmppRole::MessageCentre, source, sink, messages, window)
        .await
        .map_err(|why| format!("kannel: {why}\n{}", log(folder)))?;
    let seconds = begin.elapsed().as_secs_f64();
    Ok(Figures { messages, seconds, cpu_s: running.cpu_s()? - cpu_s, commits: None, times_s })
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("bearerbox.log")).unwrap_or_default()
}

/// Errors alone are logged, as by the core. bearerbox does not start without a group for an smsbox, which nobody runs.
fn config(from: u16, to: u16, window: usize) -> String {
    let (admin, boxes) = (free_port(), free_port());
    let mut text = format!(
        "group = core\nadmin-port = {admin}\nadmin-interface = 127.0.0.1\nadmin-password = secret\nsmsbox-port = {boxes}\n\
         smsbox-interface = 127.0.0.1\nbox-allow-ip = \"127.0.0.1\"\nlog-file = \"bearerbox.log\"\nlog-level = 3\n\
         store-type = spool\nstore-location = \"spool\"\n\n\
         group = smsbox\nbearerbox-host = 127.0.0.1\n"
    );
    for (name, port, more) in [("from", from, "reroute-smsc-id = to\n"), ("to", to, "")] {
        let _ = write!(
            text,
            "\ngroup = smsc\nsmsc = smpp\nsmsc-id = {name}\nhost = 127.0.0.1\nport = {port}\ntransceiver-mode = true\n\
             smsc-username = kannel\nsmsc-password = secret\nsystem-type = \"\"\naddress-range = \"\"\n\
             max-pending-submits = {window}\nreconnect-delay = 1\nallowed-smsc-id = {name}\n{more}"
        );
    }
    text
}
