//! Reads the few figures of a consumer's `/metrics` that scaling is about (OpenMetrics text).

use std::str::FromStr;

/// What one consumer said at one moment. Absent: it did not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// How long COMMIT took since it started: upper bound in seconds, and how many took no longer.
    pub commits: Vec<(f64, u64)>,
    /// Orders per second with all workers busy.
    pub service_rate: Option<f64>,
    /// Orders fetched and not committed.
    pub in_hand: Option<u64>,
    /// Partitions it has; `None`: it did not say of any.
    pub partitions: Option<Vec<u32>>,
    /// Seconds since when everything is held because schema or grants are wrong, and because of too many dead letters.
    pub held: [f64; 2],
    /// Partitions that stand because records are lost.
    pub stopped: u64,
    /// Whether the database answered it last time.
    pub database_up: Option<bool>,
}

/// Reads them. Lines that are not understood are left out: another version may say more.
pub fn read(text: &str) -> Figures {
    let mut figures = Figures::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((series, value)) = line.rsplit_once(' ') else { continue };
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        match name {
            "consumer_commit_duration_seconds_bucket" => {
                let bound = label(labels, "le").and_then(|bound| if bound == "+Inf" { None } else { number(bound) });
                figures.commits.extend(bound.zip(number(value)));
            }
            "consumer_service_rate" => {
                figures.service_rate = number(value).filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
            }
            "consumer_held_seconds" => {
                let seconds = number(value).filter(|seconds: &f64| seconds.is_finite()).unwrap_or(0.0);
                match label(labels, "cause") {
                    Some("systemic") => figures.held[0] = seconds,
                    Some("dead-letters") => figures.held[1] = seconds,
                    _ => {}
                }
            }
            "consumer_partitions_stopped" => figures.stopped = number(value).unwrap_or(0),
            "consumer_in_hand_records" => figures.in_hand = number(value),
            "consumer_partition_in_hand_records" => {
                let partition = label(labels, "partition").and_then(number);
                figures.partitions.get_or_insert_default().extend::<Option<u32>>(partition);
            }
            "consumer_partitions_assigned" if number::<u32>(value) == Some(0) => {
                figures.partitions = Some(Vec::new());
            }
            "backend_up" if label(labels, "component") == Some("database") => {
                figures.database_up = number::<u8>(value).map(|up| up == 1);
            }
            _ => {}
        }
    }
    figures
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// The value of a label; ours hold no quotes.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let mut all = labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once("=\""));
    all.find(|(found, _)| *found == name).map(|(_, value)| value.trim_end_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# HELP backend_up 1 when the backend answered last time.
# TYPE backend_up gauge
backend_up{component=\"kafka\"} 1
backend_up{component=\"database\"} 0
# TYPE consumer_commit_duration_seconds histogram
# UNIT consumer_commit_duration_seconds seconds
consumer_commit_duration_seconds_sum 12.5
consumer_commit_duration_seconds_count 100
consumer_commit_duration_seconds_bucket{le=\"0.001\"} 4
consumer_commit_duration_seconds_bucket{le=\"0.002\"} 90
consumer_commit_duration_seconds_bucket{le=\"+Inf\"} 100
consumer_service_rate 412.5
consumer_held_seconds{cause=\"systemic\"} 31.5
consumer_held_seconds{cause=\"dead-letters\"} 0.0
consumer_partitions_stopped 1
consumer_in_hand_records 17
consumer_partitions_assigned 2
consumer_partition_in_hand_records{partition=\"3\"} 17
consumer_partition_in_hand_records{partition=\"11\"} 0
# EOF
";

    #[test]
    fn reads_what_a_consumer_says() {
        let expected = Figures {
            commits: vec![(0.001, 4), (0.002, 90)],
            service_rate: Some(412.5),
            in_hand: Some(17),
            partitions: Some(vec![3, 11]),
            database_up: Some(false),
            held: [31.5, 0.0],
            stopped: 1,
        };
        assert_eq!(read(TEXT), expected);
    }

    #[test]
    fn what_is_not_said_is_not_zero() {
        assert_eq!(read(""), Figures::default());
        assert_eq!(read("consumer_service_rate NaN\nconsumer_in_hand_records x\nnonsense"), Figures::default());
        assert_eq!(read("consumer_partitions_assigned 0").partitions, Some(Vec::new()));
    }
}
