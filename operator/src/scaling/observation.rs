//! One look at the consumer group. What could not be read is unknown, which is never taken for 0.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Everything that was read at one moment.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// When it was read, Unix seconds. Only differences matter, but for schedules.
    pub t: f64,
    /// Consumers that were asked for (`spec.replicas` of the Deployment).
    pub replicas: u32,
    /// Consumers that are ready.
    #[serde(default)]
    pub ready: u32,
    /// By partition number; None: Kafka did not answer. A single one that is not known is [`PartitionSample::default`].
    #[serde(default, deserialize_with = "partitions")]
    pub partitions: Option<Vec<PartitionSample>>,
    /// What the ready consumers told about themselves; empty: nothing was scraped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<ConsumerSample>,
    /// How long the database takes for one thing that does not grow with the load (a COMMIT), milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_latency_ms: Option<f64>,
}

/// Offsets of one partition. The committed offset must be read before the end, so that lag is never negative.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct PartitionSample {
    /// The group's position.
    pub committed: Committed,
    /// Where readers of committed records stop (LSO).
    #[serde(deserialize_with = "offset")]
    pub end: Option<i64>,
    /// End of the log with open transactions; None: not asked, `end` is taken.
    #[serde(deserialize_with = "offset", skip_serializing_if = "Option::is_none")]
    pub high_watermark: Option<i64>,
    /// First offset that is still there; None: not asked, 0 is taken.
    #[serde(deserialize_with = "offset", skip_serializing_if = "Option::is_none")]
    pub log_start: Option<i64>,
}

/// A group's committed offset. JSON: a number; below 0 for [`Committed::Nothing`] (as Kafka says it); null or absent
/// for [`Committed::Unknown`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Committed {
    /// It could not be read.
    #[default]
    Unknown,
    /// The group never committed here: it will start at the log's start.
    Nothing,
    /// The next offset to be worked off.
    At(i64),
}

/// What one ready consumer tells.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumerSample {
    /// The partitions it has; None: not known.
    pub partitions: Option<Vec<u32>>,
    /// Orders per second that it works off while it has work.
    pub service_rate: Option<f64>,
    /// Orders in its hands that the database does not have yet.
    pub unsent: Option<u64>,
}

impl Serialize for Committed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unknown => serializer.serialize_none(),
            Self::Nothing => serializer.serialize_i64(-1),
            Self::At(offset) => serializer.serialize_i64(*offset),
        }
    }
}

impl<'de> Deserialize<'de> for Committed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match offset(deserializer)? {
            None => Self::Unknown,
            Some(offset) if offset < 0 => Self::Nothing,
            Some(offset) => Self::At(offset),
        })
    }
}

/// A whole number, also when written as 12.0; null: unknown.
fn offset<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(number) = Option::<serde_json::Number>::deserialize(deserializer)? else { return Ok(None) };
    let whole = number.as_i64().or_else(|| number.as_f64().filter(|n| n.abs() < 9e15).map(|n| n.floor() as i64));
    whole.map(Some).ok_or_else(|| serde::de::Error::custom(format!("{number} is not an offset")))
}

/// A list in which null stands for a partition that is not known.
fn partitions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<PartitionSample>>, D::Error> {
    let list = Option::<Vec<Option<PartitionSample>>>::deserialize(deserializer)?;
    Ok(list.map(|list| list.into_iter().map(Option::unwrap_or_default).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_shortest_line() {
        let line =
            r#"{"t":5,"replicas":2,"ready":1,"partitions":[{"committed":3,"end":10},null,{"committed":-1,"end":4.0}]}"#;
        let read: Observation = serde_json::from_str(line).unwrap();
        let partitions = read.partitions.unwrap();
        assert_eq!((read.t, read.replicas, read.ready), (5.0, 2, 1));
        assert_eq!(partitions[0], PartitionSample { committed: Committed::At(3), end: Some(10), ..Default::default() });
        assert_eq!(partitions[1], PartitionSample::default());
        assert_eq!((partitions[2].committed, partitions[2].end), (Committed::Nothing, Some(4)));
    }

    #[test]
    fn unknown_is_not_zero() {
        let read: Observation = serde_json::from_str(r#"{"t":5,"replicas":2,"partitions":null}"#).unwrap();
        assert_eq!(read.partitions, None);
        let read: PartitionSample = serde_json::from_str(r#"{"committed":null,"end":null}"#).unwrap();
        assert_eq!(read, PartitionSample::default());
    }

    #[test]
    fn survives_json() {
        let sample =
            PartitionSample { committed: Committed::Nothing, end: Some(7), high_watermark: Some(9), log_start: None };
        let observation = Observation { t: 1.5, replicas: 1, partitions: Some(vec![sample]), ..Default::default() };
        let text = serde_json::to_string(&observation).unwrap();
        assert_eq!(serde_json::from_str::<Observation>(&text).unwrap(), observation);
    }
}
