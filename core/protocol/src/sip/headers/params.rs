//! Parameters of headers and URIs: `;name=value`, in order, values as written (RFC 3261 clause 25.1, `generic-param`).

use std::borrow::Cow;
use std::fmt;

use crate::sip::SipProblem;
use crate::sip::text::{Scan, quote, unquote};

/// One parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Param {
    /// Its name as written.
    pub name: String,
    /// Its value as written, quotes and escapes included; `None` for a flag.
    pub value: Option<String>,
}

/// Parameters in order. Names compare without case.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Params(Vec<Param>);

impl Params {
    /// No parameters.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Reads `;name=value;flag` up to the end of `text`, a part of `what`.
    pub fn parse(text: &str, what: &'static str) -> Result<Self, SipProblem> {
        Self::scan(&mut Scan::new(text), what)
    }

    /// Reads parameters that start with `;` up to the end.
    pub(in crate::sip) fn scan(scan: &mut Scan<'_>, what: &'static str) -> Result<Self, SipProblem> {
        let mut params = Self::new();
        while let Some((name, value)) = Param::next(scan, what)? {
            params.add(Param { name: name.to_owned(), value: value.map(ToOwned::to_owned) }, what)?;
        }
        Ok(params)
    }

    /// What [`Self::scan`] checks, without keeping anything.
    pub(in crate::sip) fn check(scan: &mut Scan<'_>, what: &'static str) -> Result<(), SipProblem> {
        let mut names = Vec::new();
        while let Some((name, _)) = Param::next(scan, what)? {
            Self::check_next(&mut names, name, what)?;
        }
        Ok(())
    }

    /// The value of `name` alone.
    pub(in crate::sip) fn find_in<'a>(
        scan: &mut Scan<'a>,
        name: &str,
        what: &'static str,
    ) -> Result<Option<&'a str>, SipProblem> {
        while let Some((own, value)) = Param::next(scan, what)? {
            if own.eq_ignore_ascii_case(name) {
                return Ok(value);
            }
        }
        Ok(None)
    }

    /// Adds a parameter that was read: no name twice (RFC 3261 clauses 7.3.1, 19.1.1), and no more than anybody needs.
    pub(in crate::sip) fn add(&mut self, param: Param, what: &'static str) -> Result<(), SipProblem> {
        may_follow(self.0.len(), self.has(&param.name), &param.name, what)?;
        self.0.push(param);
        Ok(())
    }

    /// The same of a name alone.
    pub(in crate::sip) fn check_next<'a>(
        names: &mut Vec<&'a str>,
        name: &'a str,
        what: &'static str,
    ) -> Result<(), SipProblem> {
        may_follow(names.len(), names.iter().any(|own| own.eq_ignore_ascii_case(name)), name, what)?;
        names.push(name);
        Ok(())
    }

    /// The first of `name`: `Some(None)` is a flag.
    pub fn find(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|param| param.name.eq_ignore_ascii_case(name))
    }

    /// The value of `name` as written.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name)?.value.as_deref()
    }

    /// The value of `name` without quotes and escapes.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(unquote)
    }

    /// True when `name` is there, with a value or without.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Gives `name` the value `value`, which must be fit to stand as it is (a token, a host, a quoted string).
    pub fn set(&mut self, name: &str, value: &str) {
        self.put(name, Some(value.to_owned()));
    }

    /// Gives `name` the value `text` in quotes.
    pub fn set_quoted(&mut self, name: &str, text: &str) {
        self.put(name, Some(quote(text)));
    }

    /// Adds `name` without a value.
    pub fn set_flag(&mut self, name: &str) {
        self.put(name, None);
    }

    /// The same with `name` set to `value`.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// The same with the flag `name`.
    #[must_use]
    pub fn with_flag(mut self, name: &str) -> Self {
        self.set_flag(name);
        self
    }

    /// Adds a parameter after the others, a second one of its name too.
    pub fn push(&mut self, param: Param) {
        self.0.push(param);
    }

    /// Removes `name`; true when it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|param| !param.name.eq_ignore_ascii_case(name));
        before != self.0.len()
    }

    /// All in order.
    pub fn iter(&self) -> impl Iterator<Item = &Param> {
        self.0.iter()
    }

    /// True without parameters.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::sip) fn write_to(&self, f: &mut impl fmt::Write) -> fmt::Result {
        self.0.iter().try_for_each(|param| {
            f.write_str(";")?;
            f.write_str(&param.name)?;
            match &param.value {
                Some(value) => f.write_str("=").and_then(|()| f.write_str(value)),
                None => Ok(()),
            }
        })
    }

    fn put(&mut self, name: &str, value: Option<String>) {
        match self.0.iter_mut().find(|param| param.name.eq_ignore_ascii_case(name)) {
            Some(param) => param.value = value,
            None => self.0.push(Param { name: name.to_owned(), value }),
        }
    }
}

impl Param {
    /// The next `;name`, or `;name = value`; a value is a token, a host (brackets and colons) or a quoted string.
    fn next<'a>(scan: &mut Scan<'a>, what: &'static str) -> Result<Option<(&'a str, Option<&'a str>)>, SipProblem> {
        if scan.is_done() {
            return Ok(None);
        }
        if !scan.eat(';') {
            return Err(SipProblem::bad(what, format!("';' expected before '{}'", shown(scan.rest()))));
        }
        Self::read(scan, what).map(Some)
    }

    fn read<'a>(scan: &mut Scan<'a>, what: &'static str) -> Result<(&'a str, Option<&'a str>), SipProblem> {
        scan.space();
        let name = scan.token().ok_or_else(|| SipProblem::bad(what, "a parameter has no name"))?;
        if !scan.eat('=') {
            return Ok((name, None));
        }
        let value = match scan.quoted() {
            Some(quoted) => quoted,
            None => scan.until(|b| b.is_ascii_control() || b" \t;,\"<>?=".contains(&b)),
        };
        if value.is_empty() {
            return Err(SipProblem::bad(what, format!("the parameter {name} has '=' and no value")));
        }
        Ok((name, Some(value)))
    }

    /// A parameter without the `;` before it.
    pub(in crate::sip) fn scan(scan: &mut Scan<'_>, what: &'static str) -> Result<Self, SipProblem> {
        let (name, value) = Self::read(scan, what)?;
        Ok(Self { name: name.to_owned(), value: value.map(ToOwned::to_owned) })
    }
}

fn may_follow(others: usize, is_there: bool, name: &str, what: &'static str) -> Result<(), SipProblem> {
    if others >= MAX_PARAMS {
        return Err(SipProblem::bad(what, format!("more than {MAX_PARAMS} parameters")));
    }
    if is_there {
        return Err(SipProblem::bad(what, format!("the parameter {name} is there twice")));
    }
    Ok(())
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Of one value. It bounds what comparing each with each costs.
const MAX_PARAMS: usize = 64;

/// A few characters of `text` for an error message.
pub(in crate::sip) fn shown(text: &str) -> String {
    text.chars().take(20).collect()
}
