//! What came out: the number, why, what held it back, and the figures behind it.

use serde::Serialize;

/// How many consumers should run, and why.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The number to run now. In mode Recommend what already runs.
    pub replicas: u32,
    /// The number that scaling would choose, whatever the mode.
    pub recommended: u32,
    /// One sentence for a person.
    pub reason: String,
    /// What keeps the number from the one that is needed; None: nothing does.
    pub limited_by: Option<LimitedBy>,
    pub figures: Figures,
}

/// What keeps the number of consumers from the one that is needed.
#[derive(Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitedBy {
    /// Offsets are not known: the number stays.
    Unknown,
    /// Set by hand.
    Manual,
    /// Mode Recommend: nothing is changed.
    Recommend,
    /// `minReplicas`, or a schedule's.
    MinReplicas,
    /// `maxReplicas`.
    MaxReplicas,
    /// One consumer per partition works already.
    Partitions,
    /// The database has no connections for more.
    DatabaseConnections,
    /// The database answers slowly: more consumers would not be served faster.
    DatabaseLatency,
    /// One partition gets more than one consumer can do; more consumers do not help.
    HotPartition,
    /// Consumers do not move on: more of them would not help.
    NoProgress,
    /// The last change is too fresh for another.
    RebalanceBudget,
}

impl LimitedBy {
    /// As written in status and in the output of `decide`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Manual => "Manual",
            Self::Recommend => "Recommend",
            Self::MinReplicas => "MinReplicas",
            Self::MaxReplicas => "MaxReplicas",
            Self::Partitions => "Partitions",
            Self::DatabaseConnections => "DatabaseConnections",
            Self::DatabaseLatency => "DatabaseLatency",
            Self::HotPartition => "HotPartition",
            Self::NoProgress => "NoProgress",
            Self::RebalanceBudget => "RebalanceBudget",
        }
    }
}

/// The numbers behind a decision, for status and metrics. Absent: not known.
#[derive(Serialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Orders that wait in Kafka.
    pub lag: Option<u64>,
    /// Seconds that the oldest of them waits; at least that long when it came before the first sample.
    pub oldest_order_age: Option<f64>,
    /// Orders per second that come in.
    pub arrival_rate: Option<f64>,
    /// Orders per second that are worked off.
    pub drain_rate: Option<f64>,
    /// Orders per second that one consumer can work off.
    pub capacity_per_replica: f64,
    pub capacity_source: CapacitySource,
    /// Consumers' worth of work: arrivals at the aimed utilisation plus the backlog within its time.
    pub need: Option<f64>,
    /// Seconds until the backlog is worked off by the consumers decided on; None: unknown, or never.
    pub drain_eta: Option<f64>,
    /// Partitions that get more than one consumer can do.
    pub hot_partitions: Vec<u32>,
    /// Partitions with a backlog that nobody moves while others move.
    pub stalled_partitions: Vec<u32>,
    /// Partitions whose readers wait for an open transaction (condition TransactionStuck).
    pub stuck_transactions: Vec<u32>,
}

/// Where the capacity of one consumer comes from.
#[derive(Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CapacitySource {
    /// `assumedCapacity`: no consumer was busy enough to tell.
    #[default]
    Estimated,
    /// Measured on saturated consumers.
    Learnt,
}

impl CapacitySource {
    /// As written in status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Estimated => "Estimated",
            Self::Learnt => "Learnt",
        }
    }
}
