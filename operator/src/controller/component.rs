//! The programs that a pipeline consists of.

/// One program of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    SearchApi,
    OrderApi,
    OrderConsumer,
    Notifier,
    Storefront,
    /// Runs as a Job, the others as Deployments.
    Migrator,
}

impl Component {
    /// Those that run as Deployments, in the order of a rollout.
    pub const DEPLOYED: [Self; 5] =
        [Self::OrderConsumer, Self::SearchApi, Self::OrderApi, Self::Notifier, Self::Storefront];

    /// Those that have a user in Kafka.
    pub const WITH_KAFKA: [Self; 2] = [Self::OrderApi, Self::OrderConsumer];

    /// Name of binary, image, container, and suffix of objects.
    pub fn name(self) -> &'static str {
        match self {
            Self::SearchApi => "search-api",
            Self::OrderApi => "order-api",
            Self::OrderConsumer => "order-consumer",
            Self::Notifier => "notifier",
            Self::Storefront => "storefront",
            Self::Migrator => "migrator",
        }
    }

    /// When it is rolled out: after all of an earlier stage.
    pub fn stage(self) -> u8 {
        match self {
            Self::Migrator => 0,
            Self::OrderConsumer => 1,
            Self::SearchApi | Self::OrderApi | Self::Notifier => 2,
            Self::Storefront => 3,
        }
    }

    pub fn has_kafka(self) -> bool {
        Self::WITH_KAFKA.contains(&self)
    }

    /// Whether it speaks to the database.
    pub fn has_database(self) -> bool {
        self != Self::Storefront
    }

    /// Whether it answers callers over HTTP.
    pub fn has_http(self) -> bool {
        matches!(self, Self::SearchApi | Self::OrderApi | Self::Storefront)
    }
}
