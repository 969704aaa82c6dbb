//! Measurements on plain processes. Each compares with something in the same run, round by round, because
//! absolute numbers of one machine tell little.

mod bare;
mod chain;
mod intake;
mod lanes;
mod orders;
mod replay;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

pub use bare::serve as bare;
pub use chain::chain;
pub use orders::orders;
pub(crate) use replay::Replay;

/// One benchmark's result, in the form that all have.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The benchmark's name.
    pub bench: &'static str,
    /// What `ratio` is.
    pub figure: &'static str,
    /// Median over the rounds.
    pub ratio: f64,
    /// What is aimed at; None: only reported.
    pub aim: Option<f64>,
    /// `higher` or `lower`.
    pub better: &'static str,
    /// Rounds measured.
    pub rounds: usize,
    /// Everything else worth knowing.
    pub detail: Value,
}

impl Figure {
    /// One line of JSON.
    pub fn json(&self) -> String {
        json!({
            "bench": self.bench,
            "figure": self.figure,
            "ratio": rounded(self.ratio),
            "aim": self.aim,
            "better": self.better,
            "rounds": self.rounds,
            "detail": self.detail,
        })
        .to_string()
    }

    /// A fast run that lost, doubled or oversold an order is worth nothing.
    pub fn check(&self) -> Result<()> {
        for term in ["lost", "duplicated", "oversold"] {
            ensure!(self.detail[term] == 0, "{term}: {}", self.detail[term]);
        }
        ensure!(self.detail["ledgersClean"] != false, "a ledger does not add up");
        Ok(())
    }
}

/// Three digits after the point: more would claim too much.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// The middle value; the mean of the two middle ones when their number is even.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    fn figure(detail: Value) -> Figure {
        Figure { bench: "x", figure: "a to b", ratio: 0.123_456, aim: None, better: "higher", rounds: 5, detail }
    }

    #[test]
    fn a_loss_is_no_result() {
        let clean = json!({"lost": 0, "duplicated": 0, "oversold": 0, "ledgersClean": true});
        assert!(figure(clean.clone()).check().is_ok());
        for (term, value) in [("lost", json!(1)), ("oversold", json!(null)), ("ledgersClean", json!(false))] {
            let mut detail = clean.clone();
            detail[term] = value;
            assert!(figure(detail).check().is_err(), "{term}");
        }
    }

    #[test]
    fn the_form_of_a_line() {
        let line: Value = serde_json::from_str(&figure(json!({"lost": 0})).json()).unwrap();
        let expected = json!({"bench": "x", "figure": "a to b", "ratio": 0.123, "aim": null, "better": "higher",
            "rounds": 5, "detail": {"lost": 0}});
        assert_eq!(line, expected);
    }
}
