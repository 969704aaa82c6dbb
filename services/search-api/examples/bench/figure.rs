//! One line of JSON for each figure, and the sums over samples.

use serde_json::{Map, Value, json};

pub struct Figure {
    id: &'static str,
    value: f64,
    aim: Option<f64>,
    detail: Map<String, Value>,
}

impl Figure {
    /// Lower is better.
    pub fn new(id: &'static str, value: f64, aim: Option<f64>) -> Self {
        Self { id, value, aim, detail: Map::new() }
    }

    pub fn detail(mut self, name: &str, value: f64) -> Self {
        self.detail.insert(name.to_owned(), json!(rounded(value)));
        self
    }

    pub fn json(mut self, products: u64) -> String {
        self.detail.insert("products".to_owned(), products.into());
        json!({
            "bench": "search",
            "figure": self.id,
            "ratio": rounded(self.value),
            "aim": self.aim,
            "better": "lower",
            "rounds": crate::ROUNDS,
            "detail": self.detail,
        })
        .to_string()
    }
}

/// Three digits after the point: more would claim too much.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

pub fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value that this share of all does not exceed.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * (sorted.len().max(1) - 1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
