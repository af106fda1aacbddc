//! Operators: `+COPS`, TS 27.007 clause 7.3.

use std::time::Duration;

use super::super::params::{Param, parse_params};
use super::registration::AccessTechnology;
use super::{AtCommand, AtError, AtResponse, Request, first};

/// A scan takes up to three minutes.
const SCAN_TIME_LIMIT: Duration = Duration::from_secs(180);

/// `<stat>` of a scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OperatorStatus {
    /// 0.
    Unknown,
    /// 1.
    Available,
    /// 2.
    Current,
    /// 3.
    Forbidden,
}

/// An operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operator {
    /// Availability; of the one in use `Current`.
    pub status: OperatorStatus,
    /// Long, short and numeric name, as far as told.
    pub names: Vec<String>,
    /// Access technology.
    pub access_technology: Option<AccessTechnology>,
}

impl Operator {
    /// MCC and MNC, five or six digits, if told.
    pub fn plmn(&self) -> Option<&str> {
        let is_plmn = |name: &&String| matches!(name.len(), 5 | 6) && name.bytes().all(|b| b.is_ascii_digit());
        self.names.iter().find(is_plmn).map(String::as_str)
    }
}

/// `+COPS?`: the operator in use, none when there is none. Its form is that of the last `+COPS=3,<format>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadOperator;

/// `+COPS=?`: all there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScanOperators;

impl Request for ReadOperator {
    type Answer = Option<Operator>;

    fn command(&self) -> AtCommand {
        AtCommand::new("+COPS?").answered_by("+COPS")
    }

    fn answer(&self, response: &AtResponse) -> Result<Self::Answer, AtError> {
        first(self, response, |text| {
            let params = parse_params(text);
            params.first()?.number::<u8>()?; // <mode>
            let Some(name) = params.get(2).and_then(Param::text) else { return Some(None) };
            let access_technology = params.get(3).and_then(|p| AccessTechnology::new(p.number()?));
            Some(Some(Operator { status: OperatorStatus::Current, names: vec![name.to_owned()], access_technology }))
        })
    }
}

impl Request for ScanOperators {
    type Answer = Vec<Operator>;

    fn command(&self) -> AtCommand {
        AtCommand::new("+COPS=?").answered_by("+COPS").abortable().time_limit(SCAN_TIME_LIMIT)
    }

    fn answer(&self, response: &AtResponse) -> Result<Self::Answer, AtError> {
        first(self, response, |text| {
            // After an empty parameter come the lists of supported modes and formats.
            let lists = parse_params(text).into_iter().take_while(|p| *p != Param::Empty);
            lists
                .map(|list| {
                    let Param::List(params) = list else { return None };
                    let status = match params.first()?.number::<u8>()? {
                        0 => OperatorStatus::Unknown,
                        1 => OperatorStatus::Available,
                        2 => OperatorStatus::Current,
                        3 => OperatorStatus::Forbidden,
                        _ => return None,
                    };
                    let names = params.iter().skip(1).take(3).filter_map(Param::text);
                    Some(Operator {
                        status,
                        names: names.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
                        access_technology: params.get(4).and_then(|p| AccessTechnology::new(p.number()?)),
                    })
                })
                .collect()
        })
    }
}
