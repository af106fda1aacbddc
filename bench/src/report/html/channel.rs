//! The channel of a UE in words.

use maud::{Markup, html};

use super::term;
use crate::report::text;
use crate::scenario::{ChannelModel, Scenario, Ue, Way};

pub(super) fn words(scenario: &Scenario, ue: &Ue) -> Markup {
    let channel = ue.channel();
    let model = match channel.model {
        ChannelModel::Awgn => "white noise".to_owned(),
        ChannelModel::Fading(fading) => fading.to_string(),
    };
    let ways = scenario.ways(ue);
    html! {
        p.note {
            "Channel: " (model) ", " strong { (text::number(channel.snr_db)) " dB" } " per resource element, "
            (term("CFO")) " " (text::number(channel.cfo_hz)) " Hz, delay " (text::number(channel.delay_us)) " µs"
            @if ue.antennas > 1 { ", " (text::counted(u64::from(ue.antennas), "antenna")) }
            @if ue.impairments.is_some() { ", impairments of its front end" }
        }
        @if !ue.hears.is_empty() {
            p.note { "Hears " @for (i, way) in ways.iter().enumerate() { @if i > 0 { "; " } (heard(way)) } }
        }
    }
}

fn heard(way: &Way<'_>) -> String {
    let fading = way.fading.map_or_else(String::new, |fading| format!(", {fading}"));
    let (power, delay) = (text::number(way.power_db), text::number(way.delay_us));
    format!("{} at {power} dB, {delay} µs{fading}", way.transmitter.unwrap_or("the transmitter"))
}
