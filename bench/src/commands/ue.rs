//! `castbench ue`: a simulated modem for other people's AT hosts.

mod carrier;
mod tun;

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use hil::port::{LiveModem, ModemEvent, ModemOrder, Port, PtyPort, SocketPort, serve_recorded};
use hil::record::RecordedPersonality;
use hil::sim::{Personality, Quirk, SimCell, SmsRefusal};

use self::carrier::Carrier;
use self::tun::Tun;
use crate::cli::UeArgs;
use crate::errors::{CommandError, Exit};

/// Runs `castbench ue`, until it is interrupted or told to quit.
///
/// # Errors
/// A personality or quirk that cannot be, a port that cannot be had or is gone.
pub fn ue(args: &UeArgs) -> Result<Exit, CommandError> {
    if args.quirks {
        let list: String = Quirk::ALL.map(|quirk| format!("{:28}{}\n", quirk.name(), quirk.describe())).concat();
        print_to_stdout(&list);
        return Ok(Exit::Pass);
    }
    let mut personality = args.personality.as_deref().map_or_else(|| Ok(Kind::default()), read_personality)?;
    for name in &args.quirk {
        let quirk = name.parse().map_err(CommandError::Usage)?;
        match &mut personality {
            Kind::Simulated(personality) => drop(personality.quirks.insert(quirk)),
            Kind::Recorded(_) => {
                return Err(CommandError::Usage(
                    "a modem that was recorded has the quirks that it had: no --quirk".into(),
                ));
            }
        }
    }
    if let Some(link) = &args.pty {
        let link = Some(link.as_path()).filter(|link| link.as_os_str() != "-");
        let why =
            |source| CommandError::Write { path: link.unwrap_or_else(|| Path::new("/dev/ptmx")).to_owned(), source };
        return serve(args, personality, PtyPort::new(link).map_err(why)?);
    }
    if let Some(path) = &args.unix {
        let why = |source| CommandError::Write { path: path.clone(), source };
        return serve(args, personality, SocketPort::unix(path).map_err(why)?);
    }
    let Some(address) = args.tcp else {
        return Err(CommandError::Usage("where is the modem to be? --pty, --tcp or --unix says it".into()));
    };
    let why = |e: io::Error| CommandError::Usage(format!("cannot listen on {address}: {e}"));
    serve(args, personality, SocketPort::tcp(address).map_err(why)?)
}

/// What a personality file has: how a modem is to behave, or what one said.
enum Kind {
    Simulated(Box<Personality>),
    Recorded(RecordedPersonality),
}

impl Default for Kind {
    fn default() -> Self {
        Self::Simulated(Box::default())
    }
}

fn read_personality(path: &Path) -> Result<Kind, CommandError> {
    let text = fs::read_to_string(path).map_err(|source| CommandError::Read { path: path.to_owned(), source })?;
    let wrong = |why: String| CommandError::Usage(format!("{}: {why}", path.display()));
    let is_recorded = text.parse::<toml::Table>().is_ok_and(|table| table.contains_key("recorded"));
    if is_recorded {
        return RecordedPersonality::parse(&text).map(Kind::Recorded).map_err(wrong);
    }
    toml::from_str(&text).map(|p| Kind::Simulated(Box::new(p))).map_err(|e| wrong(e.to_string()))
}

fn serve<P: Port>(args: &UeArgs, kind: Kind, mut port: P) -> Result<Exit, CommandError> {
    if matches!(kind, Kind::Recorded(_)) && (args.tun.is_some() || args.carrier.is_some()) {
        return Err(CommandError::Usage("a modem that was recorded has no receiver: no --carrier, no --tun".into()));
    }
    let tun = args.tun.as_deref().map(Tun::create).transpose()?;
    let carrier = args.carrier.as_deref().map(|path| Carrier::open(path, args)).transpose()?;
    print_to_stdout(&format!("modem {}\n", port.name()));
    let (orders, received) = channel();
    if let Some(carrier) = carrier {
        let orders = orders.clone();
        thread::spawn(move || carrier.listen(&orders));
    }
    thread::spawn(move || take_orders(&orders));
    let personality = match kind {
        Kind::Simulated(personality) => *personality,
        Kind::Recorded(personality) => {
            let ignored =
                |order: &ModemOrder| eprintln!("castbench: a modem that was recorded has no network: {order:?}");
            serve_recorded(personality, &mut port, &received, ignored)
                .map_err(|e| CommandError::Bench(format!("the port is gone: {e}")))?;
            return Ok(Exit::Pass);
        }
    };
    let mut modem = LiveModem::new(personality, Some(SimCell::default()), port);
    let mut tell = |event: ModemEvent| match (&tun, event) {
        (Some(tun), ModemEvent::MbmsDatagram(_, ip)) => tun.send(&ip),
        (_, event) => print_to_stdout(&format!("{}\n", describe(&event))),
    };
    modem.serve(&received, &mut tell).map_err(|e| CommandError::Bench(format!("the port is gone: {e}")))?;
    Ok(Exit::Pass)
}

/// Reads orders, a line each, until `quit`; at the end of the input the modem goes on.
fn take_orders(orders: &Sender<ModemOrder>) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        match order(line.trim()) {
            Ok(Some(order)) => {
                if orders.send(order).is_err() {
                    return;
                }
            }
            Ok(None) => {
                let _ = orders.send(ModemOrder::Quit);
                return;
            }
            Err(why) => eprintln!("castbench: {why}"),
        }
    }
    // Nobody can say quit any more.
    loop {
        thread::park();
    }
}

/// `None`: quit.
fn order(line: &str) -> Result<Option<ModemOrder>, String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let pdu = || {
        hex::decode(rest.trim())
            .ok()
            .filter(|pdu| !pdu.is_empty())
            .ok_or_else(|| format!("{rest:?} is no PDU: service centre and TPDU in hexadecimal"))
    };
    Ok(Some(match word {
        "quit" => return Ok(None),
        "sms" => ModemOrder::Sms(pdu()?),
        "report" => ModemOrder::StatusReport(pdu()?),
        "cell" if rest == "none" => ModemOrder::Cell(None),
        "cell" => {
            let mut cell = SimCell::default();
            if !rest.is_empty() {
                let level = rest.parse().ok().filter(|l: &f32| (-156.0..=-31.0).contains(l));
                cell.rsrp_dbm = level.ok_or_else(|| format!("{rest:?} is no RSRP: -156 to -31 dBm, or none"))?;
            }
            ModemOrder::Cell(Some(cell))
        }
        _ => return Err(format!("{line:?} is no order: sms HEX, report HEX, cell none, cell [RSRP], quit")),
    }))
}

fn describe(event: &ModemEvent) -> String {
    match event {
        ModemEvent::Connected => "host connected".into(),
        ModemEvent::Disconnected => "host gone".into(),
        ModemEvent::SmsSent(pdu) => format!("sms {}", hex::encode_upper(pdu)),
        ModemEvent::MbmsReceive(tmgis) => {
            let tmgis: String = tmgis.iter().map(|tmgi| format!(" {}", tmgi.to_hex())).collect();
            format!("mbms{}", if tmgis.is_empty() { " none" } else { &tmgis })
        }
        ModemEvent::MbmsDatagram(tmgi, ip) => format!("datagram {} {}", tmgi.to_hex(), hex::encode_upper(ip)),
        ModemEvent::SmsRefused(SmsRefusal::MemoryFull) => "sms refused: the memory is full".into(),
        ModemEvent::SmsRefused(SmsRefusal::NotAcknowledged) => "sms refused: the host did not acknowledge it".into(),
        ModemEvent::SmsRefused(SmsRefusal::Absent) => "sms refused: the modem is not registered".into(),
        ModemEvent::Radio(on) => format!("radio {}", if *on { "on" } else { "off" }),
        ModemEvent::Restarted => "restarted".into(),
    }
}

/// Whoever reads may have seen enough.
fn print_to_stdout(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read() {
        assert_eq!(order("quit"), Ok(None));
        assert_eq!(order("sms 0001"), Ok(Some(ModemOrder::Sms(vec![0, 1]))));
        assert_eq!(order("cell none"), Ok(Some(ModemOrder::Cell(None))));
        let Ok(Some(ModemOrder::Cell(Some(cell)))) = order("cell -101.5") else { panic!("a cell") };
        assert_eq!(cell.rsrp_dbm.to_bits(), (-101.5f32).to_bits());
        for wrong in ["", "sms", "sms 0x", "sms 012", "cell x", "cell 20", "dance"] {
            assert!(order(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn documented_orders_are_orders() {
        let doc = include_str!("../../../hil/doc/ue.md");
        let (_, orders) = doc.split_once("## Orders").unwrap();
        let (orders, _) = orders.split_once("## Quirks").unwrap();
        let rows: Vec<_> = orders.lines().filter_map(|row| Some(row.strip_prefix("| `")?.split_once('`')?.0)).collect();
        assert_eq!(rows.len(), 6);
        for row in rows {
            assert!(order(&row.replace("HEX", "00")).is_ok(), "{row}");
        }
        let words: Vec<_> = rows_of_help().collect();
        assert!(words.iter().all(|word| doc.contains(&format!("| `{word}"))), "{words:?}");
    }

    /// First words of the orders that `--help` lists.
    fn rows_of_help() -> impl Iterator<Item = &'static str> {
        crate::cli::UE_ORDERS.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
    }
}
