//! Times with a higher minimum: cron and duration.

use std::fmt;

use cronexpr::{Crontab, FallbackTimezoneOption, ParseOptions};
use jiff::Timestamp;
use pipeline_api::{DurationError, Schedule};

/// A schedule, read.
#[derive(Clone)]
pub struct Window {
    starts: Crontab,
    /// Seconds.
    duration: f64,
    /// Fewest consumers meanwhile.
    pub min_replicas: u32,
    /// As written, for reasons.
    pub cron: String,
}

/// A schedule that means nothing.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    #[error("cron {0:?} is not five fields of cron (a time zone may follow)")]
    Cron(String, #[source] cronexpr::Error),
    #[error("duration")]
    Duration(#[source] DurationError),
    #[error("minReplicas must be 1 or more")]
    MinReplicas,
}

impl Window {
    /// Reads a schedule; times are UTC unless the cron line names a time zone.
    ///
    /// # Errors
    /// When a field cannot be read, which it names.
    pub fn new(schedule: &Schedule) -> Result<Self, ScheduleError> {
        let mut options = ParseOptions::default();
        options.fallback_timezone_option = FallbackTimezoneOption::UTC;
        let starts = cronexpr::parse_crontab_with(&schedule.cron, options)
            .map_err(|error| ScheduleError::Cron(schedule.cron.clone(), error))?;
        let duration = schedule.duration.to_std().map_err(ScheduleError::Duration)?.as_secs_f64();
        let min_replicas =
            u32::try_from(schedule.min_replicas).ok().filter(|n| *n > 0).ok_or(ScheduleError::MinReplicas)?;
        Ok(Self { starts, duration, min_replicas, cron: schedule.cron.clone() })
    }

    /// Whether it runs at `now` (Unix seconds): it started within its duration.
    pub fn is_open(&self, now: f64) -> bool {
        // The search is for a start strictly after the moment given.
        let Some(since) = timestamp(now - self.duration) else { return false };
        let next = self.starts.find_next(since).ok();
        next.is_some_and(|start| start.timestamp().as_second() as f64 <= now)
    }
}

fn timestamp(seconds: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond((seconds * 1_000.0) as i64).ok()
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window").field("cron", &self.cron).field("min_replicas", &self.min_replicas).finish()
    }
}
