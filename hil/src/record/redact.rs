//! Takes out of a record who it was recorded of: IMEI, IMSI, ICCID, numbers, PINs, and in PDUs numbers and texts.
//!
//! What a secret is replaced by has its length, so that lengths in commands and answers still fit. It is found in its
//! answers first and then replaced wherever it is, in digits and in octets with their halves swapped, so that an
//! identity in an answer of a vendor goes as well. Digits that are long enough to be an identity go in any case.

use std::collections::BTreeMap;

use super::recorded::RecordedPersonality;
use crate::at::{Param, parse_params};

/// So many digits in a row are an identity.
const IDENTITY_DIGITS: usize = 14;
/// In quotation marks, so many are a number.
const NUMBER_DIGITS: usize = 7;
/// Octets of a PDU that has an address, at least.
const MIN_PDU: usize = 8;

/// What is replaced by what.
#[derive(Debug, Default)]
pub(super) struct Redactor {
    /// Digits.
    secrets: BTreeMap<String, String>,
}

impl Redactor {
    /// Finds the secrets.
    pub(super) fn new(personality: &RecordedPersonality) -> Self {
        let mut redactor = Self::default();
        for exchange in &personality.exchanges {
            let says: String = exchange.says.iter().map(|saying| saying.words.as_str()).collect();
            redactor.find(&exchange.command);
            says.split(['\r', '\n']).for_each(|line| redactor.find_in_answer(&exchange.command, line));
            if exchange.is_text {
                redactor.find(exchange.command.trim());
            }
        }
        personality.first.iter().flat_map(|s| s.words.split(['\r', '\n'])).for_each(|line| redactor.find(line));
        redactor
    }

    /// Replaces them.
    pub(super) fn redact(&self, personality: &mut RecordedPersonality) {
        for exchange in &mut personality.exchanges {
            exchange.command = self.clean(&exchange.command);
            // Sayings may cut a line anywhere: what is replaced keeps its length, so that they can be cut again.
            let lengths: Vec<usize> = exchange.says.iter().map(|saying| saying.words.chars().count()).collect();
            let all: String = exchange.says.iter().map(|saying| saying.words.as_str()).collect();
            let mut cleaned = self.clean_lines(&all).chars().collect::<Vec<_>>().into_iter();
            for (saying, length) in exchange.says.iter_mut().zip(lengths) {
                saying.words = cleaned.by_ref().take(length).collect();
            }
        }
        personality.first.iter_mut().for_each(|saying| saying.words = self.clean_lines(&saying.words));
    }

    fn add(&mut self, digits: &str, keep: usize) {
        let number = self.secrets.len() + 1;
        let kept = &digits[..keep.min(digits.len())];
        let rest = digits.len() - kept.len();
        let filler = format!("{number:0rest$}");
        let filler = &filler[filler.len().saturating_sub(rest)..];
        self.secrets.entry(digits.to_owned()).or_insert_with(|| format!("{kept}{filler}"));
    }

    fn find_in_answer(&mut self, command: &str, line: &str) {
        let command = command.to_ascii_uppercase();
        // The type of a modem, the network and the kind of card are no secrets: 8, 5 and 2 digits.
        let keep = match command.trim_start_matches("AT") {
            "+CGSN" | "+GSN" => 8,
            "+CIMI" => 5,
            "+CCID" | "+CCID?" | "+ICCID" => 2,
            _ => 0,
        };
        if keep > 0 {
            runs(line).filter(|run| run.len() >= IDENTITY_DIGITS).for_each(|run| self.add(run, keep));
        }
        if line.starts_with("+CRSM:")
            && let Some(octets) = parse_params(&line[6..]).get(2).and_then(Param::text)
        {
            let digits = swapped(octets);
            let digits = digits.trim_end_matches(['F', 'f']);
            if command.contains("12258") && runs(digits).next() == Some(digits) {
                self.add(digits, 2);
            }
        }
        self.find(line);
    }

    /// Numbers in quotation marks, long runs of digits, addresses in PDUs.
    fn find(&mut self, line: &str) {
        let line = line.trim();
        if is_pdu(line) {
            addresses(line).into_iter().for_each(|(_, digits)| self.add(&digits, 0));
            return;
        }
        for (i, part) in line.split('"').enumerate() {
            let digits = part.trim_start_matches('+');
            if i % 2 == 1 && digits.len() >= NUMBER_DIGITS && runs(digits).next() == Some(digits) {
                self.add(digits, 0);
            }
            // Swapped octets of a file of the SIM are hexadecimal as well: they are found by the answer that has them.
            let known = |run: &&str| run.len() >= IDENTITY_DIGITS && !self.secrets.contains_key(*run);
            let unknown: Vec<_> = runs(part).filter(known).map(str::to_owned).collect();
            unknown.iter().for_each(|run| self.add(run, 0));
        }
    }

    fn clean_lines(&self, text: &str) -> String {
        text.split_inclusive(['\r', '\n']).map(|line| self.clean(line)).collect()
    }

    fn clean(&self, line: &str) -> String {
        if let Some(start) = line.find("+CPIN=") {
            let (before, pin) = line.split_at(start + 6);
            return before.chars().chain(pin.chars().map(|c| if c.is_ascii_digit() { '0' } else { c })).collect();
        }
        if let Some(clean) = without_keys(line) {
            return clean;
        }
        let body = line.trim();
        if is_pdu(body) {
            return line.replacen(body, &self.clean_pdu(body), 1);
        }
        let mut line = line.to_owned();
        // The longest first: one may be in another.
        let mut secrets: Vec<_> = self.secrets.iter().collect();
        secrets.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        for (secret, filler) in secrets {
            line = line.replace(secret.as_str(), filler);
            let (secret, filler) = (padded(secret), padded(filler));
            line = line.replace(&swapped(&secret), &swapped(&filler));
        }
        line
    }

    /// Numbers by their fillers, the text by nothing that says anything.
    fn clean_pdu(&self, pdu: &str) -> String {
        let mut clean = pdu.to_owned();
        for (start, digits) in addresses(pdu) {
            let filler = swapped(&padded(self.secrets.get(&digits).unwrap_or(&digits)));
            clean.replace_range(start..start + filler.len(), &filler);
        }
        if let Some(start) = user_data(pdu) {
            let filler = "61".repeat((clean.len() - start) / 2);
            clean.replace_range(start.., &filler);
        }
        clean
    }
}

/// An answer to AUTHENTICATE without RES and keys (TS 31.102 clause 7.1.2.1): zeros of their length.
fn without_keys(line: &str) -> Option<String> {
    let is_response = ["+CGLA:", "+CSIM:"].iter().any(|name| line.contains(name));
    let start = line.find("\"DB").filter(|_| is_response)? + 3;
    let end = start + line[start..].find('"').unwrap_or(line.len() - start);
    let digits = &line[start..end];
    let mut clean = String::with_capacity(line.len());
    let mut at = 0;
    // Lengths stay, so that the answer can be read.
    while let Some(length) = octet(digits, at).filter(|length| at + 2 + 2 * length <= digits.len()) {
        clean.push_str(&digits[at..at + 2]);
        clean.push_str(&"00".repeat(length));
        at += 2 + 2 * length;
        if at + 4 >= digits.len() {
            break;
        }
    }
    Some(format!("{}{clean}{}", &line[..start], &line[start + at..]))
}

/// Runs of digits.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty())
}

fn is_pdu(line: &str) -> bool {
    line.len() >= 2 * MIN_PDU
        && line.len().is_multiple_of(2)
        && line.bytes().all(|b| b.is_ascii_hexdigit())
        && user_data(line).is_some_and(|start| start <= line.len())
}

/// The halves of each octet in the other order (TS 23.040 clause 9.1.2.3, TS 102 221 clause 13.2).
fn swapped(digits: &str) -> String {
    digits.as_bytes().chunks(2).flat_map(|pair| pair.iter().rev()).map(|&b| char::from(b)).collect()
}

/// To whole octets.
fn padded(digits: &str) -> String {
    if digits.len().is_multiple_of(2) { digits.to_owned() } else { format!("{digits}F") }
}

fn octet(pdu: &str, at: usize) -> Option<usize> {
    usize::from_str_radix(pdu.get(at..at + 2)?, 16).ok()
}

/// Where the other address of a PDU has its length (in digits), and whether it is an SMS-SUBMIT or a status report.
fn other_address(pdu: &str) -> Option<(usize, usize)> {
    let tpdu = 2 + 2 * octet(pdu, 0)?;
    let kind = octet(pdu, tpdu)? & 0b11;
    // TP-MR comes first in SMS-SUBMIT and SMS-STATUS-REPORT (TS 23.040 clauses 9.2.2.2, 9.2.2.3).
    Some((if kind == 0 { tpdu + 2 } else { tpdu + 4 }, kind))
}

/// The digits of the addresses of a PDU, and where they are.
fn addresses(pdu: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut take = |start: usize, octets: usize| {
        let digits = pdu.get(start..start + 2 * octets).map(swapped).unwrap_or_default();
        let digits = digits.trim_end_matches(['F', 'f']).to_owned();
        if !digits.is_empty() && runs(&digits).next() == Some(digits.as_str()) {
            found.push((start, digits));
        }
    };
    if let Some(octets) = octet(pdu, 0).filter(|&octets| octets > 1) {
        take(4, octets - 1);
    }
    if let Some((at, _)) = other_address(pdu)
        && let Some(digits) = octet(pdu, at)
    {
        take(at + 4, digits.div_ceil(2));
    }
    found
}

/// Where the text of a PDU begins; its end when it has none; `None`: it is no PDU.
fn user_data(pdu: &str) -> Option<usize> {
    let (address, kind) = other_address(pdu)?;
    let first = octet(pdu, address - if kind == 0 { 2 } else { 4 })?;
    let after = address + 4 + 2 * octet(pdu, address)?.div_ceil(2);
    let length = match kind {
        // TP-PID, TP-DCS, TP-SCTS.
        0 => after + 4 + 14,
        // TP-PID, TP-DCS, TP-VP by its format (clause 9.2.3.3).
        1 => after + 4 + [0, 14, 2, 14][(first >> 3) & 0b11],
        // A status report ends with times and a status.
        2 => return (after + 30 <= pdu.len()).then_some(pdu.len()),
        _ => return None,
    };
    octet(pdu, length)?;
    Some(length + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_a_sim_keep_their_form_and_lose_their_keys() {
        let (ck, ik) = ("11".repeat(16), "22".repeat(16));
        let line = format!("+CGLA: 84,\"DB040102030410{ck}10{ik}9000\"\r\n");
        let zeros = "00".repeat(16);
        let clean = format!("+CGLA: 84,\"DB040000000010{zeros}10{zeros}9000\"\r\n");
        assert_eq!(Redactor::default().clean(&line), clean);
        for kept in ["+CGLA: 4,\"9862\"", "+CSIM: 36,\"DC0E0102030405060708090A0B0C0D0E9000\"", "+CSIM: 4,\"6128\""] {
            assert_eq!(without_keys(kept), None);
        }
        for odd in ["+CGLA: 4,\"DB", "+CGLA: \"DBFF00\"", "+CGLA: \"DB0"] {
            assert_eq!(without_keys(odd).map(|clean| clean.len()), Some(odd.len()));
        }
    }
}
