//! A bound on dead letters per time. Many of them at once mean that something is wrong with the writers, with this release or
//! with the schema, not with these orders: then the consumer holds everything and says so, instead of draining the topic.
//!
//! It heals by itself: whoever is held tries again every few seconds, and goes on at once when the records make no letters any
//! more. When they still do, a few more letters are let through after a while that doubles each time, so that a topic with
//! some hundred bad records among good ones gets through in the end, and one with nothing but bad ones is not emptied.
//!
//! Conflicts do not count: any shopper can make them, and must not be able to stop the others.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);
/// The longest time without a letter let through.
const LONGEST: Duration = Duration::from_secs(3600);

/// Letters of the last minute, and whether there were too many.
#[derive(Debug)]
pub struct Flood {
    most: usize,
    seen: VecDeque<Instant>,
    /// Nothing is let through before.
    closed_until: Option<Instant>,
    /// How often it was closed without a quiet time between.
    closed: u32,
}

impl Flood {
    /// At most so many letters a minute.
    pub fn new(most: usize) -> Self {
        Self { most, seen: VecDeque::new(), closed_until: None, closed: 0 }
    }

    /// How many more may be written now.
    pub fn room(&mut self, now: Instant) -> usize {
        while self.seen.front().is_some_and(|at| now.saturating_duration_since(*at) >= WINDOW) {
            self.seen.pop_front();
        }
        match self.closed_until {
            Some(until) if now < until => return 0,
            Some(until) if now.saturating_duration_since(until) >= WINDOW && self.seen.is_empty() => self.closed = 0,
            _ => {}
        }
        self.most.saturating_sub(self.seen.len())
    }

    /// So many were written.
    pub fn count(&mut self, letters: usize, now: Instant) {
        self.seen.extend(std::iter::repeat_n(now, letters));
    }

    /// There was no room: nothing is let through for a minute, then for two, four, … . Called again while it is closed, it changes
    /// nothing.
    pub fn close(&mut self, now: Instant) {
        if self.closed_until.is_some_and(|until| now < until) {
            return;
        }
        let longer = WINDOW.saturating_mul(1 << self.closed.min(10));
        self.closed = self.closed.saturating_add(1);
        self.closed_until = Some(now + longer.min(LONGEST));
        self.seen.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_the_bound_room_comes_back_after_a_minute() {
        let (mut flood, start) = (Flood::new(3), Instant::now());
        let at = |secs| start + Duration::from_secs(secs);
        assert_eq!(flood.room(at(0)), 3);
        flood.count(2, at(0));
        flood.count(1, at(30));
        assert_eq!(flood.room(at(59)), 0);
        assert_eq!(flood.room(at(60)), 2);
        assert_eq!(flood.room(at(90)), 3);
    }

    /// How many letters get out of a topic of nothing but bad records, tried every 15 s.
    fn let_through(flood: &mut Flood, start: Instant, seconds: std::ops::Range<u64>) -> usize {
        let mut letters = 0;
        for second in seconds.step_by(15) {
            let now = start + Duration::from_secs(second);
            let room = flood.room(now);
            flood.count(room, now);
            letters += room;
            if flood.room(now) == 0 {
                flood.close(now);
            }
        }
        letters
    }

    #[test]
    fn a_topic_of_bad_records_is_not_emptied() {
        let (mut flood, start) = (Flood::new(100), Instant::now());
        assert_eq!(let_through(&mut flood, start, 0..60), 100);
        assert_eq!(let_through(&mut flood, start, 60..3600), 500);
        assert!(let_through(&mut flood, start, 3600..86_400) <= 2500);
    }

    #[test]
    fn after_a_quiet_time_the_first_wait_is_short_again() {
        let (mut flood, start) = (Flood::new(1), Instant::now());
        let at = |secs| start + Duration::from_secs(secs);
        flood.close(at(0));
        assert_eq!((flood.room(at(59)), flood.room(at(60))), (0, 1));
        flood.close(at(60));
        flood.close(at(61));
        assert_eq!((flood.room(at(179)), flood.room(at(180))), (0, 1));
        assert_eq!(flood.room(at(240)), 1);
        flood.close(at(300));
        assert_eq!((flood.room(at(359)), flood.room(at(360))), (0, 1));
    }
}
