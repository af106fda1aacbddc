//! What hosts set and read without anything coming of it here: TS 27.007 settings of voice, displays and reports, and
//! the few answers that go with them.

use std::collections::BTreeMap;

use protocol::Instant;

use super::super::date;
use super::command_line::Operation;
use super::io::Reply;
use super::modem::SimModem;
use crate::at::{Param, parse_params};

/// A setting: name, ranges, value after power-up, what a read answers behind it.
type Setting = (&'static str, &'static str, &'static str, &'static str);

/// Settings with the clauses of TS 27.007 (V.250 for `+IFC`, TS 27.005 for the last three).
const SETTINGS: [Setting; 24] = [
    ("+CRC", "(0,1)", "0", ""),                                     // 6.11
    ("+CVHU", "(0-2)", "0", ""),                                    // 6.20
    ("+CLIP", "(0,1)", "0", ",2"),                                  // 7.6: <m> 2, not known
    ("+COLP", "(0,1)", "0", ",2"),                                  // 7.8
    ("+CCWA", "(0,1)", "0", ""),                                    // 7.12
    ("+CUSD", "(0-2)", "0", ""),                                    // 7.15
    ("+CAOC", "(0-2)", "1", ""),                                    // 7.16
    ("+CSSN", "(0,1),(0,1)", "0,0", ""),                            // 7.17
    ("+CPLS", "(0-2)", "0", ""),                                    // 7.20
    ("+CTZU", "(0,1)", "0", ""),                                    // 8.40
    ("+CTZR", "(0-2)", "0", ""),                                    // 8.41
    ("+CMER", "(0-3),(0),(0),(0,1),(0,1)", "0,0,0,0,0", ""),        // 8.10
    ("+CLVL", "(0-5)", "3", ""),                                    // 8.23
    ("+CMUT", "(0,1)", "0", ""),                                    // 8.24
    ("+CCWE", "(0,1)", "0", ""),                                    // 8.28
    ("+CGEREP", "(0-2),(0,1)", "0,0", ""),                          // 10.1.19
    ("+CGAUTO", "(0-3)", "0", ""),                                  // 10.1.17
    ("+CGSMS", "(0-3)", "3", ""),                                   // 10.1.21
    ("+CEMODE", "(0-3)", "2", ""),                                  // 10.1.28
    ("+IFC", "(0-2),(0-2)", "2,2", ""),                             // V.250 6.2.12
    ("+CSCB", "(0,1),,", "0,\"\",\"\"", ""),                        // 27.005 3.3.4
    ("+CSMP", "(0-255),(0-255),(0-255),(0-255)", "17,167,0,0", ""), // 27.005 3.3.2
    ("+CMMS", "(0-2)", "0", ""),                                    // 27.005 3.5.6
    ("+CGPIAF", "(0,1),(0,1),(0,1),(0,1)", "0,0,0,0", ""),          // 10.1.30
];

/// Names of settings, for `+CLAC`.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|setting| setting.0)
}

/// What has been set.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    values: BTreeMap<&'static str, String>,
    /// `+CCLK`: seconds since 1970 at power-up.
    clock: Option<u64>,
    /// `+CGDCONT`: contexts by `<cid>`, the rest as it was given.
    contexts: BTreeMap<u8, String>,
}

/// Where the clock begins: 1980-01-06, as no network tells it.
const CLOCK_START: u64 = 315_964_800;
const DEFAULT_CONTEXT: &str = "\"IPV4V6\",\"internet\",\"\",0,0";
const MAX_CONTEXT: u8 = 8;

impl SimModem {
    /// `None`: it is none of these.
    pub(super) fn setting_command(&mut self, now: Instant, name: &str, operation: &Operation) -> Option<Reply> {
        if let Some(setting) = SETTINGS.iter().find(|setting| setting.0 == name) {
            return Some(self.setting(setting, operation));
        }
        Some(match (name, operation) {
            ("+CCLK", _) => self.clock(now, operation),
            ("+CGDCONT", _) => self.contexts(operation),
            ("+CBC", Operation::Execute) => Reply::line("+CBC: 0,100"),
            ("+CBC", Operation::Test) => Reply::line("+CBC: (0-3),(0-100)"),
            // The phone book of the SIM is empty.
            ("+CPBS", Operation::Read) => Reply::line("+CPBS: \"SM\",0,10"),
            ("+CPBS", Operation::Test) => Reply::line("+CPBS: (\"SM\")"),
            ("+CPBS", Operation::Set(value)) if value.trim_matches('"') == "SM" => Reply::ok(),
            ("+CPBR", Operation::Test) => Reply::line("+CPBR: (1-10),20,14"),
            ("+CPBR", Operation::Set(value)) => {
                let indices: Option<Vec<u8>> = parse_params(value).iter().map(Param::number).collect();
                let is_there = indices.is_some_and(|i| matches!(i[..], [1..=10] | [1..=10, 1..=10]));
                if is_there { Reply::ok() } else { Reply::incorrect_parameters() }
            }
            // No preferred operators, no calls.
            ("+CPOL", Operation::Read) | ("+CLCC" | "+CHUP", Operation::Execute) => Reply::ok(),
            ("+CPOL", Operation::Test) => Reply::line("+CPOL: (1-10),(0-2)"),
            ("+CLCC" | "+CHUP", Operation::Test) => Reply::ok(),
            _ => return None,
        })
    }

    fn setting(&mut self, (name, ranges, at_first, behind): &Setting, operation: &Operation) -> Reply {
        let value = self.settings.values.get(name).map_or(*at_first, String::as_str);
        match operation {
            Operation::Test => Reply::line(format!("{name}: {ranges}")),
            Operation::Read => Reply::line(format!("{name}: {value}{behind}")),
            Operation::Execute => Reply::ok(),
            Operation::Set(wanted) => {
                let (wanted, ranges, value) = (parse_params(wanted), parse_params(ranges), parse_params(value));
                // Parameters that are left out stay as they are; those behind the ranges are for calls, which there are none of.
                let fits = |(wanted, range): (&Param, &Param)| {
                    *wanted == Param::Empty
                        || *range == Param::Empty
                        || wanted.number().is_some_and(|v| range.admits(v))
                };
                if wanted.is_empty() || !wanted.iter().zip(&ranges).all(fits) {
                    return Reply::incorrect_parameters();
                }
                let text = |i: usize| match (wanted.get(i), value.get(i)) {
                    (Some(Param::Quoted(text)), _) | (None | Some(Param::Empty), Some(Param::Quoted(text))) => {
                        format!("\"{text}\"")
                    }
                    (Some(Param::Bare(text)), _) | (_, Some(Param::Bare(text))) => text.clone(),
                    _ => String::new(),
                };
                let joined = (0..ranges.len()).map(text).collect::<Vec<_>>().join(",");
                self.settings.values.insert(name, joined);
                Reply::ok()
            }
        }
    }

    /// `+CCLK` (clause 8.15): a clock that runs from power-up on, or from when it was set.
    fn clock(&mut self, now: Instant, operation: &Operation) -> Reply {
        let run = now.as_secs_f64() as u64;
        match operation {
            Operation::Read => {
                let seconds = self.settings.clock.unwrap_or(CLOCK_START) + run;
                let (year, month, day) = date::of_day(seconds / 86_400);
                let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
                let year = year % 100;
                Reply::line(format!("+CCLK: \"{year:02}/{month:02}/{day:02},{hour:02}:{minute:02}:{second:02}+00\""))
            }
            Operation::Set(value) => match seconds_of(value.trim_matches('"')) {
                Some(seconds) => {
                    self.settings.clock = Some(seconds.saturating_sub(run));
                    Reply::ok()
                }
                None => Reply::incorrect_parameters(),
            },
            Operation::Test => Reply::ok(),
            Operation::Execute => self.unknown(),
        }
    }

    /// `+CGDCONT` (clause 10.1.1): contexts are kept as they are given.
    fn contexts(&mut self, operation: &Operation) -> Reply {
        match operation {
            Operation::Read => {
                let contexts = &mut self.settings.contexts;
                if contexts.is_empty() {
                    contexts.insert(1, DEFAULT_CONTEXT.into());
                }
                Reply::Lines(contexts.iter().map(|(cid, rest)| format!("+CGDCONT: {cid},{rest}")).collect())
            }
            Operation::Test => {
                let line = |kind| format!("+CGDCONT: (1-{MAX_CONTEXT}),\"{kind}\",,,(0),(0)");
                Reply::Lines(["IP", "IPV6", "IPV4V6"].map(line).into())
            }
            Operation::Set(value) => {
                let (cid, rest) = value.split_once(',').unwrap_or((value, ""));
                let Some(cid) = cid.trim().parse().ok().filter(|cid| (1..=MAX_CONTEXT).contains(cid)) else {
                    return Reply::incorrect_parameters();
                };
                if rest.is_empty() {
                    self.settings.contexts.remove(&cid);
                } else {
                    let mut params: Vec<&str> = rest.split(',').collect();
                    let defaults = ["\"IP\"", "\"\"", "\"\"", "0", "0"];
                    params.extend(defaults.iter().skip(params.len()));
                    self.settings.contexts.insert(cid, params.join(","));
                }
                Reply::ok()
            }
            Operation::Execute => self.unknown(),
        }
    }
}

/// `yy/MM/dd,hh:mm:ss`; a time zone behind it is kept out of account.
fn seconds_of(text: &str) -> Option<u64> {
    let two = |at: usize| text.get(at..at + 2)?.parse::<u64>().ok();
    let (month, day) = (two(3)?, two(6)?);
    let (hour, minute, second) = (two(9)?, two(12)?, two(15)?);
    if !((1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 60) {
        return None;
    }
    Some(date::day(2000 + two(0)?, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}
