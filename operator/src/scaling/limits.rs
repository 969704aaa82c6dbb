//! Between which numbers may be chosen, and which limit it is.

use super::decision::LimitedBy;
use super::policy::Policy;

/// Lowest and highest number now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits<'a> {
    pub(super) fewest: u32,
    pub(super) most: u32,
    /// What `most` comes from.
    pub(super) most_by: LimitedBy,
    /// Cron line of the schedule that `fewest` comes from.
    pub(super) schedule: Option<&'a str>,
}

impl<'a> Limits<'a> {
    /// `database`: most consumers that it can take as slow as it is; never keeps fewer than the minimum from running.
    pub(super) fn of(policy: &'a Policy, database: Option<u32>, now: f64) -> Self {
        let open = policy.schedules.iter().filter(|window| window.is_open(now));
        let schedule =
            open.max_by_key(|window| window.min_replicas).filter(|window| window.min_replicas > policy.min_replicas);
        let fewest = schedule.map_or(policy.min_replicas, |window| window.min_replicas).min(policy.most());
        let limits = [
            (policy.partitions, LimitedBy::Partitions),
            (policy.max_replicas, LimitedBy::MaxReplicas),
            (policy.connections_allow.unwrap_or(u32::MAX), LimitedBy::DatabaseConnections),
            (database.map_or(u32::MAX, |most| most.max(fewest).max(1)), LimitedBy::DatabaseLatency),
        ];
        // The first of equals: partitions are the hardest limit.
        let (most, most_by) =
            limits.into_iter().min_by_key(|(most, _)| *most).unwrap_or((policy.partitions, LimitedBy::Partitions));
        Self { fewest, most, most_by, schedule: schedule.map(|window| window.cron.as_str()) }
    }

    pub(super) fn clamp(&self, replicas: u32) -> u32 {
        replicas.min(self.most).max(self.fewest)
    }
}
