//! What is wanted: the resource's scaling block, and the ceilings around it.

use pipeline_api::{DurationError, Scaling, ScalingMode, Schedule};

use super::schedule::{ScheduleError, Window};

/// What a decision aims at and must stay within.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Auto scales, Recommend only says what it would do, Manual leaves it to `manual`.
    pub mode: ScalingMode,
    /// The number by hand (`spec.consumer.replicas`); wins over everything but the partitions.
    pub manual: Option<u32>,
    pub min_replicas: u32,
    pub max_replicas: u32,
    /// Orders per second of one consumer until that was measured.
    pub assumed_capacity: f64,
    /// Seconds that no order should wait longer.
    pub max_order_age: f64,
    /// Seconds within which an older backlog should be worked off.
    pub drain_after_burst: f64,
    /// Times with a higher minimum.
    pub schedules: Vec<Window>,
    /// Partitions of the topic.
    pub partitions: u32,
    /// Most consumers that the database's connections allow; None: no such limit.
    pub connections_allow: Option<u32>,
    pub timing: Timing,
}

/// How long things take, seconds: what is usual, not what was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// From a changed number to new consumers at work.
    pub pod_start: f64,
    /// Nobody works while partitions move.
    pub rebalance: f64,
    /// Between two commits of a position: so much lag is no backlog.
    pub commit_interval: f64,
    /// At most one change of the number within it.
    pub rebalance_budget: f64,
    /// A smaller number must have been enough for that long.
    pub scale_down_after: f64,
    /// An older sample is not looked at any more; a longer pause starts the rate windows anew.
    pub stale_after: f64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            pod_start: 20.0,
            rebalance: 10.0,
            commit_interval: 5.0,
            rebalance_budget: 30.0,
            scale_down_after: 300.0,
            stale_after: 30.0,
        }
    }
}

/// The scaling block means nothing that could be done.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A target is not a duration.
    #[error("targets.{field}")]
    Target { field: &'static str, source: DurationError },
    /// Another length of time is none.
    #[error("{field}")]
    Duration { field: &'static str, source: DurationError },
    /// A schedule cannot be read.
    #[error("schedules[{index}]")]
    Schedule { index: usize, source: ScheduleError },
    /// A number is out of its range.
    #[error("{field} must be {must}, it is {is}")]
    Range { field: &'static str, must: &'static str, is: i64 },
}

impl PolicyError {
    /// In one sentence that begins with the field of the resource.
    #[must_use]
    pub fn told(&self) -> String {
        let cause = std::error::Error::source(self).map(|source| format!(": {source}")).unwrap_or_default();
        format!("spec.consumer.scaling.{self}{cause}")
    }
}

impl Policy {
    /// Reads the scaling block. `partitions` is the topic's number.
    ///
    /// # Errors
    /// When a value is outside what the CRD allows, which names the field.
    pub fn new(scaling: &Scaling, partitions: u32) -> Result<Self, PolicyError> {
        let number = |field, value: i32, least: i32, must| {
            let range = PolicyError::Range { field, must, is: i64::from(value) };
            u32::try_from(value).ok().filter(|_| value >= least).ok_or(range)
        };
        let seconds = |field, duration: &pipeline_api::Duration| {
            let read = duration.to_std().map_err(|source| PolicyError::Target { field, source })?;
            Ok(read.as_secs_f64())
        };
        let scale_down_after = scaling.scale_down_after.to_std();
        let scale_down_after =
            scale_down_after.map_err(|source| PolicyError::Duration { field: "scaleDownAfter", source })?.as_secs_f64();
        let min_replicas = number("minReplicas", scaling.min_replicas, 0, "0 or more")?;
        let max_replicas = number("maxReplicas", scaling.max_replicas, 1, "1 or more")?;
        if min_replicas > max_replicas {
            let is = i64::from(min_replicas);
            return Err(PolicyError::Range { field: "minReplicas", must: "at most maxReplicas", is });
        }
        if partitions == 0 {
            return Err(PolicyError::Range { field: "partitions", must: "1 or more", is: 0 });
        }
        let window = |(index, schedule): (usize, &Schedule)| {
            Window::new(schedule).map_err(|source| PolicyError::Schedule { index, source })
        };
        Ok(Self {
            mode: scaling.mode,
            manual: None,
            min_replicas,
            max_replicas,
            assumed_capacity: f64::from(number("assumedCapacity", scaling.assumed_capacity, 1, "1 or more")?),
            max_order_age: seconds("maxOrderAge", &scaling.targets.max_order_age)?,
            drain_after_burst: seconds("drainAfterBurst", &scaling.targets.drain_after_burst)?,
            schedules: scaling.schedules.iter().enumerate().map(window).collect::<Result<_, _>>()?,
            partitions,
            connections_allow: None,
            timing: Timing { scale_down_after, ..Timing::default() },
        })
    }

    /// With the number by hand.
    #[must_use]
    pub fn with_manual(self, replicas: Option<u32>) -> Self {
        Self { manual: replicas, ..self }
    }

    /// With the most consumers that the database's connections allow.
    #[must_use]
    pub fn with_connections(self, allow: Option<u32>) -> Self {
        Self { connections_allow: allow, ..self }
    }
}

impl Policy {
    /// Fewest consumers whatever the load, schedules aside; within what may run at all.
    pub fn fewest(&self) -> u32 {
        self.min_replicas.min(self.most())
    }

    /// Most consumers whatever the load.
    pub fn most(&self) -> u32 {
        let most = self.max_replicas.min(self.partitions);
        self.connections_allow.map_or(most, |allowed| most.min(allowed))
    }
}
