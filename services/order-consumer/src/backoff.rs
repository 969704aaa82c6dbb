//! How long to wait before the next attempt.

use std::time::Duration;

/// Exponential backoff with full jitter: a random time between half of the step and the step, so that consumers that
/// failed together do not come back together.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The first step.
    pub first: Duration,
    /// No step is longer.
    pub most: Duration,
}

/// Between attempts while the database is away or a transaction gave way.
pub const TRANSIENT: Backoff = Backoff { first: Duration::from_millis(50), most: Duration::from_secs(5) };

/// Between attempts while every order would fail.
pub const SYSTEMIC: Duration = Duration::from_secs(15);

impl Backoff {
    /// The wait after the `attempt`th failure in a row (1 or more). `random`: 0.0 to 1.0.
    pub fn wait(&self, attempt: u32, random: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(16);
        let step = self.first.saturating_mul(1 << doublings).min(self.most);
        step.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steps_double_up_to_the_most() {
        let steps: Vec<_> = (1..=9).map(|attempt| TRANSIENT.wait(attempt, 1.0).as_millis()).collect();
        assert_eq!(steps, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    proptest! {
        #[test]
        fn never_none_and_never_more_than_the_most(attempt in any::<u32>(), random in 0.0..=1.0) {
            let wait = TRANSIENT.wait(attempt, random);
            prop_assert!(wait >= TRANSIENT.first / 2 && wait <= TRANSIENT.most);
        }
    }
}
