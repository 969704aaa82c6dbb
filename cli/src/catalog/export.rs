//! `orderctl catalog export`: all products as a stream, into a file or on standard output.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::progress::Progress;
use super::{ExportArgs, Format, is_standard, unusable};
use crate::failure::{Exit, Failure};
use crate::output::{self, line};

/// For the next part; a page of products takes milliseconds.
const SILENCE: Duration = Duration::from_secs(60);

pub(super) async fn run(args: &ExportArgs, format: Format, as_json: bool) -> Result<(), Failure> {
    let api = args.api.client()?;
    let mut answer = api.download("/api/products:export", format.media()).await?;
    let mut target = Target::open(&args.file).map_err(|error| unusable(&args.file, &error))?;
    let (mut progress, mut count, mut bytes) = (Progress::new(), Count::new(format), 0);
    loop {
        let part = timeout(SILENCE, answer.chunk()).await;
        let part = match part {
            Ok(Ok(Some(part))) => part,
            Ok(Ok(None)) => break,
            Ok(Err(error)) => return Err(broken_off(api.away(&error), &mut progress)),
            Err(_) => {
                let silent = format!("nothing came for {} s", SILENCE.as_secs());
                return Err(broken_off(Failure::new(Exit::Away, silent), &mut progress));
            }
        };
        match target.write(&part) {
            // Nobody reads any more.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written.map_err(|error| unusable(&args.file, &error))?,
        }
        bytes += part.len();
        count.add(&part);
        progress.at(count.products(), None);
    }
    progress.wipe();
    let products = count.products();
    let to_file = target.finish().map_err(|error| unusable(&args.file, &error))?;
    let file = args.file.display().to_string();
    match (to_file, as_json) {
        (true, true) => output::json(&json!({ "file": file, "products": products, "bytes": bytes })),
        (true, false) => line(format!("{products} products in {file}")),
        // Standard output has the products.
        (false, _) => progress.note(&format!("{products} products")),
    }
    Ok(())
}

fn broken_off(failure: Failure, progress: &mut Progress) -> Failure {
    progress.wipe();
    failure.next("The export broke off, and what came is not all. Run it again.")
}

/// A file appears under its name when it is whole.
enum Target {
    Standard(io::Stdout),
    File { part: Part, writer: BufWriter<File>, name: PathBuf },
}

/// Removed, unless it was renamed.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // Gone already when all is well; else nobody is left to care.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Target {
    fn open(name: &Path) -> io::Result<Self> {
        if is_standard(name) {
            return Ok(Self::Standard(io::stdout()));
        }
        let mut part = name.to_owned().into_os_string();
        part.push(".part");
        let part = Part(part.into());
        let writer = BufWriter::new(File::create(&part.0)?);
        Ok(Self::File { part, writer, name: name.to_owned() })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Standard(out) => out.write_all(bytes),
            Self::File { writer, .. } => writer.write_all(bytes),
        }
    }

    /// True for a file.
    fn finish(self) -> io::Result<bool> {
        match self {
            Self::Standard(mut out) => out.flush().map(|()| false),
            Self::File { part, writer, name } => {
                writer.into_inner()?.sync_all()?;
                std::fs::rename(&part.0, name)?;
                Ok(true)
            }
        }
    }
}

/// Products in what has come. search-api writes texts of CSV in quotes, and a text may have several lines.
struct Count {
    format: Format,
    quoted: bool,
    lines: u64,
}

impl Count {
    fn new(format: Format) -> Self {
        Self { format, quoted: false, lines: 0 }
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'"' => self.quoted ^= self.format == Format::Csv,
                b'\n' if !self.quoted => self.lines += 1,
                _ => {}
            }
        }
    }

    fn products(&self) -> u64 {
        match self.format {
            Format::Ndjson => self.lines,
            Format::Csv => self.lines.saturating_sub(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_counted_over_parts() {
        let mut csv = Count::new(Format::Csv);
        for part in ["id,name\n1,\"a \"", "\"b\"\"\nc\"\n2,\"", "d\"\n"] {
            csv.add(part.as_bytes());
        }
        assert_eq!(csv.products(), 2);
        let mut lines = Count::new(Format::Ndjson);
        lines.add(b"{\"name\":\"a \\\"\"}\n{}\n");
        assert_eq!(lines.products(), 2);
        assert_eq!(Count::new(Format::Csv).products(), 0);
    }

    #[test]
    fn a_file_that_is_not_finished_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("products.csv");
        std::fs::write(&name, "old").unwrap();
        let mut target = Target::open(&name).unwrap();
        target.write(b"half").unwrap();
        drop(target);
        assert_eq!(std::fs::read_to_string(&name).unwrap(), "old");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        let mut target = Target::open(&name).unwrap();
        target.write(b"whole").unwrap();
        assert!(target.finish().unwrap());
        assert_eq!(std::fs::read_to_string(&name).unwrap(), "whole");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }
}
