//! From a dead letter and what a person wants to the record that is published, or to what is missing. Pure.
//!
//! However often a replay is published, it counts once: it has the dead letter's own order number, or one that
//! follows from the record's place in the log alone.

use jiff::Timestamp;
use order_events::{
    DecodeError, EncodedEvent, OrderCancelled, OrderEvent, OrderNamespace, OrderNumber, OrderPlaced, encode, header,
};
use serde_json::Value;
use service_runtime::problem::FieldError;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::mask::MASK;
use crate::json::Json;
use crate::orders::validation::{self, NewOrder};
use crate::publisher::Outgoing;
use crate::store::{Letter, LetterHead};

/// The reason of a second body under a number that has an order (order-consumer's).
const CONFLICT: &str = "IDEMPOTENCY_CONFLICT";

/// Which number the replay shall have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Numbering {
    /// The record's own.
    #[default]
    Own,
    /// A new one: the same at each try.
    New,
    /// This one.
    Given(OrderNumber),
}

/// A record to publish.
#[derive(Debug)]
pub(super) struct Replay {
    pub(super) number: OrderNumber,
    pub(super) record: Outgoing,
}

/// Why a dead letter cannot be replayed like this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its value is no order event, so an edited body is needed.
    NeedsBody(&'static str),
    /// It needs a number: a new one, or one that is given.
    NeedsNumber,
    /// Its number belongs to another order: only a new number will do.
    NeedsNewNumber,
    /// It has a number of its own, and no other may be given.
    HasNumber,
    /// A cancel has no body that could be edited.
    NothingToEdit,
    /// The edited body is wrong.
    Invalid(Vec<FieldError>),
}

impl Refusal {
    /// What is wrong with the request, as a caller is told.
    pub(super) fn fields(self) -> Vec<FieldError> {
        let (pointer, detail) = match &self {
            Self::Invalid(fields) => return fields.clone(),
            Self::NeedsBody(reason) => ("/body", format!("is required: the record is no order event ({reason})")),
            Self::NeedsNumber => {
                ("/orderNumber", "is required: the record has none; a UUID, or \"new\" for a new order".to_owned())
            }
            Self::NeedsNewNumber => (
                "/orderNumber",
                "must be \"new\": another order has this number, so this can only become a new order".to_owned(),
            ),
            Self::HasNumber => ("/orderNumber", "must not be given: the record has its own".to_owned()),
            Self::NothingToEdit => ("/body", "must not be given: a cancel has nothing to edit".to_owned()),
        };
        vec![FieldError { pointer: pointer.to_owned(), detail }]
    }
}

/// What a replay of this letter needs, in fields of the request; nothing: it can be replayed as it is.
pub(super) fn needs(letter: &Letter) -> Vec<&'static str> {
    let decoded = decode(letter);
    let mut needs = Vec::new();
    if decoded.is_err() {
        needs.push("body");
    }
    if letter.head.reason == CONFLICT || own_number(letter, decoded.as_ref().ok()).is_none() {
        needs.push("orderNumber");
    }
    needs
}

/// Makes the record. `edit`: a body as `POST /api/orders` takes it.
pub(super) fn plan(
    letter: &Letter,
    edit: Option<&Json<'_>>,
    numbering: Numbering,
    namespace: &OrderNamespace,
    now: Timestamp,
) -> Result<Replay, Refusal> {
    let decoded = decode(letter);
    let number = number(letter, decoded.as_ref().ok(), numbering, namespace)?;
    let record = match (decoded, edit) {
        (Ok(OrderEvent::Cancelled(_)), Some(_)) => return Err(Refusal::NothingToEdit),
        (Ok(event), None) if event.order_number() == number => unchanged(letter, &event),
        (Ok(OrderEvent::Placed(order)), None) => {
            encoded(OrderEvent::Placed(OrderPlaced { order_number: number, event_id: Uuid::now_v7(), ..order }))
        }
        (Ok(OrderEvent::Cancelled(cancel)), None) => {
            encoded(OrderEvent::Cancelled(OrderCancelled { order_number: number, ..cancel }))
        }
        (Err(error), None) => return Err(Refusal::NeedsBody(error.reason())),
        (decoded, Some(edit)) => {
            let order = read(edit, letter)?;
            encoded(OrderEvent::Placed(edited(order, number, decoded.ok(), letter, now)))
        }
    };
    Ok(Replay { number, record: record.header(header::REPLAY_OF, letter.head.id.to_string()) })
}

fn decode(letter: &Letter) -> Result<OrderEvent, DecodeError> {
    order_events::decode(letter.value.as_deref().unwrap_or_default())
}

fn own_number(letter: &Letter, event: Option<&OrderEvent>) -> Option<OrderNumber> {
    event.map(OrderEvent::order_number).or(letter.head.order_number)
}

fn number(
    letter: &Letter,
    event: Option<&OrderEvent>,
    numbering: Numbering,
    namespace: &OrderNamespace,
) -> Result<OrderNumber, Refusal> {
    let new = || OrderNumber::derive(namespace, "", &place_in_log(letter));
    match (own_number(letter, event), numbering) {
        _ if letter.head.reason == CONFLICT => match numbering {
            Numbering::New => Ok(new()),
            Numbering::Own | Numbering::Given(_) => Err(Refusal::NeedsNewNumber),
        },
        (Some(own), Numbering::Own) => Ok(own),
        (Some(own), Numbering::Given(given)) if own == given => Ok(own),
        (Some(_), Numbering::New | Numbering::Given(_)) => Err(Refusal::HasNumber),
        (None, Numbering::New) => Ok(new()),
        (None, Numbering::Given(given)) => Ok(given),
        (None, Numbering::Own) => Err(Refusal::NeedsNumber),
    }
}

/// Names the record, not its row: a database that was restored may give the row's id to another one. No shopper's
/// e-mail is empty, so no order of theirs can have such a number.
fn place_in_log(letter: &Letter) -> String {
    let LetterHead { topic_id, partition, offset, .. } = &letter.head;
    let hash = Sha256::digest(letter.value.as_deref().unwrap_or_default());
    format!(
        "dead-letter/{topic_id}/{partition}/{offset}/{}",
        hash.iter().map(|b| format!("{b:02x}")).collect::<String>()
    )
}

/// The record's own bytes: fields of a newer minor version stay.
fn unchanged(letter: &Letter, event: &OrderEvent) -> Outgoing {
    let EncodedEvent { key, headers, .. } = encode(event);
    let value = letter.value.clone().unwrap_or_default();
    let version = letter.headers.iter().rev().find(|(name, _)| name == header::SCHEMA_VERSION);
    let version = version.and_then(|(_, value)| std::str::from_utf8(value.as_deref()?).ok());
    headers.into_iter().fold(Outgoing { key, value, headers: Vec::with_capacity(6) }, |record, (name, value)| {
        let value = if name == header::SCHEMA_VERSION { version.map_or(value, str::to_owned) } else { value };
        record.header(name, value)
    })
}

fn encoded(event: OrderEvent) -> Outgoing {
    Outgoing::from(encode(&event))
}

fn edited(
    order: NewOrder,
    number: OrderNumber,
    original: Option<OrderEvent>,
    letter: &Letter,
    now: Timestamp,
) -> OrderPlaced {
    let (fingerprint, placed_at) = match original {
        // The fingerprint stays that of what the shopper sent, so that their retry is no conflict. A conflict's new
        // order is another one.
        Some(OrderEvent::Placed(placed)) if placed.order_number == number => (placed.fingerprint, placed.placed_at),
        Some(OrderEvent::Placed(placed)) => (order.fingerprint(), placed.placed_at),
        _ => (order.fingerprint(), letter.head.recorded_at.unwrap_or(now)),
    };
    let NewOrder { customer, items, payment } = order;
    OrderPlaced { event_id: Uuid::now_v7(), order_number: number, placed_at, customer, items, payment, fingerprint }
}

/// The edited body with the masks replaced by what the record says there.
fn read(edit: &Json<'_>, letter: &Letter) -> Result<NewOrder, Refusal> {
    let mut edit = edit.clone();
    let original: Option<Value> = letter.value.as_deref().and_then(|value| serde_json::from_slice(value).ok());
    let mut wrong = Vec::new();
    for path in [["customer", "address"], ["payment", "token"]] {
        let Some(Json::Text(text)) = at(&mut edit, &path) else { continue };
        if text != MASK {
            continue;
        }
        let pointer = format!("/{}/{}", path[0], path[1]);
        match original.as_ref().and_then(|json| json.pointer(&pointer)?.as_str()) {
            Some(known) => *text = known.to_owned().into(),
            None => wrong.push(FieldError {
                pointer: format!("/body{pointer}"),
                detail: format!("must be given: the record has nothing that {MASK} could stand for"),
            }),
        }
    }
    let fields = match validation::validate(&edit) {
        Ok(order) if wrong.is_empty() => return Ok(order),
        Ok(_) => Vec::new(),
        Err(fields) => fields,
    };
    let fields = fields
        .into_iter()
        .map(|one| FieldError { pointer: format!("/body{}", one.pointer), detail: one.detail.into_owned() });
    wrong.extend(fields);
    Err(Refusal::Invalid(wrong))
}

fn at<'j, 'd>(json: &'j mut Json<'d>, path: &[&str]) -> Option<&'j mut Json<'d>> {
    path.iter().try_fold(json, |json, name| match json {
        Json::Object(fields) => fields.iter_mut().find(|(field, _)| field == name).map(|(_, value)| value),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
