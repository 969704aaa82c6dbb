//! How many orders come in: now, and by the time that a change would work.

use super::history::Clock;
use super::track::Track;

/// Orders per second.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arrivals {
    /// Over the last minute.
    pub(super) smooth: f64,
    /// The same, or more when the last seconds surely brought more.
    pub(super) now: f64,
    /// When a change made now would work; never below `now`.
    pub(super) ahead: f64,
    /// Share of each partition; sums up to 1.
    pub(super) shares: Vec<f64>,
}

/// Standard deviations by which a short window must be above the minute to count: below that it is noise.
const SURE: f64 = 2.5;
/// As if so many orders had come to every partition before: few orders say little about shares.
const PRIOR: f64 = 30.0;

/// Rates at the last sample, with a look `ahead` seconds forward; None until there are two samples.
pub(super) fn arrivals(tracks: &[Track], clock: &Clock, ahead: f64) -> Option<Arrivals> {
    let now = clock.last?;
    let start = tracks.iter().filter_map(Track::start).fold(clock.since, f64::max);
    let window = |seconds: f64| Window::new(tracks, (now - seconds).max(start), now);
    let minute = window(60.0)?;
    let two_samples = 2.0 * clock.interval.unwrap_or(0.0);
    let short = [10.0, 20.0, 30.0].into_iter().filter(|seconds| *seconds >= two_samples);
    let surely = short.filter_map(|seconds| window(seconds).map(|window| window.surely())).fold(0.0, f64::max);
    let rate = minute.rate().max(surely);

    // Only what rises over a minute, over half and over a third of it is a trend; a step is none.
    let slopes = [60.0, 30.0, 20.0].map(|seconds| slope(tracks, start, now, seconds));
    let slope = slopes.into_iter().fold(f64::INFINITY, f64::min);
    let rising = if slope.is_finite() && slope > 0.0 { slope * ahead } else { 0.0 };

    let counts: Vec<f64> = {
        let from = (now - 120.0).max(start);
        tracks.iter().map(|track| track.arrived(from, now).max(0.0) + PRIOR).collect()
    };
    let mean = counts.iter().sum::<f64>() / counts.len().max(1) as f64;
    // What is within the noise of counting is no skew: the heaviest of many even partitions only looks heavy.
    let counts = counts.iter().map(|count| if (count - mean).abs() <= 4.0 * mean.sqrt() { mean } else { *count });
    let counts: Vec<f64> = counts.collect();
    let all: f64 = counts.iter().sum();
    Some(Arrivals {
        smooth: minute.rate(),
        now: rate,
        ahead: rate + rising,
        shares: counts.iter().map(|count| count / all).collect(),
    })
}

/// Orders worked off per second by the whole group over the last `seconds`; None until that is known.
pub(super) fn drained(tracks: &[Track], clock: &Clock, seconds: f64) -> Option<f64> {
    let each = drained_each(tracks, clock, seconds);
    (!each.is_empty()).then(|| each.iter().sum())
}

/// The same by partition; empty until that is known.
pub(super) fn drained_each(tracks: &[Track], clock: &Clock, seconds: f64) -> Vec<f64> {
    let Some(now) = clock.last else { return Vec::new() };
    let start = tracks.iter().filter_map(Track::start).fold(clock.since, f64::max);
    let from = (now - seconds).max(start);
    if now - from < 1.0 {
        return Vec::new();
    }
    tracks.iter().map(|track| track.done(from, now).max(0.0) / (now - from)).collect()
}

struct Window {
    orders: f64,
    seconds: f64,
}

impl Window {
    fn new(tracks: &[Track], from: f64, to: f64) -> Option<Self> {
        let seconds = to - from;
        let orders = tracks.iter().map(|track| track.arrived(from, to)).sum::<f64>().max(0.0);
        (seconds >= 1.0).then_some(Self { orders, seconds })
    }

    fn rate(&self) -> f64 {
        self.orders / self.seconds
    }

    /// The rate that is not luck (orders come independently: Poisson).
    fn surely(&self) -> f64 {
        (self.orders - SURE * self.orders.sqrt()).max(0.0) / self.seconds
    }
}

/// Orders per second and second, from the two halves of a window; infinite when the window is not there yet.
fn slope(tracks: &[Track], start: f64, now: f64, seconds: f64) -> f64 {
    let half = seconds / 2.0;
    if now - seconds < start - 1.0 {
        return 0.0;
    }
    let (Some(first), Some(second)) =
        (Window::new(tracks, now - seconds, now - half), Window::new(tracks, now - half, now))
    else {
        return 0.0;
    };
    let noise = SURE * (first.orders + second.orders).sqrt();
    if second.orders - first.orders <= noise { 0.0 } else { (second.rate() - first.rate()) / half }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(rates: &[f64]) -> (Vec<Track>, Clock) {
        let (mut tracks, mut clock) = (vec![Track::default(); 4], Clock::default());
        let mut total = 0.0;
        for (i, rate) in rates.iter().enumerate() {
            let t = 5.0 * i as f64;
            total += rate * 5.0;
            for track in &mut tracks {
                track.note(t, (total / 4.0) as i64, 0, false);
            }
            clock.note(t, 30.0);
        }
        (tracks, clock)
    }

    #[test]
    fn one_sample_says_nothing() {
        let (tracks, clock) = feed(&[100.0]);
        assert_eq!(arrivals(&tracks, &clock, 30.0), None);
    }

    #[test]
    fn a_steady_rate_has_no_trend() {
        let (tracks, clock) = feed(&[400.0; 30]);
        let seen = arrivals(&tracks, &clock, 30.0).unwrap();
        assert!((seen.now - 400.0).abs() < 4.0 && (seen.ahead - 400.0).abs() < 4.0, "{seen:?}");
        assert!(seen.shares.iter().all(|share| (share - 0.25).abs() < 1e-9));
    }

    #[test]
    fn a_step_is_seen_within_two_samples_and_not_overshot() {
        let (tracks, clock) = feed(&[[200.0; 20].as_slice(), &[2_000.0; 2]].concat());
        let seen = arrivals(&tracks, &clock, 30.0).unwrap();
        assert!(seen.now > 1_800.0, "{seen:?}");
        assert!(seen.ahead < 3_200.0, "{seen:?}");
    }

    #[test]
    fn a_ramp_is_looked_ahead_of() {
        let ramp: Vec<f64> = (0..30).map(|i| 200.0 + 20.0 * f64::from(i)).collect();
        let (tracks, clock) = feed(&ramp);
        let seen = arrivals(&tracks, &clock, 30.0).unwrap();
        assert!((seen.ahead - seen.now - 120.0).abs() < 25.0, "{seen:?}");
    }
}
