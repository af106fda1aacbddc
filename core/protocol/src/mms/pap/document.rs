//! Control entities as documents: WAP-247 clause 9 and its document type.

use std::borrow::Cow;

use super::{
    BadMessageResponse, DeliveryMethod, MessageState, Pap, PapCode, PapProblem, PushMessage, PushPriority,
    PushResponse, QualityOfService, ResultNotificationMessage, ResultNotificationResponse,
};
use crate::utc::{from_rfc3339, to_rfc3339};
use crate::xml::{Element, XmlProblem};

impl Pap {
    /// Reads a document. Its document type may be declared, but may declare nothing itself.
    pub fn parse(document: &str) -> Result<Self, PapProblem> {
        let root = Element::parse(&without_document_type(document)?)?;
        if root.name != "pap" {
            return Err(PapProblem::Wrong("the document is another one"));
        }
        let entity = root.children.first().ok_or(PapProblem::Wrong("there is nothing in it"))?;
        Ok(match entity.name.as_str() {
            "push-message" => Self::PushMessage(push_message(entity)?),
            "push-response" => Self::PushResponse(push_response(entity)?),
            "resultnotification-message" => Self::ResultNotificationMessage(result_notification(entity)?),
            "resultnotification-response" => {
                Self::ResultNotificationResponse(ResultNotificationResponse {
                    // Some leave it out.
                    push_id: text(entity, "push-id").unwrap_or_default(),
                    code: code(entity)?,
                    description: text(entity, "desc"),
                    address: addresses(entity).next(),
                })
            }
            "badmessage-response" => Self::BadMessageResponse(BadMessageResponse {
                code: code(entity)?,
                description: text(entity, "desc"),
                fragment: text(entity, "bad-message-fragment").unwrap_or_default(),
            }),
            other => return Err(PapProblem::Unsupported(other.to_owned())),
        })
    }

    /// The document with its declaration and its document type.
    pub fn to_document(&self) -> String {
        let entity = match self {
            Self::PushMessage(entity) => of_push_message(entity),
            Self::PushResponse(entity) => of_push_response(entity),
            Self::ResultNotificationMessage(entity) => of_result_notification(entity),
            Self::ResultNotificationResponse(entity) => {
                let element = Element::new("resultnotification-response")
                    .attribute("push-id", &entity.push_id)
                    .attribute("code", entity.code.0);
                with_address(optional(element, "desc", entity.description.as_deref()), entity.address.as_deref())
            }
            Self::BadMessageResponse(entity) => {
                let element = Element::new("badmessage-response").attribute("code", entity.code.0);
                optional(element, "desc", entity.description.as_deref())
                    .attribute("bad-message-fragment", &entity.fragment)
            }
        };
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{DOCUMENT_TYPE}\n{}", Element::new("pap").child(entity))
    }
}

fn push_message(entity: &Element) -> Result<PushMessage, PapProblem> {
    let addresses: Vec<_> = addresses(entity).collect();
    if addresses.is_empty() {
        return Err(PapProblem::Wrong("a push has no address"));
    }
    Ok(PushMessage {
        push_id: push_id(entity)?,
        deliver_before: time(entity, "deliver-before-timestamp")?,
        deliver_after: time(entity, "deliver-after-timestamp")?,
        source_reference: text(entity, "source-reference"),
        notify_to: text(entity, "ppg-notify-requested-to"),
        progress_notes: is_true(entity, "progress-notes-requested"),
        addresses,
        quality: quality(entity)?,
    })
}

fn of_push_message(entity: &PushMessage) -> Element {
    let mut element = Element::new("push-message").attribute("push-id", &entity.push_id);
    element = timed(element, "deliver-before-timestamp", entity.deliver_before);
    element = timed(element, "deliver-after-timestamp", entity.deliver_after);
    element = optional(element, "source-reference", entity.source_reference.as_deref());
    element = optional(element, "ppg-notify-requested-to", entity.notify_to.as_deref());
    if entity.progress_notes {
        element = element.attribute("progress-notes-requested", true);
    }
    for address in &entity.addresses {
        element = with_address(element, Some(address));
    }
    with_quality(element, entity.quality.as_ref())
}

fn push_response(entity: &Element) -> Result<PushResponse, PapProblem> {
    let result = entity.first("response-result").ok_or(PapProblem::Wrong("a response has no result"))?;
    Ok(PushResponse {
        push_id: push_id(entity)?,
        sender_address: text(entity, "sender-address"),
        sender_name: text(entity, "sender-name"),
        reply_time: time(entity, "reply-time")?,
        code: code(result)?,
        description: text(result, "desc"),
    })
}

fn of_push_response(entity: &PushResponse) -> Element {
    let mut element = Element::new("push-response").attribute("push-id", &entity.push_id);
    element = optional(element, "sender-address", entity.sender_address.as_deref());
    element = optional(element, "sender-name", entity.sender_name.as_deref());
    element = timed(element, "reply-time", entity.reply_time);
    let result = Element::new("response-result").attribute("code", entity.code.0);
    element.child(optional(result, "desc", entity.description.as_deref()))
}

fn result_notification(entity: &Element) -> Result<ResultNotificationMessage, PapProblem> {
    let state = entity.value_of("message-state").and_then(MessageState::of_word);
    Ok(ResultNotificationMessage {
        push_id: push_id(entity)?,
        sender_address: text(entity, "sender-address"),
        sender_name: text(entity, "sender-name"),
        received_time: time(entity, "received-time")?,
        event_time: time(entity, "event-time")?,
        message_state: state.ok_or(PapProblem::Wrong("there is no message-state, or none that is known"))?,
        code: code(entity)?,
        description: text(entity, "desc"),
        address: addresses(entity).next().ok_or(PapProblem::Wrong("a notification has no address"))?,
        quality: quality(entity)?,
    })
}

fn of_result_notification(entity: &ResultNotificationMessage) -> Element {
    let mut element = Element::new("resultnotification-message").attribute("push-id", &entity.push_id);
    element = optional(element, "sender-address", entity.sender_address.as_deref());
    element = optional(element, "sender-name", entity.sender_name.as_deref());
    element = timed(element, "received-time", entity.received_time);
    element = timed(element, "event-time", entity.event_time);
    element = element.attribute("message-state", entity.message_state.as_str()).attribute("code", entity.code.0);
    element = with_address(optional(element, "desc", entity.description.as_deref()), Some(&entity.address));
    with_quality(element, entity.quality.as_ref())
}

fn quality(entity: &Element) -> Result<Option<QualityOfService>, PapProblem> {
    let Some(element) = entity.first("quality-of-service") else { return Ok(None) };
    let priority = element.value_of("priority").map_or_else(|| Some(PushPriority::default()), PushPriority::of_word);
    let method = element.value_of("delivery-method");
    let method = method.map_or_else(|| Some(DeliveryMethod::default()), DeliveryMethod::of_word);
    Ok(Some(QualityOfService {
        priority: priority.ok_or(PapProblem::Wrong("the priority is not known"))?,
        delivery_method: method.ok_or(PapProblem::Wrong("the delivery-method is not known"))?,
        network: text(element, "network"),
        network_required: is_true(element, "network-required"),
        bearer: text(element, "bearer"),
        bearer_required: is_true(element, "bearer-required"),
    }))
}

fn with_quality(element: Element, quality: Option<&QualityOfService>) -> Element {
    let Some(quality) = quality else { return element };
    let mut own = Element::new("quality-of-service")
        .attribute("priority", quality.priority.as_str())
        .attribute("delivery-method", quality.delivery_method.as_str());
    own = optional(own, "network", quality.network.as_deref());
    if quality.network_required {
        own = own.attribute("network-required", true);
    }
    own = optional(own, "bearer", quality.bearer.as_deref());
    if quality.bearer_required {
        own = own.attribute("bearer-required", true);
    }
    element.child(own)
}

fn push_id(entity: &Element) -> Result<String, PapProblem> {
    text(entity, "push-id").ok_or(PapProblem::Wrong("there is no push-id"))
}

fn code(entity: &Element) -> Result<PapCode, PapProblem> {
    let code = entity.value_of("code").and_then(|code| code.parse().ok());
    code.map(PapCode).ok_or(PapProblem::Wrong("there is no code, or it is no number"))
}

fn addresses(entity: &Element) -> impl Iterator<Item = String> {
    entity.all("address").filter_map(|address| text(address, "address-value"))
}

fn with_address(element: Element, address: Option<&str>) -> Element {
    match address {
        Some(address) => element.child(Element::new("address").attribute("address-value", address)),
        None => element,
    }
}

fn text(entity: &Element, name: &str) -> Option<String> {
    entity.value_of(name).map(ToOwned::to_owned)
}

fn is_true(entity: &Element, name: &str) -> bool {
    entity.value_of(name) == Some("true")
}

fn optional(element: Element, name: &str, value: Option<&str>) -> Element {
    match value {
        Some(value) => element.attribute(name, value),
        None => element,
    }
}

fn time(entity: &Element, name: &str) -> Result<Option<u64>, PapProblem> {
    let Some(value) = entity.value_of(name) else { return Ok(None) };
    from_rfc3339(value).map(Some).ok_or(PapProblem::Wrong("a time is none"))
}

/// Times have whole seconds (clause 9.1).
fn timed(element: Element, name: &str, utc_ms: Option<u64>) -> Element {
    match utc_ms {
        Some(utc_ms) => element.attribute(name, to_rfc3339(utc_ms / 1000 * 1000)),
        None => element,
    }
}

/// The document without its document type declaration, in which there may be a name, identifiers and processing
/// instructions, which is where PAP tells its versions.
fn without_document_type(document: &str) -> Result<Cow<'_, str>, PapProblem> {
    let refused = || PapProblem::Xml(XmlProblem::Refused("declarations of its own"));
    let Some(start) = document.find("<!DOCTYPE") else { return Ok(document.into()) };
    let mut rest = &document[start + 2..];
    loop {
        let at = rest.find(['"', '\'', '[', '>', '<']).ok_or_else(refused)?;
        let (mark, behind) = (rest.as_bytes()[at], &rest[at + 1..]);
        rest = match mark {
            b'>' => return Ok(format!("{}{behind}", &document[..start]).into()),
            b'[' => {
                let mut subset = behind.trim_start();
                while let Some(instruction) = subset.strip_prefix("<?") {
                    subset = instruction.split_once("?>").ok_or_else(refused)?.1.trim_start();
                }
                subset.strip_prefix(']').ok_or_else(refused)?
            }
            b'<' => return Err(refused()),
            quote => behind.split_once(char::from(quote)).ok_or_else(refused)?.1,
        };
    }
}

/// Version 2.0 (clause 9).
const DOCUMENT_TYPE: &str = "<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP 2.0//EN\" \
     \"http://www.wapforum.org/DTD/pap_2.0.dtd\" [<?wap-pap-ver supported-versions=\"2.0\"?>]>";
