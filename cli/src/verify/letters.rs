//! The dead letters, as far as the ledger needs them.

use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::TryStreamExt;
use sqlx::{MySqlConnection, Row};

use super::difference::{Differences, Kind};
use super::record::{Number, Said, parse};

const CONFLICT: &str = "IDEMPOTENCY_CONFLICT";
const REFUSED: &str = "REFUSED_BY_DATABASE";

/// Why a record is a dead letter, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Another body under a known number.
    Conflict,
    /// MySQL refuses this order and no other.
    Refused,
    /// It cannot be read.
    Unreadable,
}

/// All dead letters. Memory grows with their number alone.
#[derive(Clone, Debug, Default)]
pub struct Letters {
    /// By place, of the topic as it lives now.
    pub at: HashMap<(i32, i64), Why>,
    /// First-hand creates with a known number and another body.
    pub conflicts: i64,
    /// First-hand creates that carry no number.
    pub without_number: i64,
    /// Other first-hand creates, by number: how many, and whether MySQL refused one.
    pub creates: HashMap<Number, (i64, bool)>,
    /// Every number that a letter names.
    pub numbers: HashSet<Number>,
    /// Letters of an earlier life of the topic, which the log cannot show any more.
    pub of_other_lives: i64,
    /// By status: what a person did about them.
    pub by_status: std::collections::BTreeMap<String, i64>,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Where it lay, when that was in the topic of today.
    pub at: Option<(i32, i64)>,
    /// Column `order_number`.
    pub number: Option<Number>,
    /// Column `reason`.
    pub why: Why,
    /// What its bytes say.
    pub said: Said,
    /// OPEN, REPLAYED or DISCARDED.
    pub status: String,
}

impl Letters {
    /// Adds a row.
    pub fn add(&mut self, letter: Letter) {
        match letter.at {
            Some(at) => drop(self.at.insert(at, letter.why)),
            None => self.of_other_lives += 1,
        }
        self.numbers.extend(letter.number);
        *self.by_status.entry(letter.status).or_default() += 1;
        // A conflict and an order that MySQL refused were read, so their row knows the number in any case.
        match (letter.said, letter.number, letter.why) {
            (Said::Create { replay: false, .. }, _, Why::Conflict) => self.conflicts += 1,
            (Said::Create { replay: false, .. }, Some(number), why) => {
                let (count, refused) = self.creates.entry(number).or_default();
                *count += 1;
                *refused |= why == Why::Refused;
            }
            (Said::Create { replay: false, .. }, None, _) => self.without_number += 1,
            (Said::Create { replay: true, .. } | Said::Cancel(_) | Said::Other, _, _) => {}
        }
    }

    /// Reads all rows. `topic_id`: the topic's life of today.
    pub(super) async fn read(
        connection: &mut MySqlConnection,
        topic_id: &str,
        differences: &mut Differences,
    ) -> Result<Self, sqlx::Error> {
        let mut letters = Self::default();
        let mut rows = sqlx::query(
            "SELECT id, topic_id, partition_id, record_offset, order_number, reason, status, CAST(headers AS CHAR), record_value \
             FROM dead_letters",
        )
        .fetch(connection);
        while let Some(row) = rows.try_next().await? {
            let (id, life): (u64, &str) = (row.try_get(0)?, row.try_get(1)?);
            let headers: Vec<(String, Option<String>)> = match serde_json::from_str(row.try_get(7)?) {
                Ok(headers) => headers,
                Err(_) => {
                    differences.add(Kind::Unreadable, || {
                        format!("dead letter {id}: its headers are not a list of names and values")
                    });
                    continue;
                }
            };
            let number = row.try_get::<Option<&str>, _>(4)?;
            let why = match row.try_get::<&str, _>(5)? {
                CONFLICT => Why::Conflict,
                REFUSED => Why::Refused,
                _ => Why::Unreadable,
            };
            letters.add(Letter {
                at: if life == topic_id { Some((row.try_get(2)?, row.try_get(3)?)) } else { None },
                number: number.and_then(parse),
                why,
                said: said(row.try_get(8)?, &headers),
                status: row.try_get(6)?,
            });
        }
        Ok(letters)
    }
}

/// `headers`: name and base64.
fn said(value: Option<&[u8]>, headers: &[(String, Option<String>)]) -> Said {
    let texts: Vec<(&str, String)> = headers
        .iter()
        .filter_map(|(name, value)| {
            let bytes = STANDARD.decode(value.as_deref()?).ok()?;
            Some((name.as_str(), String::from_utf8(bytes).ok()?))
        })
        .collect();
    Said::of(value, |name| texts.iter().rev().find(|(found, _)| *found == name).map(|(_, value)| value.as_str()))
}
