//! `orderctl catalog import`: the file goes to search-api piece by piece, each a request of its own.
//!
//! A piece is an import of its own to search-api, named by where it begins: sent again, after a broken connection or by
//! another run that goes on, it is the same one, and its stock counts once. So going on begins with a whole piece, too.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use uuid::Uuid;

use super::pieces::{CutError, Piece, Pieces};
use super::progress::Progress;
use super::{Format, ImportArgs, is_standard, unusable};
use crate::connect::api::Api;
use crate::failure::{Exit, Failure};
use crate::output::{json, line};

/// Errors printed as JSON; the others are counted.
const MOST_ERRORS: usize = 1000;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What became of it; of a piece, as search-api says it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    import: String,
    imported: u64,
    failed: u64,
    last_line: u64,
    errors: Vec<LineError>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LineError {
    line: u64,
    detail: String,
}

/// The name has room for the line at which a piece begins.
pub(super) fn parse_name(text: &str) -> Result<String, String> {
    let fits = (1..=20).contains(&text.len());
    if fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Ok(text.to_owned());
    }
    Err("must have 1 to 20 letters, digits and hyphens".to_owned())
}

pub(super) async fn run(args: &ImportArgs, format: Format, as_json: bool) -> Result<(), Failure> {
    let api = args.api.client()?;
    let (source, length): (Box<dyn BufRead>, _) = if is_standard(&args.file) {
        (Box::new(BufReader::new(std::io::stdin())), None)
    } else {
        let file = File::open(&args.file).map_err(|error| unusable(&args.file, &error))?;
        let length = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|of| of.len());
        (Box::new(BufReader::with_capacity(1 << 16, file)), length)
    };
    let name = args.import.clone().unwrap_or_else(|| Uuid::new_v4().simple().to_string()[..12].to_owned());
    let mut import = Import {
        api,
        format,
        report: Report { import: name, last_line: args.after, ..Report::default() },
        progress: Progress::new(),
        patience: Duration::from_secs(args.patience),
        as_json,
    };
    // For who must go on when this program is killed.
    import.progress.note(&format!("import {}", import.report.import));
    let outcome = import.all(&mut Pieces::new(format, source), args, length).await;
    import.progress.wipe();
    let Import { report, .. } = import;
    if as_json {
        json(&serde_json::to_value(&report).expect("a report is JSON"));
    } else {
        line(format!("{} products imported, {} lines left out", report.imported, report.failed));
    }
    outcome.map_err(|failure| {
        let Report { import, last_line, .. } = &report;
        let place = if *last_line > 0 { format!(" --after {last_line}") } else { String::new() };
        let file = args.file.display();
        failure.then(format!("Go on with: orderctl catalog import {file} --import {import}{place}"))
    })?;
    match report.failed {
        0 => Ok(()),
        failed => Err(Failure::new(Exit::Refused, format!("{failed} lines were left out"))
            .next("All others are imported. Mend these and import the file again, under a new name.")),
    }
}

struct Import {
    api: Api,
    format: Format,
    report: Report,
    progress: Progress,
    patience: Duration,
    as_json: bool,
}

impl Import {
    async fn all(
        &mut self,
        pieces: &mut Pieces<Box<dyn BufRead>>,
        args: &ImportArgs,
        length: Option<u64>,
    ) -> Result<(), Failure> {
        let unreadable = |error| match error {
            CutError::Read(error) => unusable(&args.file, &error),
            CutError::TooLong(_) => Failure::new(Exit::Unusable, format!("{}: {error}", args.file.display())),
        };
        while let Some(piece) = pieces.next().map_err(unreadable)? {
            if piece.last_line <= args.after {
                continue;
            }
            let done = self.send(&piece).await?;
            self.add(&piece, done);
            let share = length.map(|length| pieces.read() as f64 / length.max(1) as f64);
            self.progress.at(self.report.imported, share);
        }
        Ok(())
    }

    /// Until it is taken: all of a piece may be sent again.
    async fn send(&mut self, piece: &Piece) -> Result<Report, Failure> {
        let query = [("import", format!("{}-{}", self.report.import, piece.after))];
        let (started, mut pause, mut told) = (Instant::now(), Duration::from_millis(250), false);
        loop {
            let sent = self.api.upload("/api/products:import", &query, self.format.media(), piece.body.clone());
            let failure = match sent.await {
                Ok(answer) => return serde_json::from_value(answer).map_err(|_| not_an_import()),
                Err(failure) => failure,
            };
            if failure.exit != Exit::Away || started.elapsed() + pause > self.patience {
                return Err(failure);
            }
            if !std::mem::replace(&mut told, true) {
                self.progress.note(&format!("{failure}\nstill trying, for {} s", self.patience.as_secs()));
            }
            sleep(pause).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }

    fn add(&mut self, piece: &Piece, done: Report) {
        let report = &mut self.report;
        report.imported += done.imported;
        report.failed += done.failed;
        report.last_line = piece.last_line;
        for LineError { line: number, detail } in done.errors {
            let number = piece.line_in_file(number);
            if !self.as_json {
                self.progress.wipe();
                line(format!("line {number}: {detail}"));
            } else if report.errors.len() < MOST_ERRORS {
                report.errors.push(LineError { line: number, detail });
            }
        }
    }
}

fn not_an_import() -> Failure {
    Failure::new(Exit::Refused, "the answer is not an import's").next("Is SEARCH_API_URL search-api's own address?")
}

#[cfg(test)]
mod tests {
    use super::parse_name;

    #[test]
    fn a_name_leaves_room_for_a_line() {
        assert!(parse_name("spring-2026").is_ok() && parse_name(&"x".repeat(20)).is_ok());
        for wrong in ["", "a b", "ä", &"x".repeat(21)] {
            assert!(parse_name(wrong).is_err(), "{wrong}");
        }
    }
}
