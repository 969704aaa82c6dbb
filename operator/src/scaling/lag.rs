//! From a sample to lag, or to the word unknown.

use super::observation::{Committed, Observation, PartitionSample};
use super::policy::Policy;

/// One partition, fully known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) end: i64,
    /// The committed offset; the log's start when there is none or when it lies below.
    pub(super) committed: i64,
    /// Records behind `end` belong to an open transaction.
    pub(super) open: bool,
}

impl Position {
    pub(super) fn lag(self) -> i64 {
        (self.end - self.committed).max(0)
    }
}

impl PartitionSample {
    /// Records that wait; `None`: not known.
    pub fn lag(&self) -> Option<i64> {
        position(self).map(Position::lag)
    }
}

/// All partitions, or in words what is not known.
pub(super) fn positions(observation: &Observation, policy: &Policy, now: f64) -> Result<Vec<Position>, String> {
    let old = now - observation.t;
    if old > policy.timing.stale_after {
        return Err(format!("the last sample is {old:.0} s old"));
    }
    let Some(samples) = &observation.partitions else { return Err("offsets are not known".to_owned()) };
    let known: Vec<Position> = samples.iter().map_while(position).collect();
    if known.len() < samples.len() {
        return Err(format!("offsets of partition {} are not known", known.len()));
    }
    if known.len() < policy.partitions as usize {
        return Err(format!("offsets of {} of {} partitions are known", known.len(), policy.partitions));
    }
    Ok(known)
}

fn position(sample: &PartitionSample) -> Option<Position> {
    let end = sample.end?;
    let start = sample.log_start.unwrap_or(0);
    let committed = match sample.committed {
        Committed::Unknown => return None,
        // It will start at the log's start, so all that is there waits (not what once was there: KEDA#7936).
        Committed::Nothing => start,
        Committed::At(offset) => offset.max(start),
    };
    Some(Position { end, committed, open: sample.high_watermark.is_some_and(|high| high > end) })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain(Committed::At(30), Some(100), None, Some(70))]
    #[case::ahead(Committed::At(130), Some(100), None, Some(0))]
    #[case::never_committed(Committed::Nothing, Some(100), Some(90), Some(10))]
    #[case::expired(Committed::At(30), Some(100), Some(90), Some(10))]
    #[case::no_position(Committed::Unknown, Some(100), None, None)]
    #[case::no_end(Committed::At(1), None, None, None)]
    fn is(
        #[case] committed: Committed,
        #[case] end: Option<i64>,
        #[case] log_start: Option<i64>,
        #[case] lag: Option<i64>,
    ) {
        let sample = PartitionSample { committed, end, high_watermark: None, log_start };
        assert_eq!(position(&sample).map(Position::lag), lag);
    }
}
