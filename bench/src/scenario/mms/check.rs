//! What the keys of multimedia messages in a scenario must be to each other.

use std::path::Path;

use super::{Mms, MmsBy, MmsPush, MmsStep, UeMms};
use crate::scenario::check::known_ue;
use crate::scenario::load::check_content;
use crate::scenario::{Scenario, Selector, StepAction, Ue, content_type};
use crate::strict_toml::Checker;

/// Notes everything that is wrong with the multimedia messages of `s`.
pub(in crate::scenario) fn check(s: &Scenario, note: &mut Checker<'_>) {
    if s.mms.is_some() && s.sms.is_none() {
        let message = "[mms] without a table [sms]: the IP-Message-GW is there with that; allowed: both or none";
        note.note(&["mms"], message.into());
    }
    let is_type = |text: &&String| text.split_once('/').is_none_or(|(kind, own)| kind.is_empty() || own.is_empty());
    if let Some(own) = s.mms.iter().flat_map(|mms| &mms.media_types).find(is_type) {
        let message = format!("\"{own}\" is no media type; allowed: type/subtype, or type/* for all that begin so");
        note.note(&["mms", "media_types"], message);
    }
    for (i, ue) in s.ues.iter().enumerate() {
        if let Some(own) = &ue.mms {
            phone(s, ue, own, &i.to_string(), note);
        }
    }
}

fn phone(s: &Scenario, ue: &Ue, own: &UeMms, at: &str, note: &mut Checker<'_>) {
    if s.mms.is_none() {
        return note.note(&["ue", at, "mms"], "mms of a UE without a table [mms]; allowed: both or none".into());
    }
    let Some(ims) = &ue.ims else {
        return note.note(&["ue", at, "mms"], "mms of a UE without `ims`; allowed: both, or no `mms`".into());
    };
    if ims.same_user_as.is_some() {
        let message = "mms of a second device: a number has one UE here; allowed: a UE with a user of its own";
        note.note(&["ue", at, "mms"], message.into());
    }
    if own.push == MmsPush::Sms && ue.sms.is_none() {
        let message = "push = \"sms\" of a UE without `sms`; allowed: both, or push = \"sip\"";
        note.note(&["ue", at, "mms", "push"], message.into());
    }
}

/// A step of multimedia messages.
pub(in crate::scenario) fn step(s: &Scenario, step: &MmsStep, at: &str, note: &mut Checker<'_>) {
    if s.mms.is_none() {
        let message = "a step of multimedia messages without a table [mms]; allowed: both or none";
        return note.note(&["step", at, "do"], message.into());
    }
    for (key, ue) in step.ues() {
        known_ue(s, &ue, &["step", at, key], note);
        let named = s.ues.iter().find(|own| matches!(&ue, Selector::Name(name) if *name == own.name));
        if named.is_some_and(|named| named.mms.is_none()) {
            note.note(&["step", at, key], format!("UE {ue} has no `mms`; allowed: a UE with it"));
        }
    }
    if let MmsStep::Send { content, .. } = step
        && content.text.is_none()
        && content.files().next().is_none()
    {
        let message = "a message without content; allowed: one of text, picture, sound and attachment at least";
        note.note(&["step", at, "do"], message.into());
    }
}

/// What UEs send is there, is what it is to be, and is not too large for the way that it goes.
pub(in crate::scenario) fn check_files(s: &Scenario, folder: &Path, note: &mut Checker<'_>) {
    let Some(mms) = &s.mms else { return };
    for (i, step) in s.steps.iter().enumerate() {
        let StepAction::Mms(MmsStep::Send { from, to, content, .. }) = &step.action else { continue };
        let at = i.to_string();
        let mut octets = content.text.as_ref().map_or(0, |text| text.len() as u64);
        for (key, own) in content.files() {
            let file = folder.join(own);
            let (kinds, allowed): (&[&str], &str) = match key {
                "picture" => (&["image/", "video/"], "a picture or a video"),
                "sound" => (&["audio/"], "a sound"),
                _ => (&[""], "at least one octet"),
            };
            let reason = match check_content(&file) {
                Err(reason) => reason,
                Ok(()) if !kinds.iter().any(|kind| content_type(&file).starts_with(kind)) => {
                    format!("{} by its name", content_type(&file))
                }
                Ok(()) => {
                    let own = std::fs::metadata(&file).map_or(0, |about| about.len());
                    if own <= FILE_MAX {
                        octets += own;
                        continue;
                    }
                    format!("{own} octets are more than {FILE_MAX}")
                }
            };
            let message = format!(
                "{key} {}: {reason}; allowed values: a file of {allowed}, relative to the folder of this file",
                file.display()
            );
            note.note(&["step", &at, key], message);
        }
        too_large(s, mms, (from, to), octets, &at, note);
    }
}

/// Whether a message goes through the IMS is known before it does.
fn too_large(s: &Scenario, mms: &Mms, (from, to): (&str, &str), octets: u64, at: &str, note: &mut Checker<'_>) {
    let by_ims = |name: &str| {
        let own = s.ues.iter().find(|ue| ue.name == name).and_then(|ue| ue.mms.as_ref());
        own.is_some_and(|own| own.by == MmsBy::Ims)
    };
    let room = (mms.ims_largest as u64).saturating_sub(HEADERS);
    for (key, name) in [("from", from), ("to", to)] {
        if by_ims(name) && octets > room {
            let message = format!(
                "{octets} octets are too many for the IMS, by which {name} has its messages; allowed: {room} at most, \
                 a larger ims_largest in [mms], or a UE with `by = \"http\"`"
            );
            note.note(&["step", at, key], message);
        }
    }
}

/// Octets of a file: more than a message may have, for one that is refused, and not much more.
const FILE_MAX: u64 = 16 << 20;
/// Room for the header fields of a PDU and of its parts, and for the presentation.
const HEADERS: u64 = 4096;
