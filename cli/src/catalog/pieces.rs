//! A file of products as pieces that can be sent one by one: each ends where a record ends. The same file has the same
//! pieces each time. Pure, but for the reading.

use std::io::{self, BufRead};

use super::Format;

/// One request. Few enough for what proxies let through, and for what is done again when one fails.
const RECORDS: usize = 1000;
const BYTES: usize = 512 << 10;
/// No product is so long; a quote that is never closed makes one.
const LONGEST: usize = 512 << 10;

/// Some records of the file, in the file's form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The header of a CSV file, then the records.
    pub body: Vec<u8>,
    /// The last line before the first record, from 1.
    pub after: u64,
    /// The last line of the last record.
    pub last_line: u64,
    /// What is added to a line's number in `body` to have it in the file.
    shift: i64,
}

impl Piece {
    pub(super) fn line_in_file(&self, line: u64) -> u64 {
        line.saturating_add_signed(self.shift)
    }
}

/// Why the file cannot be cut.
#[derive(Debug, thiserror::Error)]
pub(super) enum CutError {
    #[error(transparent)]
    Read(#[from] io::Error),
    #[error("line {0} is longer than {LONGEST} bytes: is a quote not closed?")]
    TooLong(u64),
}

/// Reads pieces one after the other.
pub(super) struct Pieces<R> {
    source: R,
    /// None: lines.
    csv: Option<csv_core::Reader>,
    header: Option<Vec<u8>>,
    /// Line ends read so far.
    newlines: u64,
    last_line: u64,
    read: u64,
}

impl<R: BufRead> Pieces<R> {
    pub(super) fn new(format: Format, source: R) -> Self {
        let csv = (format == Format::Csv).then(csv_core::Reader::new);
        Self { source, csv, header: None, newlines: 0, last_line: 0, read: 0 }
    }

    /// Bytes read so far.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// None at the end of the file. A CSV file without records is one piece, so that its header is looked at.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, CutError> {
        let first = self.begin()?;
        let header = self.header.clone().unwrap_or_default();
        let (after, before, start) = (self.last_line, self.newlines, header.len());
        let mut body = header;
        let shift = before.cast_signed() - newlines(&body).cast_signed();
        let mut records = 0;
        while records < RECORDS && body.len() - start < BYTES && self.record(&mut body)? {
            records += 1;
        }
        let nothing = records == 0 && !(first && start > 0);
        Ok((!nothing).then_some(Piece { body, after, last_line: self.last_line, shift }))
    }

    /// Reads the header, if there is to be one. True the first time.
    fn begin(&mut self) -> Result<bool, CutError> {
        if self.header.is_some() {
            return Ok(false);
        }
        let mut header = Vec::new();
        if self.csv.is_some() {
            self.record(&mut header)?;
            // Records follow it directly.
            if !header.is_empty() && !header.ends_with(b"\n") && !header.ends_with(b"\r") {
                header.push(b'\n');
                self.newlines += 1;
            }
        }
        self.header = Some(header);
        Ok(true)
    }

    /// Appends the next record with its line end, and the empty lines before it; false at the end.
    fn record(&mut self, record: &mut Vec<u8>) -> Result<bool, CutError> {
        let mut start = record.len();
        loop {
            let ready = self.source.fill_buf()?;
            let at_end = ready.is_empty();
            let (taken, ended) = match &mut self.csv {
                Some(reader) => csv_record(reader, ready),
                None => match ready.iter().position(|byte| *byte == b'\n') {
                    Some(end) => (end + 1, true),
                    None => (ready.len(), at_end),
                },
            };
            record.extend_from_slice(&ready[..taken]);
            self.source.consume(taken);
            self.read += taken as u64;
            if ended || at_end {
                let added = &record[start..];
                let content = added.trim_ascii_end();
                let found = !content.is_empty();
                if found {
                    self.last_line = self.newlines + 1 + newlines(content);
                }
                self.newlines += newlines(added);
                if found || at_end {
                    return Ok(found);
                }
                // An empty line is no record.
                start = record.len();
            } else if record.len() - start > LONGEST {
                return Err(CutError::TooLong(self.newlines + 1));
            }
        }
    }
}

/// How many of these bytes belong to the record at hand, and whether it ends with them.
fn csv_record(reader: &mut csv_core::Reader, ready: &[u8]) -> (usize, bool) {
    use csv_core::ReadRecordResult::{End, InputEmpty, OutputEndsFull, OutputFull, Record};
    // What the fields are is not asked here.
    let (mut text, mut ends) = ([0; 4096], [0; 64]);
    let mut taken = 0;
    loop {
        let (result, read, _, _) = reader.read_record(&ready[taken..], &mut text, &mut ends);
        taken += read;
        match result {
            OutputFull | OutputEndsFull => {}
            InputEmpty => return (taken, false),
            Record | End => return (taken, true),
        }
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn pieces(format: Format, text: &str, buffer: usize) -> Vec<Piece> {
        let mut pieces = Pieces::new(format, BufReader::with_capacity(buffer, text.as_bytes()));
        std::iter::from_fn(|| pieces.next().unwrap()).collect()
    }

    fn text(piece: &Piece) -> &str {
        std::str::from_utf8(&piece.body).unwrap()
    }

    #[test]
    fn lines_are_cut_by_number_and_keep_their_numbers() {
        let file: String = (1..=2500).map(|n| if n == 7 { "\n".to_owned() } else { format!("{{{n}}}\n") }).collect();
        let all = pieces(Format::Ndjson, &file, 100);
        let ends: Vec<_> = all.iter().map(|piece| (piece.after, piece.last_line)).collect();
        // The empty line is none of the thousand.
        assert_eq!(ends, [(0, 1001), (1001, 2001), (2001, 2500)]);
        assert!(text(&all[1]).starts_with("{1002}\n") && text(&all[1]).ends_with("{2001}\n"));
        assert_eq!(all[1].line_in_file(1), 1002);
        assert_eq!(all.iter().map(text).collect::<String>(), file);
    }

    #[test]
    fn a_piece_of_csv_has_the_header_and_whole_records() {
        let row = |n: usize| format!("S{n},\"a \"\"b\"\"\n\r\nc\",5\r\n");
        let file: String = "sku,\"na\nme\",amount\r\n".to_owned() + &(0..1500).map(row).collect::<String>();
        for buffer in [1, 7, 8192] {
            let all = pieces(Format::Csv, &file, buffer);
            assert_eq!(all.len(), 2, "{buffer}");
            let second = text(&all[1]);
            assert!(second.starts_with("sku,\"na\nme\",amount\r"), "{second:.40}");
            assert_eq!(second.matches("S1").count(), 500, "{buffer}");
            // The header has two lines, each record three.
            assert_eq!((all[0].after, all[0].last_line, all[1].last_line), (2, 3002, 4502));
            // In the piece, too, the first record is on line 3.
            assert_eq!(all[0].line_in_file(3), 3);
            let first_of_second = 3 + u64::from(second[..second.find("S1000").unwrap()].matches('\n').count() != 2);
            assert_eq!(all[1].line_in_file(first_of_second), 3003, "{buffer}");
        }
    }

    #[test]
    fn ends_of_files() {
        assert_eq!(pieces(Format::Ndjson, "\n\n", 9), []);
        assert_eq!(pieces(Format::Csv, "", 9), []);
        assert_eq!(pieces(Format::Ndjson, "{1}", 9)[0].last_line, 1);
        let header = pieces(Format::Csv, "sku,name", 9);
        assert_eq!((header.len(), text(&header[0])), (1, "sku,name\n"));
        assert_eq!(text(&pieces(Format::Csv, "sku\nA", 9)[0]), "sku\nA");
    }

    #[test]
    fn what_never_ends_is_refused() {
        let open = format!("sku\nA\n\"{}", "x\n".repeat(LONGEST));
        let mut pieces = Pieces::new(Format::Csv, open.as_bytes());
        assert!(matches!(pieces.next(), Err(CutError::TooLong(3))));
    }
}
