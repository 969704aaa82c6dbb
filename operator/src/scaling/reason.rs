//! A decision in one sentence.

use std::fmt::Write as _;

use super::decision::{CapacitySource, Figures, LimitedBy};
use super::stability::Move;

/// What the sentence is made of.
pub(super) struct Told<'a> {
    pub(super) current: u32,
    pub(super) chosen: u32,
    pub(super) step: Move,
    pub(super) limited_by: Option<LimitedBy>,
    pub(super) figures: &'a Figures,
    /// Cron line of the schedule that sets the minimum.
    pub(super) schedule: Option<&'a str>,
    /// Seconds that no order should wait longer.
    pub(super) max_order_age: f64,
}

impl Told<'_> {
    /// The sentence.
    pub(super) fn sentence(&self) -> String {
        let mut text = match self.step {
            Move::Up(to) => format!("{} -> {to} consumers: {}", self.current, self.work()),
            Move::Down(to) => {
                format!("{} -> {to} consumers: fewer have been enough for a while; {}", self.current, self.work())
            }
            Move::IntoLimits(to) if to > self.current => {
                let schedule = self.schedule.map_or(String::new(), |cron| format!(" of the schedule {cron:?}"));
                format!("{} -> {to} consumers: the minimum{schedule}", self.current)
            }
            Move::IntoLimits(to) => format!("{} -> {to} consumers: the most that may run", self.current),
            Move::NotSure => format!(
                "{} for the moment, more seem to be needed and the next look will tell: {}",
                consumers(self.chosen),
                self.work()
            ),
            Move::NotYet => format!("{} for the moment, more are needed: {}", consumers(self.chosen), self.work()),
            Move::Keeping(size) => {
                format!(
                    "{} kept: {size} would do, but not for long enough yet; {}",
                    consumers(self.chosen),
                    self.work()
                )
            }
            Move::Stay => {
                let fit = if self.chosen == 1 { "fits" } else { "fit" };
                format!("{} {fit}: {}", consumers(self.chosen), self.work())
            }
        };
        if let Some(limit) = self.limited_by.and_then(|limit| self.limit(limit)) {
            let _ = write!(text, "; {limit}");
        }
        text
    }

    fn work(&self) -> String {
        let figures = self.figures;
        let Some(lag) = figures.lag else { return "nothing is known yet".to_owned() };
        let mut text = match figures.arrival_rate {
            Some(rate) => format!("{} orders/s come in", number(rate)),
            None => "the rate of arrivals is not known yet".to_owned(),
        };
        if lag == 0 {
            text.push_str(", nothing waits");
        } else {
            let _ = write!(text, ", {lag} wait");
            if let Some(age) = figures.oldest_order_age {
                let _ = write!(text, " (the oldest {}, target {})", duration(age), duration(self.max_order_age));
            }
        }
        let (capacity, how) = (
            number(figures.capacity_per_replica),
            match figures.capacity_source {
                CapacitySource::Estimated => "is assumed to do",
                CapacitySource::Learnt => "does",
            },
        );
        let _ = write!(text, ", one consumer {how} {capacity}/s");
        text
    }

    fn limit(&self, limit: LimitedBy) -> Option<String> {
        let figures = self.figures;
        Some(match limit {
            LimitedBy::MaxReplicas => "maxReplicas allows no more".to_owned(),
            LimitedBy::Partitions => "more consumers than partitions would idle".to_owned(),
            LimitedBy::DatabaseConnections => "the database has no connections for more".to_owned(),
            LimitedBy::DatabaseLatency => "the database is slow, more consumers would make it slower".to_owned(),
            LimitedBy::HotPartition => {
                format!("{} more than one consumer can do, spread its keys", get(&figures.hot_partitions))
            }
            LimitedBy::NoProgress => "no consumer moves on, more of them would not either".to_owned(),
            LimitedBy::RebalanceBudget => "the last change is too fresh for another".to_owned(),
            LimitedBy::MinReplicas => match self.schedule {
                Some(cron) => format!("the schedule {cron:?} keeps them"),
                None => "minReplicas keeps them".to_owned(),
            },
            LimitedBy::Unknown | LimitedBy::Manual | LimitedBy::Recommend => return None,
        })
    }
}

/// `1 consumer`, `3 consumers`.
pub(super) fn consumers(count: u32) -> String {
    if count == 1 { "1 consumer".to_owned() } else { format!("{count} consumers") }
}

fn get(partitions: &[u32]) -> String {
    let list: Vec<String> = partitions.iter().take(5).map(ToString::to_string).collect();
    let more = if partitions.len() > 5 { " and others" } else { "" };
    let (noun, verb) = if partitions.len() == 1 { ("partition", "gets") } else { ("partitions", "get") };
    format!("{noun} {}{more} {verb}", list.join(", "))
}

fn number(value: f64) -> String {
    if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") }
}

fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}
