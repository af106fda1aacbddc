//! What resources may say (TS 29.116 clauses 5.2.1.1 and 5.2.2.1).

use http::{StatusCode, Uri};
use protocol::sip::sdp::Sdp;
use protocol::xmb::{DeliveryFec, FileDelivery, FileEntry, IngestMode, OPEN_END, Service, Session, SessionType};

use super::XmbConfig;
use super::answer::{Outcome, Refused};
use crate::mbms::flute_sender::{Delivery, Fec};
use crate::mbms::sequence_clock::SequenceClock;

/// Texts and lists in a resource.
const MAX_TEXT: usize = 2048;
const MAX_LIST: usize = 64;
/// Service area identities (TS 29.061 clause 17.7.6).
const MAX_AREAS: usize = 256;

fn is_text(text: &str) -> bool {
    (1..=MAX_TEXT).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn is_url(text: &str) -> bool {
    let uri = text.parse::<Uri>().ok();
    // RFC 9110 clause 4.2.4: no user, no password.
    let is_http = |uri: &Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some()
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    };
    text.len() <= MAX_TEXT && uri.as_ref().is_some_and(is_http)
}

pub(super) fn check_service(service: &Service) -> Outcome {
    let texts = service.service_names.iter().chain(&service.service_languages);
    let texts = texts.chain(&service.service_id).chain(&service.service_class);
    if service.service_names.len() > MAX_LIST
        || service.service_languages.len() > MAX_LIST
        || texts.into_iter().any(|text| !is_text(text))
    {
        let what =
            format!("texts have 1 to {MAX_TEXT} octets, no control characters; lists at most {MAX_LIST} of them");
        return Err(Refused::bad(what));
    }
    if service.push_notification_url.as_deref().is_some_and(|url| !is_url(url)) {
        return Err(Refused::bad("push-notification-url is no http or https URL"));
    }
    Ok(())
}

/// Whether a session can be delivered as it is.
pub(super) fn check_session(config: &XmbConfig, session: &Session, clock: SequenceClock) -> Outcome {
    let (start, stop) = (session.session_start.unwrap_or_default(), session.session_stop.unwrap_or(OPEN_END));
    if stop != OPEN_END && stop <= start {
        return Err(Refused::bad("session-stop is not after session-start"));
    }
    if session.geographical_areas.len() > MAX_AREAS {
        return Err(Refused::bad(format!("a session has at most {MAX_AREAS} geographical-areas")));
    }
    if session.max_bitrate.is_some_and(|rate| rate == 0 || u32::try_from(rate).is_err()) {
        return Err(Refused::bad("max-bitrate is 1 to 4294967295 bit/s"));
    }
    match session.session_type {
        None => Ok(()),
        Some(SessionType::TransportMode) => {
            let own = session.transport_session.as_ref();
            own.and_then(|own| own.session_description.as_deref()).map_or(Ok(()), |text| described(text).map(drop))
        }
        Some(SessionType::Application) => {
            let what = "sessions of type Application are not offered: deliver their files with type Files";
            Err(Refused::new(StatusCode::NOT_IMPLEMENTED, what))
        }
        Some(SessionType::Streaming) => {
            check_description(session.streaming_session.as_ref().and_then(|own| own.session_description.as_deref()))
        }
        Some(SessionType::Files) => check_files(config, session, clock),
    }
}

fn described(text: &str) -> Result<Sdp, Refused> {
    Sdp::parse(text.as_bytes()).map_err(|problem| Refused::bad(format!("session-description: {problem}")))
}

fn check_description(text: Option<&str>) -> Outcome {
    let Some(text) = text else { return Ok(()) };
    match &described(text)?.media[..] {
        [media] if media.is_rtp() => Ok(()),
        _ => Err(Refused::bad("session-description has not exactly one media, of RTP: a session carries one stream")),
    }
}

fn check_files(config: &XmbConfig, session: &Session, clock: SequenceClock) -> Outcome {
    let Some(bit_rate_bps) = session.max_bitrate else {
        return Err(Refused::bad("a session of files needs max-bitrate: files are sent at that rate"));
    };
    let qos = session.castbench.qos.as_ref();
    if let Some(most) = qos.and_then(|qos| qos.mbr.or(qos.gbr)).filter(|most| bit_rate_bps > u64::from(*most)) {
        return Err(Refused::bad(format!("max-bitrate is more than the {most} bit/s that qos gives the bearer")));
    }
    let own = session.castbench.delivery.clone().unwrap_or_default();
    delivery_of(&own, bit_rate_bps).check_for(clock).map_err(|error| Refused::bad(error.to_string()))?;
    let Some(files) = &session.file_session else { return Ok(()) };
    if files.file_list.len() > config.max_files {
        return Err(Refused::bad(format!("a session has at most {} files", config.max_files)));
    }
    if files.ingest_mode == IngestMode::Pull && files.file_list.iter().any(|file| !is_url(&file.file_url)) {
        return Err(Refused::bad("a file-url of file-list is no http or https URL"));
    }
    let is_never = |file: &FileEntry| {
        file.latest_fetch_time.is_some_and(|latest| latest < file.earliest_fetch_time.unwrap_or_default())
    };
    if files.file_list.iter().any(is_never) {
        return Err(Refused::bad("latest-fetch-time of a file is before its earliest-fetch-time"));
    }
    if files.display_base_url.as_deref().is_some_and(|url| url.len() > MAX_TEXT || url.parse::<Uri>().is_err()) {
        return Err(Refused::bad("display-base-url is no URL"));
    }
    Ok(())
}

/// Settings of FLUTE.
pub(super) fn delivery_of(own: &FileDelivery, bit_rate_bps: u64) -> Delivery {
    Delivery {
        bit_rate_bps,
        fec: match own.fec {
            DeliveryFec::NoCode => Fec::NoCode,
            DeliveryFec::Raptor(overhead_percent) => Fec::Raptor { overhead_percent },
        },
        symbol_octets: own.symbol_octets,
        source_block_symbols: own.source_block_symbols,
        fdt_period: std::time::Duration::from_millis(own.fdt_period_ms.into()),
        ip_octet_limit: own.ip_octet_limit,
    }
}
