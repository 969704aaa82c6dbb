//! When the number may change: every change moves partitions, and nobody works while they move.

use serde::{Deserialize, Serialize};

use super::history::milli;
use super::policy::Policy;

/// A change that the cluster does not show after so many seconds was not made.
const TAKEN_UP: f64 = 60.0;
/// Seconds that an urgent need must last before it is acted on; a second sample settles how large it is.
const SURE_AFTER: f64 = 4.0;
/// Seconds that a number must be stretched, without orders getting late, before it is changed.
const STRETCHED_FOR: f64 = 90.0;
/// Most patience: an hour with the usual five minutes.
pub(super) const MOST_PATIENCE: f64 = 12.0;
/// A smaller number that lasts less (seconds) was not worth its two changes.
const WORTH: f64 = 1_500.0;
/// Part of the patience for which fewer must have done at each moment, not only in hindsight.
const LESS_FOR: f64 = 0.6;
/// A change down must spare so much of the pods, or wait so much longer.
const SPARES: (f64, f64) = (0.4, 48.0);

/// What is remembered of the number.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Stability {
    /// The last change: when, from, to.
    change: Option<(f64, u32, u32)>,
    /// The last change down: when, and from which number.
    down: Option<(f64, u32)>,
    /// Since when the number is too small, and stretched.
    urgent_since: Option<f64>,
    stretched_since: Option<f64>,
    /// Since when fewer would do for the moment.
    less_since: Option<f64>,
    /// Since when samples are seen.
    since: Option<f64>,
    /// How often in a row a smaller number had to be taken back, as a factor of the time that it must have been enough.
    patience: f64,
}

/// How much the current number is too small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pressure {
    None,
    /// It still does, with less in reserve than it should have.
    Stretched,
    /// Orders get late.
    Urgent,
}

/// What the number is chosen from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    pub(super) current: u32,
    /// The number that the work needs now, at the aimed utilisation, within the limits below.
    pub(super) size: u32,
    /// The number that the last minutes would have needed, within the limits below; None: not known for long enough.
    pub(super) enough: Option<u32>,
    /// Lowest and highest number allowed.
    pub(super) fewest: u32,
    pub(super) most: u32,
    pub(super) pressure: Pressure,
    /// Seconds between samples: a need that lasts one is believed when they are long.
    pub(super) interval: f64,
}

/// What is done, and in which words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Move {
    Stay,
    /// Outside the limits: into them at once.
    IntoLimits(u32),
    Up(u32),
    Down(u32),
    /// A larger number is needed, but the last change is too fresh.
    NotYet,
    /// A larger number seems to be needed, but one sample is not enough to tell.
    NotSure,
    /// A smaller number would do, but not for long enough.
    Keeping(u32),
}

impl Stability {
    /// The number that is on its way when the cluster does not show it yet, else what it shows.
    pub(super) fn current(&self, shown: u32, now: f64) -> u32 {
        self.change.filter(|(t, ..)| (0.0..TAKEN_UP).contains(&(now - t))).map_or(shown, |(_, _, to)| to)
    }

    /// Seconds since the last change.
    pub(super) fn since_change(&self, now: f64) -> f64 {
        self.change.map_or(f64::INFINITY, |(t, ..)| now - t)
    }

    /// Seconds that a smaller number must have been enough.
    pub(super) fn patience(&self, policy: &Policy) -> f64 {
        policy.timing.scale_down_after * self.patience.clamp(1.0, MOST_PATIENCE)
    }

    /// A smaller number did not last: the one before it. None when it did.
    pub(super) fn taken_back(&self, now: f64) -> Option<u32> {
        self.down.filter(|(t, _)| now - t < WORTH).map(|(_, from)| from)
    }

    /// Chooses. Nothing is remembered as changed before [`Stability::changed`].
    pub(super) fn choose(&mut self, s: &Situation, policy: &Policy, now: f64) -> Move {
        if self.since.is_none_or(|since| since > now) {
            self.since = Some(milli(now));
        }
        let pressure = if s.size > s.current { s.pressure } else { Pressure::None };
        let since = |since: Option<f64>, is: bool| if is { since.or(Some(milli(now))) } else { None };
        self.urgent_since = since(self.urgent_since, pressure == Pressure::Urgent);
        self.stretched_since = since(self.stretched_since, pressure >= Pressure::Stretched);
        self.less_since = since(self.less_since, s.size < s.current);
        if s.current < s.fewest {
            return Move::IntoLimits(if pressure == Pressure::Urgent { s.size } else { s.fewest });
        }
        if s.current > s.most {
            return Move::IntoLimits(s.most);
        }
        if pressure != Pressure::None {
            let lasts = |since: Option<f64>, least: f64| since.is_some_and(|since| now - since >= least);
            // From 0 there is nobody whose work a change would interrupt.
            let believed = s.interval >= 10.0 || s.current == 0;
            let urgent = lasts(self.urgent_since, if believed { 0.0 } else { SURE_AFTER });
            let fresh = self.since_change(now) < policy.timing.rebalance_budget && s.current > 0;
            if (urgent || lasts(self.stretched_since, STRETCHED_FOR)) && !fresh {
                return Move::Up(s.size);
            }
            return match pressure {
                Pressure::Urgent if fresh => Move::NotYet,
                Pressure::Urgent => Move::NotSure,
                Pressure::Stretched | Pressure::None => Move::Stay,
            };
        }
        let Some(enough) = s.enough.map(|enough| enough.max(s.size)).filter(|enough| *enough < s.current) else {
            return if s.size < s.current { Move::Keeping(s.size) } else { Move::Stay };
        };
        let spares = f64::from(s.current - enough) / f64::from(s.current);
        let patience = self.patience(policy) * if spares >= SPARES.0 { 1.0 } else { SPARES.1 };
        let seen = (now - self.since.unwrap_or(now)).min(self.since_change(now));
        let less = now - self.less_since.unwrap_or(now);
        if seen >= patience && less >= LESS_FOR * self.patience(policy) {
            Move::Down(enough)
        } else {
            Move::Keeping(enough)
        }
    }

    /// Nothing was seen for a while: what must last begins anew.
    pub(super) fn interrupted(&mut self) {
        (self.urgent_since, self.stretched_since, self.less_since, self.since) = (None, None, None, None);
    }

    /// Time jumped back to before what is remembered: only what has no time in it stays.
    pub(super) fn rewound(&mut self) {
        *self = Self { patience: self.patience, ..Self::default() };
    }

    /// Remembers a change.
    pub(super) fn changed(&mut self, from: u32, to: u32, now: f64) {
        if to > from {
            let factor = self.patience.clamp(1.0, MOST_PATIENCE);
            self.patience = match self.down {
                Some((down, _)) if now - down < WORTH => (factor * 6.0).min(MOST_PATIENCE),
                Some((down, _)) if now - down > 4.0 * WORTH => (factor / 2.0).max(1.0),
                _ => factor,
            };
        } else {
            self.down = Some((milli(now), from));
        }
        self.change = Some((milli(now), from, to));
        (self.urgent_since, self.stretched_since) = (None, None);
    }
}
