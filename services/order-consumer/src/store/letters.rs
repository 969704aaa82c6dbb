//! `dead_letters` rows: the raw record, and why.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kafka_offsets::TopicId;
use order_events::header;

use super::sql::Sql;
use super::write::Plan;
use crate::fold::Letter;
use crate::position::Position;
use crate::record::Record;

/// A letter with its record, and how often it was tried.
pub(super) struct Row<'a> {
    pub(super) letter: &'a Letter,
    pub(super) record: &'a Record,
    pub(super) attempts: u32,
}

pub(super) fn insert(plan: &mut Plan, topic: &str, topic_id: &TopicId, rows: &[Row<'_>]) {
    if rows.is_empty() {
        return;
    }
    plan.sql
        .statement(
            "INSERT INTO dead_letters (topic, topic_id, partition_id, record_offset, value_hash, record_key, record_value, headers, \
             recorded_at, order_number, event_type, reason, detail, attempts) VALUES ",
        )
        .list(rows, |sql, row| {
            let Row { letter, record, attempts } = row;
            let Position { partition, offset } = record.at;
            sql.raw("(").text(topic).raw(",").text(topic_id.as_str()).raw(",").int(partition).raw(",").int(offset);
            sql.raw(",").bytes(&record.value_hash()).raw(",");
            sql.optional(record.key.as_deref(), Sql::bytes).raw(",");
            sql.optional(record.value.as_deref(), Sql::bytes).raw(",");
            sql.text(&headers_json(record)).raw(",");
            sql.optional(record.time(), Sql::time).raw(",");
            sql.optional(letter.number, Sql::number).raw(",");
            sql.optional(record.header(header::EVENT_TYPE).map(|text| first(text, 64)).as_deref(), Sql::text).raw(",");
            sql.name(letter.reason).raw(",").text(&first(&letter.detail, 1000)).raw(",").int(*attempts).raw(")");
        });
    plan.finds(rows.len(), "dead_letters");
}

/// The records of a batch by place.
pub(super) fn by_position<'a>(records: impl Iterator<Item = &'a Record>) -> HashMap<Position, &'a Record> {
    records.map(|record| (record.at, record)).collect()
}

/// `[[name, base64 or null], …]`.
fn headers_json(record: &Record) -> String {
    let list: Vec<(&str, Option<String>)> = record
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_ref().map(|value| STANDARD.encode(value))))
        .collect();
    serde_json::to_string(&list).expect("texts are JSON")
}

fn first(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}
