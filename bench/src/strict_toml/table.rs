//! A TOML table that is asked for each key that it may have.

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Note;
use super::{MAX_EXCERPT, nearest};

/// A table that is being read.
pub(crate) struct Table<'a> {
    text: &'a str,
    entries: &'a DeTable<'a>,
    span: Range<usize>,
    name: &'a str,
    asked: Vec<&'static str>,
    missing: Vec<Missing>,
    kind_is_wrong: bool,
    notes: &'a mut Vec<Note>,
}

impl<'a> Table<'a> {
    pub(super) fn read<T>(
        text: &'a str,
        entries: &'a DeTable<'a>,
        span: Range<usize>,
        name: &'a str,
        notes: &'a mut Vec<Note>,
        read: impl FnOnce(&mut Table<'_>) -> T,
    ) -> T {
        let mut table =
            Table { text, entries, span, name, asked: Vec::new(), missing: Vec::new(), kind_is_wrong: false, notes };
        let value = read(&mut table);
        table.finish();
        value
    }

    /// True when the key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// A text of at least one character on one line.
    pub(crate) fn text(&mut self, key: &'static str) -> String {
        self.required(key, "a text on one line", one_line)
    }

    /// A text of at least one character on one line, or `default`.
    pub(crate) fn text_or(&mut self, key: &'static str, default: impl FnOnce() -> String) -> String {
        self.optional(key, "a text on one line", one_line).unwrap_or_else(default)
    }

    /// A text of at least one character on one line, if the key is there.
    pub(crate) fn optional_text(&mut self, key: &'static str) -> Option<String> {
        self.optional(key, "a text on one line", one_line)
    }

    /// A text on one line that is `right`; `allowed` says what that is.
    pub(crate) fn text_that(&mut self, key: &'static str, allowed: &str, right: impl FnOnce(&str) -> bool) -> String {
        self.required(key, allowed, |v| one_line(v).filter(|text| right(text)))
    }

    /// As [`Self::text_that`], if the key is there.
    pub(crate) fn optional_text_that(
        &mut self,
        key: &'static str,
        allowed: &str,
        right: impl FnOnce(&str) -> bool,
    ) -> Option<String> {
        self.optional(key, allowed, |v| one_line(v).filter(|text| right(text)))
    }

    /// Texts on one line each; none if the key is not there.
    pub(crate) fn optional_texts(&mut self, key: &'static str) -> Vec<String> {
        let list = |v: &DeValue<'_>| v.as_array()?.iter().map(|v| one_line(v.get_ref())).collect();
        self.optional(key, "a list of texts on one line each", list).unwrap_or_default()
    }

    /// A name, which also is a file's or a folder's: letters, digits, `_`, `-`, `.`, the first no `.`.
    pub(crate) fn name(&mut self, key: &'static str) -> String {
        self.required(key, "1 to 64 letters, digits, '_', '-', '.', the first no '.'", |v| {
            v.as_str()
                .filter(|s| (1..=64).contains(&s.len()) && !s.starts_with('.'))
                .filter(|s| s.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b)))
                .map(str::to_owned)
        })
    }

    /// A key that may be there and is not.
    pub(crate) fn absent<T>(&mut self, key: &'static str) -> Option<T> {
        self.asked.push(key);
        None
    }

    /// A key that other tables of the kind have, and this one has not; `why` says so with what is allowed.
    pub(crate) fn refused(&mut self, key: &'static str, why: &str) {
        self.asked.push(key);
        if let Some(value) = self.entries.get(key) {
            self.note(value.span(), format!("{key} {why}"));
        }
    }

    /// An integer of a range.
    pub(crate) fn integer<T: Whole>(&mut self, key: &'static str, range: RangeInclusive<T>) -> T {
        let allowed = format!("{} to {}", range.start(), range.end());
        self.required(key, &allowed, |v| whole(v).filter(|n| range.contains(n)))
    }

    /// An integer of a range, if the key is there.
    pub(crate) fn optional_integer<T: Whole>(&mut self, key: &'static str, range: RangeInclusive<T>) -> Option<T> {
        let allowed = format!("{} to {}", range.start(), range.end());
        self.optional(key, &allowed, |v| whole(v).filter(|n| range.contains(n)))
    }

    /// Integers of a range; none if the key is not there.
    pub(crate) fn optional_integers<T: Whole>(&mut self, key: &'static str, range: RangeInclusive<T>) -> Vec<T> {
        let allowed = format!("a list of integers from {} to {}", range.start(), range.end());
        let one = |v: &DeValue<'_>| whole(v).filter(|n| range.contains(n));
        let list = |v: &DeValue<'_>| v.as_array()?.iter().map(|v| one(v.get_ref())).collect();
        self.optional(key, &allowed, list).unwrap_or_default()
    }

    /// One integer of a list.
    pub(crate) fn one_of<T: Whole>(&mut self, key: &'static str, values: &[T]) -> T {
        self.required(key, &join(values), |v| whole(v).filter(|n| values.contains(n)))
    }

    /// One integer of a list, if the key is there.
    pub(crate) fn optional_one_of<T: Whole>(&mut self, key: &'static str, values: &[T]) -> Option<T> {
        self.optional(key, &join(values), |v| whole(v).filter(|n| values.contains(n)))
    }

    /// So many lists, each of some integers of a list, ascending; not all of them empty.
    pub(crate) fn some_of_each<T: Whole>(&mut self, key: &'static str, count: usize, values: &[T]) -> Vec<Vec<T>> {
        let allowed = format!("{count} lists, not all empty, each ascending, of some of {}", join(values));
        self.required(key, &allowed, |v| {
            let lists: Vec<Vec<T>> =
                v.as_array()?.iter().map(|v| ascending(v.get_ref(), values)).collect::<Option<_>>()?;
            (lists.len() == count && lists.iter().any(|l| !l.is_empty())).then_some(lists)
        })
    }

    /// Some integers of a list, ascending, at least one.
    pub(crate) fn some_of<T: Whole>(&mut self, key: &'static str, values: &[T]) -> Vec<T> {
        let allowed = format!("a list, ascending, of some of {}", join(values));
        self.required(key, &allowed, |v| ascending(v, values).filter(|list| !list.is_empty()))
    }

    /// A number of a range.
    pub(crate) fn number(&mut self, key: &'static str, range: RangeInclusive<f64>) -> f64 {
        let allowed = format!("{} to {}", range.start(), range.end());
        self.required(key, &allowed, |v| number(v).filter(|n| range.contains(n)))
    }

    /// A number of a range, if the key is there.
    pub(crate) fn optional_number(&mut self, key: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let allowed = format!("{} to {}", range.start(), range.end());
        self.optional(key, &allowed, |v| number(v).filter(|n| range.contains(n)))
    }

    /// A number of a range or a word that stands for one, if the key is there.
    pub(crate) fn optional_number_or(
        &mut self,
        key: &'static str,
        range: RangeInclusive<f64>,
        words: &[(&str, f64)],
    ) -> Option<f64> {
        let allowed = format!("{} to {}, {}", range.start(), range.end(), quote(words));
        self.optional(key, &allowed, |v| number(v).filter(|n| range.contains(n)).or_else(|| chosen(v, words)))
    }

    /// Numbers of a range; none if the key is not there.
    pub(crate) fn optional_numbers(&mut self, key: &'static str, range: RangeInclusive<f64>) -> Vec<f64> {
        let allowed = format!("a list of numbers from {} to {}", range.start(), range.end());
        let one = |v: &DeValue<'_>| number(v).filter(|n| range.contains(n));
        let list = |v: &DeValue<'_>| v.as_array()?.iter().map(|v| one(v.get_ref())).collect();
        self.optional(key, &allowed, list).unwrap_or_default()
    }

    /// At least one pair of numbers, each of a range of its own, the first ascending.
    pub(crate) fn pairs(
        &mut self,
        key: &'static str,
        first: RangeInclusive<f64>,
        second: RangeInclusive<f64>,
    ) -> Vec<(f64, f64)> {
        let ranges = [(&first, "first"), (&second, "second")]
            .map(|(r, which)| format!("the {which} {} to {}", r.start(), r.end()));
        let allowed = format!("a list of [number, number], ascending, {}, {}", ranges[0], ranges[1]);
        let one = |v: &DeValue<'_>| {
            let [a, b] = &v.as_array()?[..] else { return None };
            let (a, b) = (number(a.get_ref())?, number(b.get_ref())?);
            (first.contains(&a) && second.contains(&b)).then_some((a, b))
        };
        self.required(key, &allowed, |v| {
            let list: Vec<_> = v.as_array()?.iter().map(|v| one(v.get_ref())).collect::<Option<_>>()?;
            (!list.is_empty() && list.is_sorted_by(|a, b| a.0 < b.0)).then_some(list)
        })
    }

    /// A lower and a higher number of a range, `[low, high]`.
    pub(crate) fn interval(&mut self, key: &'static str, range: RangeInclusive<f64>) -> (f64, f64) {
        let allowed = format!("[low, high], both {} to {}", range.start(), range.end());
        self.required(key, &allowed, |v| {
            let [low, high] = &v.as_array()?[..] else { return None };
            let (low, high) = (number(low.get_ref())?, number(high.get_ref())?);
            (low < high && range.contains(&low) && range.contains(&high)).then_some((low, high))
        })
    }

    /// One of some words.
    pub(crate) fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> T {
        let allowed = quote(choices);
        let found = self.take(key, &allowed, true, |v| chosen(v, choices));
        found.unwrap_or(choices[0].1)
    }

    /// Some of some words; none if the key is not there.
    pub(crate) fn optional_choices<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Vec<T> {
        let allowed = format!("a list of some of {}", quote(choices));
        let list = |v: &DeValue<'_>| v.as_array()?.iter().map(|v| chosen(v.get_ref(), choices)).collect();
        self.optional(key, &allowed, list).unwrap_or_default()
    }

    /// One of some words, on which it depends what else the table may have.
    pub(crate) fn variant<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> T {
        let found = self.take(key, &quote(choices), true, |v| chosen(v, choices));
        self.kind_is_wrong = found.is_none() && self.has(key);
        found.unwrap_or(choices[0].1)
    }

    /// One of some words, or `default`.
    pub(crate) fn choice_or<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)], default: T) -> T {
        self.optional(key, &quote(choices), |v| chosen(v, choices)).unwrap_or(default)
    }

    /// A decision, or `default`.
    pub(crate) fn yes_no(&mut self, key: &'static str, default: bool) -> bool {
        self.choice_or(key, &[("no", false), ("yes", true)], default)
    }

    /// One of some words, or `default`; words of `planned` are understood and refused as not built yet.
    pub(crate) fn built<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
        planned: &[&str],
        default: T,
    ) -> T {
        let named = self.entries.get(key).and_then(|v| v.get_ref().as_str()).filter(|s| planned.contains(s));
        let Some(word) = named else { return self.choice_or(key, choices, default) };
        self.asked.push(key);
        let message = format!("{key} = \"{word}\" is not built yet; allowed values today: {}", quote(choices));
        let span = self.value_span(key);
        self.note(span, message);
        default
    }

    /// A table of its own.
    pub(crate) fn table<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Table<'_>) -> T) -> T {
        self.asked.push(key);
        let name = format!("[{key}]");
        let entry = self.entries.get_key_value(key);
        let Some((header, value)) = entry else {
            self.missing.push(Missing { key, allowed: format!("a table {name}") });
            return self.placeholder(read);
        };
        let Some(entries) = value.get_ref().as_table() else {
            self.note(value.span(), format!("{key} is {}; allowed: a table", kind(value.get_ref())));
            return self.placeholder(read);
        };
        Table::read(self.text, entries, header.span(), &name, self.notes, read)
    }

    /// A table of its own, if the key is there.
    pub(crate) fn optional_table<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Table<'_>) -> T) -> Option<T> {
        if self.has(key) {
            return Some(self.table(key, read));
        }
        self.asked.push(key);
        None
    }

    /// Tables of the same kind, `[[key]]`; none counts as an empty list when `at_least` is 0.
    pub(crate) fn tables<T>(
        &mut self,
        key: &'static str,
        count: RangeInclusive<usize>,
        mut read: impl FnMut(&mut Table<'_>) -> T,
    ) -> Vec<T> {
        self.asked.push(key);
        let name = format!("[[{key}]]");
        let allowed = format!("{} to {} tables {name}", count.start(), count.end());
        let Some(value) = self.entries.get(key) else {
            if *count.start() > 0 {
                self.missing.push(Missing { key, allowed });
            }
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            self.note(value.span(), format!("{key} is {}; allowed: {allowed}", kind(value.get_ref())));
            return Vec::new();
        };
        if !count.contains(&list.len()) {
            self.note(value.span(), format!("{} tables {name}; allowed: {allowed}", list.len()));
            return Vec::new();
        }
        let mut out = Vec::with_capacity(list.len());
        for item in list.iter() {
            match item.get_ref().as_table() {
                Some(entries) => {
                    out.push(Table::read(self.text, entries, item.span(), &name, self.notes, &mut read));
                }
                None => self.note(item.span(), format!("{} in {key}; allowed: tables", kind(item.get_ref()))),
            }
        }
        out
    }

    /// `T` of an empty table; what is wrong with it is not said.
    fn placeholder<T>(&self, read: impl FnOnce(&mut Table<'_>) -> T) -> T {
        Table::read("", &DeTable::new(), 0..0, "", &mut Vec::new(), read)
    }

    fn required<T: Default>(
        &mut self,
        key: &'static str,
        allowed: &str,
        parse: impl FnOnce(&DeValue<'_>) -> Option<T>,
    ) -> T {
        self.take(key, allowed, true, parse).unwrap_or_default()
    }

    fn optional<T>(
        &mut self,
        key: &'static str,
        allowed: &str,
        parse: impl FnOnce(&DeValue<'_>) -> Option<T>,
    ) -> Option<T> {
        self.take(key, allowed, false, parse)
    }

    fn take<T>(
        &mut self,
        key: &'static str,
        allowed: &str,
        required: bool,
        parse: impl FnOnce(&DeValue<'_>) -> Option<T>,
    ) -> Option<T> {
        self.asked.push(key);
        let Some(value) = self.entries.get(key) else {
            if required {
                self.missing.push(Missing { key, allowed: allowed.to_owned() });
            }
            return None;
        };
        let parsed = parse(value.get_ref());
        if parsed.is_none() {
            let given = excerpt(self.text, &value.span());
            self.note(value.span(), format!("{key} = {given} is wrong; allowed values: {allowed}"));
        }
        parsed
    }

    fn value_span(&self, key: &str) -> Range<usize> {
        self.entries.get(key).map_or(0..0, Spanned::span)
    }

    fn note(&mut self, span: Range<usize>, message: String) {
        self.notes.push(Note { span, message });
    }

    /// Notes unknown and missing keys. A missing key whose misspelling was found is said once.
    fn finish(mut self) {
        let entries = self.entries;
        if self.kind_is_wrong {
            return;
        }
        for (key, _) in entries.iter().filter(|(k, _)| !self.asked.contains(&k.get_ref().as_ref())) {
            let near = nearest(key.get_ref(), self.asked.iter().copied().filter(|k| !entries.contains_key(*k)));
            let hint = near.map_or_else(String::new, |k| format!(" did you mean `{k}`?"));
            self.missing.retain(|m| Some(m.key) != near);
            let given = key.get_ref().escape_debug().take(MAX_EXCERPT).collect::<String>();
            let message =
                format!("unknown key `{given}` in {};{hint} allowed keys: {}", self.name, self.asked.join(", "));
            self.notes.push(Note { span: key.span(), message });
        }
        for Missing { key, allowed } in std::mem::take(&mut self.missing) {
            let message = format!("missing key `{key}` in {}; allowed values: {allowed}", self.name);
            self.note(self.span.clone(), message);
        }
    }
}

/// A whole number of a scenario.
pub(crate) trait Whole: Copy + Default + PartialOrd + Display + TryFrom<i128> {}
impl<T: Copy + Default + PartialOrd + Display + TryFrom<i128>> Whole for T {}

struct Missing {
    key: &'static str,
    allowed: String,
}

fn one_line(v: &DeValue<'_>) -> Option<String> {
    let text = v.as_str()?.trim();
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn whole<T: Whole>(v: &DeValue<'_>) -> Option<T> {
    let integer = v.as_integer()?;
    T::try_from(i128::from_str_radix(integer.as_str(), integer.radix()).ok()?).ok()
}

fn ascending<T: Whole>(v: &DeValue<'_>, values: &[T]) -> Option<Vec<T>> {
    let list: Vec<T> = v.as_array()?.iter().map(|v| whole(v.get_ref())).collect::<Option<_>>()?;
    (list.is_sorted_by(|a, b| a < b) && list.iter().all(|n| values.contains(n))).then_some(list)
}

fn number(v: &DeValue<'_>) -> Option<f64> {
    match v {
        DeValue::Float(f) => f.as_str().parse().ok(),
        DeValue::Integer(_) => whole::<i64>(v).map(|n| n as f64),
        _ => None,
    }
}

fn chosen<T: Copy>(v: &DeValue<'_>, choices: &[(&str, T)]) -> Option<T> {
    let word = v.as_str()?;
    choices.iter().find(|(c, _)| *c == word).map(|(_, value)| *value)
}

fn kind(v: &DeValue<'_>) -> &'static str {
    match v {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

fn join<T: Display>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn quote<T>(choices: &[(&str, T)]) -> String {
    choices.iter().map(|(c, _)| format!("\"{c}\"")).collect::<Vec<_>>().join(", ")
}

/// The value as the file has it, cut to one short line.
fn excerpt(text: &str, span: &Range<usize>) -> String {
    let whole = text.get(span.clone()).unwrap_or_default();
    let line = whole.lines().next().unwrap_or_default();
    if line.len() == whole.len() && line.chars().count() <= MAX_EXCERPT {
        return line.to_owned();
    }
    line.chars().take(MAX_EXCERPT).chain("...".chars()).collect()
}
