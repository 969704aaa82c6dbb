//! How far it is, on standard error: in place on a terminal, else a line now and then.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

const ON_A_TERMINAL: Duration = Duration::from_millis(200);
const ELSEWHERE: Duration = Duration::from_secs(10);

pub(super) struct Progress {
    started: Instant,
    shown: Instant,
    terminal: bool,
    /// There is something to wipe.
    dirty: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { started: now, shown: now, terminal: io::stderr().is_terminal(), dirty: false }
    }

    /// `share`: of the whole, where that is known.
    pub(super) fn at(&mut self, products: u64, share: Option<f64>) {
        let every = if self.terminal { ON_A_TERMINAL } else { ELSEWHERE };
        if self.shown.elapsed() < every {
            return;
        }
        self.shown = Instant::now();
        let rate = products as f64 / self.started.elapsed().as_secs_f64();
        let share = share.map(|share| format!(", {:.0} %", 100.0 * share)).unwrap_or_default();
        let text = format!("{products} products{share}, {rate:.0} a second");
        if self.terminal {
            eprint!("\r{text}\x1b[K");
            self.dirty = true;
        } else {
            eprintln!("{text}");
        }
    }

    /// A line that stays.
    pub(super) fn note(&mut self, text: &str) {
        self.wipe();
        eprintln!("{text}");
    }

    /// Before something else is printed.
    pub(super) fn wipe(&mut self) {
        if std::mem::take(&mut self.dirty) {
            eprint!("\r\x1b[K");
        }
    }
}
