//! Everything about a modem but radio and messages: V.250 clause 6, TS 27.007 clauses 5, 8, 10.

use protocol::Instant;

use super::command_line::Operation;
use super::io::Reply;
use super::modem::{SimModem, numbers};
use super::output::Final;
use super::personality::Quirk;
use super::settings;

/// What `+CLAC` lists beside settings: what [`SimModem`] knows.
const COMMANDS: [&str; 67] = [
    "E", "V", "Q", "X", "Z", "H", "I", "&C", "&D", "&F", "&W", "S", "+CMEE", "+GCAP", "+GMI", "+GMM", "+GMR", "+GSN",
    "+CGMI", "+CGMM", "+CGMR", "+CGSN", "+CIMI", "+CCID", "+CNUM", "+CPIN", "+CPINR", "+CLCK", "+CFUN", "+CPAS",
    "+CLAC", "+CSCS", "+CREG", "+CGREG", "+CEREG", "+COPS", "+CSQ", "+CESQ", "+CIND", "+CGATT", "+CGACT", "+CGDCONT",
    "+CGPADDR", "+WS46", "+CCLK", "+CBC", "+CPBS", "+CPBR", "+CPOL", "+CLCC", "+CHUP", "+CSIM", "+CRSM", "+CCHO",
    "+CCHC", "+CGLA", "+CUAD", "+CMGF", "+CSMS", "+CPMS", "+CNMI", "+CSCA", "+CMGL", "+CMGR", "+CMGD", "+CMGS",
    "+CNMA",
];

impl SimModem {
    pub(super) fn general_command(&mut self, now: Instant, name: &str, operation: &Operation) -> Reply {
        match (name, operation) {
            ("E" | "V" | "Q" | "X" | "H" | "&C" | "&D" | "&W" | "&K" | "&S" | "L" | "M", _) => {
                self.basic(name, operation)
            }
            ("Z" | "&F", _) => {
                self.reset_format();
                Reply::ok()
            }
            ("I", _) => {
                let p = &self.personality;
                let imei = &p.imei;
                Reply::line(format!("{}\n{}\nRevision: {}\nIMEI: {imei}", p.manufacturer, p.model, p.revision))
            }
            ("+CGMI" | "+GMI" | "+CGMM" | "+GMM" | "+CGMR" | "+GMR" | "+CGSN" | "+GSN", Operation::Test) => Reply::ok(),
            ("+CGMI" | "+GMI", Operation::Execute) => Reply::line(&self.personality.manufacturer),
            ("+CGMM" | "+GMM", Operation::Execute) => Reply::line(&self.personality.model),
            ("+CGMR" | "+GMR", Operation::Execute) => Reply::line(&self.personality.revision),
            ("+CGSN" | "+GSN", Operation::Execute) => {
                let imei = &self.personality.imei;
                let decorated = self.personality.has(Quirk::ImeiDecorated);
                Reply::line(if decorated { format!("+CGSN: IMEI{imei}") } else { imei.clone() })
            }
            ("+GCAP", Operation::Execute) => Reply::line("+GCAP: +CGSM,+CLTE"),
            ("+CLAC", Operation::Execute) => {
                let known = COMMANDS.into_iter().chain(settings::names()).map(str::to_owned);
                Reply::Lines(known.chain(self.embms_names()).collect())
            }
            ("+CMEE", Operation::Read) => Reply::line(format!("+CMEE: {}", self.writer.format.cmee)),
            ("+CMEE", Operation::Test) => Reply::line("+CMEE: (0-2)"),
            ("+CMEE", Operation::Set(value)) => match value.as_str() {
                "0" | "1" | "2" => {
                    self.writer.format.cmee = value.parse().unwrap_or_default();
                    Reply::ok()
                }
                _ => Reply::incorrect_parameters(),
            },
            ("+CSCS", Operation::Read) => Reply::line(format!("+CSCS: \"{}\"", self.charset)),
            ("+CSCS", Operation::Test) => Reply::line("+CSCS: (\"GSM\",\"IRA\",\"UCS2\")"),
            ("+CSCS", Operation::Set(value)) => match value.trim_matches('"') {
                charset @ ("GSM" | "IRA" | "UCS2") => {
                    charset.clone_into(&mut self.charset);
                    Reply::ok()
                }
                _ => Reply::incorrect_parameters(),
            },
            ("+CFUN", _) => self.functionality_command(operation),
            ("+CPAS", Operation::Execute) => Reply::line("+CPAS: 0"),
            ("+CPAS", Operation::Test) => Reply::line("+CPAS: (0,2)"),
            ("+WS46", Operation::Test) => Reply::line("+WS46: (28)"),
            ("+WS46", Operation::Read) => Reply::line("+WS46: 28"),
            ("+WS46", Operation::Set(value)) if value == "28" => Reply::ok(),
            ("+CPIN" | "+CIMI" | "+CCID" | "+CNUM" | "+CLCK" | "+CPINR", _) => self.sim_command(now, name, operation),
            ("+CIND", Operation::Test) => Reply::line("+CIND: (\"signal\",(0-5)),(\"service\",(0,1)),(\"roam\",(0,1))"),
            ("+CIND", Operation::Read) => {
                let served = u8::from(self.cell.is_some() && self.functionality == 1);
                Reply::line(format!("+CIND: {},{served},0", 4 * served))
            }
            ("+CGATT" | "+CGACT" | "+CGPADDR", _) => self.packet_command(name, operation),
            _ => self.setting_command(now, name, operation).unwrap_or_else(|| self.unknown()),
        }
    }

    fn basic(&mut self, name: &str, operation: &Operation) -> Reply {
        let value = match operation {
            Operation::Execute => 0,
            Operation::Set(value) => match value.parse::<u8>() {
                Ok(value) => value,
                Err(_) => return Reply::Final(Final::Error),
            },
            Operation::Read | Operation::Test => return Reply::Final(Final::Error),
        };
        let format = &mut self.writer.format;
        match (name, value) {
            ("E", 0 | 1) => format.echo = value == 1,
            ("V", 0 | 1) => format.verbose = value == 1,
            ("Q", 0 | 1) => format.quiet = value == 1,
            ("E" | "V" | "Q", _) => return Reply::Final(Final::Error),
            _ => {}
        }
        Reply::ok()
    }

    fn functionality_command(&mut self, operation: &Operation) -> Reply {
        match operation {
            Operation::Test => Reply::line("+CFUN: (0,1,4),(0,1)"),
            Operation::Read => {
                let reset = if self.personality.has(Quirk::CfunWithReset) { ",0" } else { "" };
                Reply::line(format!("+CFUN: {}{reset}", self.functionality))
            }
            Operation::Set(value) => match numbers(value).as_deref() {
                Some([Some(1), Some(1)]) => {
                    self.restarts = true;
                    Reply::ok()
                }
                Some([Some(functionality @ (0 | 1 | 4))] | [Some(functionality @ (0 | 1 | 4)), Some(0)]) => {
                    self.set_functionality(*functionality as u8);
                    Reply::ok()
                }
                _ => Reply::incorrect_parameters(),
            },
            Operation::Execute => self.unknown(),
        }
    }

    fn sim_command(&mut self, now: Instant, name: &str, operation: &Operation) -> Reply {
        match (name, operation, self.sim_ready(now)) {
            ("+CPIN", Operation::Test, _) => Reply::ok(),
            ("+CPIN", Operation::Read, Err(Final::Cme(11))) => Reply::line("+CPIN: SIM PIN"),
            ("+CPIN", Operation::Set(pin), Err(Final::Cme(11))) => {
                if self.personality.sim.pin.as_deref() == Some(pin.trim_matches('"')) {
                    self.pin_needed = false;
                    return Reply::ok();
                }
                Reply::Final(Final::Cme(16))
            }
            (_, _, Err(cause)) => Reply::Final(cause),
            ("+CPIN", Operation::Read, Ok(())) => Reply::line("+CPIN: READY"),
            ("+CPIN", Operation::Set(_), Ok(())) => Reply::Final(Final::Cme(3)),
            ("+CPINR", _, Ok(())) => Reply::Lines(vec!["+CPINR: SIM PIN,3,3".into(), "+CPINR: SIM PUK,10,10".into()]),
            ("+CIMI", Operation::Execute, Ok(())) => Reply::line(&self.personality.sim.imsi),
            ("+CIMI", Operation::Test, Ok(())) => Reply::ok(),
            ("+CCID", Operation::Execute | Operation::Read, Ok(())) => {
                Reply::line(format!("+CCID: {}", self.personality.sim.iccid))
            }
            ("+CNUM", Operation::Execute, Ok(())) => {
                Reply::line(format!("+CNUM: ,\"+{}\",145", self.personality.sim.msisdn))
            }
            ("+CNUM", Operation::Test, Ok(())) => Reply::ok(),
            ("+CLCK", Operation::Test, Ok(())) => Reply::line("+CLCK: (\"SC\")"),
            // <mode> 2: is the facility locked?
            ("+CLCK", Operation::Set(value), Ok(())) if value.starts_with("\"SC\",2") => {
                Reply::line(format!("+CLCK: {}", u8::from(self.personality.sim.pin.is_some())))
            }
            _ => self.unknown(),
        }
    }

    fn packet_command(&self, name: &str, operation: &Operation) -> Reply {
        let attached = self.cell.is_some() && self.functionality == 1;
        match (name, operation) {
            ("+CGATT", Operation::Read) => Reply::line(format!("+CGATT: {}", u8::from(attached))),
            ("+CGATT", Operation::Test) => Reply::line("+CGATT: (0,1)"),
            ("+CGATT", Operation::Set(value)) if value == "1" && attached => Reply::ok(),
            ("+CGACT", Operation::Read) => Reply::line(format!("+CGACT: 1,{}", u8::from(attached))),
            ("+CGACT", Operation::Test) => Reply::line("+CGACT: (0,1)"),
            ("+CGATT", Operation::Set(value)) if value == "0" => Reply::ok(),
            ("+CGACT", Operation::Set(value)) if attached && value.starts_with(['0', '1']) => Reply::ok(),
            ("+CGPADDR", Operation::Test) => Reply::line("+CGPADDR: (1)"),
            ("+CGPADDR", Operation::Execute | Operation::Set(_)) => Reply::line("+CGPADDR: 1"),
            _ => self.unknown(),
        }
    }
}
