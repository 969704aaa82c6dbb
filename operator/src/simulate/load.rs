//! What comes in: named shapes, or a CSV of one's own.

use clap::ValueEnum;

/// Orders per second and how they spread, from a second on.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    t: f64,
    rate: f64,
    /// By partition, summing up to 1; None: evenly.
    weights: Option<Vec<f64>>,
}

/// A load over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    rows: Vec<Row>,
    /// Seconds.
    pub duration: f64,
}

/// Shapes that have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// The same all the time.
    Steady,
    /// A day: quiet at night, busy at noon.
    Diurnal,
    /// Quiet, then sixfold within half a minute for a quarter of an hour.
    FlashCrowd,
    /// Rises for half an hour, falls at once, again and again.
    Sawtooth,
    /// A minute of much every ten minutes.
    Bursts,
    /// One partition gets far more than the others, but a consumer of its own could do it.
    HotPartition,
    /// One partition gets more than one consumer can do.
    HotPartitionBeyond,
}

/// A CSV that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum LoadError {
    #[error("line {line}: {what}")]
    Line { line: usize, what: String },
    #[error("there are no rows")]
    Empty,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Steady,
        Self::Diurnal,
        Self::FlashCrowd,
        Self::Sawtooth,
        Self::Bursts,
        Self::HotPartition,
        Self::HotPartitionBeyond,
    ];

    /// As given on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Diurnal => "diurnal",
            Self::FlashCrowd => "flash-crowd",
            Self::Sawtooth => "sawtooth",
            Self::Bursts => "bursts",
            Self::HotPartition => "hot-partition",
            Self::HotPartitionBeyond => "hot-partition-beyond",
        }
    }

    /// The load whose highest rate is `peak` orders per second, on so many partitions, with consumers of `capacity`.
    pub fn load(self, peak: f64, partitions: u32, capacity: f64) -> Load {
        const HOUR: f64 = 3_600.0;
        let low = peak / 6.0;
        match self {
            Self::Steady => Load::of(2.0 * HOUR, |_| peak * 0.7),
            Self::Diurnal => Load::of(24.0 * HOUR, |t| {
                let noon = 0.5 - 0.5 * (std::f64::consts::TAU * t / (24.0 * HOUR)).cos();
                peak * (0.08 + 0.92 * noon)
            }),
            Self::FlashCrowd => Load::of(2.0 * HOUR, |t| {
                let since = t - 0.5 * HOUR;
                let up = (since / 30.0).clamp(0.0, 1.0);
                let down = ((since - 900.0) / 300.0).clamp(0.0, 1.0);
                low + (peak - low) * (up - down)
            }),
            Self::Sawtooth => Load::of(3.0 * HOUR, |t| low + (peak - low) * (t % 1_800.0) / 1_800.0),
            Self::Bursts => Load::of(3.0 * HOUR, |t| if t % 600.0 >= 300.0 && t % 600.0 < 360.0 { peak } else { low }),
            Self::HotPartition => {
                Load::of(2.0 * HOUR, |_| peak / 2.0).with_hot(0.6 * capacity / (peak / 2.0), partitions)
            }
            Self::HotPartitionBeyond => {
                Load::of(2.0 * HOUR, |_| peak / 2.0).with_hot(1.3 * capacity / (peak / 2.0), partitions)
            }
        }
    }
}

impl Load {
    fn of(duration: f64, rate: impl Fn(f64) -> f64) -> Self {
        let seconds = (0..duration as u32).map(f64::from);
        Self { rows: seconds.map(|t| Row { t, rate: rate(t), weights: None }).collect(), duration }
    }

    /// From a third to two thirds of the time, partition 0 gets `share` of all.
    fn with_hot(mut self, share: f64, partitions: u32) -> Self {
        let share = share.min(1.0);
        let mut weights = vec![(1.0 - share) / f64::from(partitions.max(2) - 1); partitions as usize];
        weights[0] = share;
        for row in &mut self.rows {
            let hot = row.t >= self.duration / 3.0 && row.t < self.duration * 2.0 / 3.0;
            row.weights = hot.then(|| weights.clone());
        }
        self
    }

    /// Reads `t_s,rate_per_s[,w0..wn]`; a row holds until the next one, the last for as long as the one before it.
    /// Weights are relative. A first line that does not start with a number is a heading.
    ///
    /// # Errors
    /// Which names the line.
    pub fn csv(text: &str, partitions: u32) -> Result<Self, LoadError> {
        let mut rows: Vec<Row> = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let fields: Vec<&str> = text.split(',').map(str::trim).collect();
            let heading = line == 1 && fields[0].parse::<f64>().is_err();
            if heading || text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            let row = row(&fields, partitions).map_err(|what| LoadError::Line { line, what })?;
            if rows.last().is_some_and(|last| last.t >= row.t) {
                return Err(LoadError::Line { line, what: "t_s must rise from line to line".to_owned() });
            }
            rows.push(row);
        }
        let end = rows.last().ok_or(LoadError::Empty)?.t;
        let before = rows.len().checked_sub(2).map_or(end - 60.0, |i| rows[i].t);
        Ok(Self { duration: end + (end - before).max(1.0), rows })
    }

    /// Rate and weights at a second.
    pub fn at(&self, t: f64, partitions: u32) -> (f64, Vec<f64>) {
        let after = self.rows.partition_point(|row| row.t <= t);
        let even = || vec![1.0 / f64::from(partitions); partitions as usize];
        let Some(row) = after.checked_sub(1).map(|i| &self.rows[i]) else { return (0.0, even()) };
        (row.rate, row.weights.clone().unwrap_or_else(even))
    }
}

fn row(fields: &[&str], partitions: u32) -> Result<Row, String> {
    let number = |text: &&str| {
        let read = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        read.ok_or_else(|| format!("{text:?} is not a number of 0 or more"))
    };
    let numbers: Vec<f64> = fields.iter().map(number).collect::<Result<_, _>>()?;
    let [t, rate, weights @ ..] = numbers.as_slice() else { return Err("needs t_s,rate_per_s".to_owned()) };
    let all: f64 = weights.iter().sum();
    if !weights.is_empty() && (weights.len() != partitions as usize || all <= 0.0) {
        return Err(format!("needs {partitions} weights, not all 0, or none"));
    }
    let weights = (!weights.is_empty()).then(|| weights.iter().map(|weight| weight / all).collect());
    Ok(Row { t: *t, rate: *rate, weights })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rows() {
        let load = Load::csv("t_s,rate_per_s,w0,w1\n0,100,1,3\n10, 50\n", 2).unwrap();
        assert_eq!(load.at(9.0, 2), (100.0, vec![0.25, 0.75]));
        assert_eq!(load.at(10.0, 2), (50.0, vec![0.5, 0.5]));
        assert_eq!(load.duration, 20.0);
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        let wrong = |text| Load::csv(text, 2).unwrap_err().to_string();
        assert_eq!(wrong("0,1\nx,2"), "line 2: \"x\" is not a number of 0 or more");
        assert_eq!(wrong("5,1\n4,1"), "line 2: t_s must rise from line to line");
        assert_eq!(wrong("5,1,1"), "line 1: needs 2 weights, not all 0, or none");
        assert_eq!(wrong("t_s,rate_per_s\n"), "there are no rows");
    }

    #[test]
    fn shapes_keep_to_their_peak() {
        for shape in Shape::ALL {
            let load = shape.load(600.0, 12, 100.0);
            let (mut most, mut t) = (0.0_f64, 0.0);
            while t < load.duration {
                let (rate, weights) = load.at(t, 12);
                most = most.max(rate);
                assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                t += 60.0;
            }
            assert!((250.0..=601.0).contains(&most), "{}: {most}", shape.name());
        }
    }
}
