//! A stream of bytes as rows with their line numbers, for NDJSON and CSV (RFC 4180). Pure: fed piece by piece.

use std::collections::HashMap;

use crate::catalogue::row::{COLUMNS, Row};

/// Longer ones are mistakes: a description has 4,000 characters.
const LONGEST: usize = 256 << 10;

/// A row, or what is wrong with its line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// From 1; a CSV file's header is line 1.
    pub line: u64,
    pub row: Result<Row, String>,
}

/// Why the rest cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("line {line} is longer than {LONGEST} bytes")]
    TooLong { line: u64 },
    #[error("the header has an unknown column {0:?}; there are: {columns}", columns = COLUMNS.join(", "))]
    UnknownColumn(String),
    #[error("the header lacks the column {0:?}")]
    MissingColumn(&'static str),
}

pub(super) enum Records {
    Lines { line: u64, rest: Vec<u8> },
    Csv(Box<Csv>),
}

pub(super) struct Csv {
    reader: csv_core::Reader,
    columns: Option<Vec<String>>,
    /// The line on which the record at hand begins.
    line: u64,
    /// Nothing of the record at hand has come yet.
    fresh: bool,
    /// Line ends that the reader did not see.
    skipped: u64,
    text: Vec<u8>,
    written: usize,
    ends: Vec<usize>,
    fields: usize,
}

impl Records {
    pub(super) fn lines() -> Self {
        Self::Lines { line: 0, rest: Vec::new() }
    }

    pub(super) fn csv() -> Self {
        Self::Csv(Box::new(Csv {
            reader: csv_core::Reader::new(),
            columns: None,
            line: 1,
            fresh: true,
            skipped: 0,
            text: vec![0; LONGEST],
            written: 0,
            ends: vec![0; 32],
            fields: 0,
        }))
    }

    /// The records that end in this piece.
    pub(super) fn feed(&mut self, piece: &[u8], records: &mut Vec<Record>) -> Result<(), Unreadable> {
        match self {
            Self::Lines { line, rest } => {
                let mut piece = piece;
                while let Some(end) = memchr::memchr(b'\n', piece) {
                    rest.extend_from_slice(&piece[..end]);
                    piece = &piece[end + 1..];
                    *line += 1;
                    records.extend(json(*line, rest));
                    rest.clear();
                }
                rest.extend_from_slice(piece);
                if rest.len() > LONGEST { Err(Unreadable::TooLong { line: *line + 1 }) } else { Ok(()) }
            }
            Self::Csv(csv) => {
                if piece.is_empty() {
                    Ok(())
                } else {
                    csv.feed(piece, records)
                }
            }
        }
    }

    /// The last record, when no line end follows it.
    pub(super) fn finish(&mut self, records: &mut Vec<Record>) -> Result<(), Unreadable> {
        match self {
            Self::Lines { line, rest } => {
                records.extend(json(*line + 1, rest));
                rest.clear();
                Ok(())
            }
            // No input is the end to this reader.
            Self::Csv(csv) => csv.feed(&[], records),
        }
    }
}

/// Empty lines are none.
fn json(line: u64, text: &[u8]) -> Option<Record> {
    if text.trim_ascii().is_empty() { None } else { Some(Record { line, row: Row::of_json(text) }) }
}

impl Csv {
    fn feed(&mut self, mut piece: &[u8], records: &mut Vec<Record>) -> Result<(), Unreadable> {
        use csv_core::ReadRecordResult::{End, InputEmpty, OutputEndsFull, OutputFull, Record as Whole};
        loop {
            if self.fresh && !piece.is_empty() {
                piece = self.begin(piece);
                if piece.is_empty() {
                    return Ok(());
                }
            }
            let (text, ends) = (&mut self.text[self.written..], &mut self.ends[self.fields..]);
            let (result, read, written, fields) = self.reader.read_record(piece, text, ends);
            piece = &piece[read..];
            self.written += written;
            self.fields += fields;
            match result {
                InputEmpty | End => return Ok(()),
                OutputFull | OutputEndsFull => return Err(Unreadable::TooLong { line: self.line }),
                Whole => {
                    records.extend(self.record()?);
                    (self.written, self.fields) = (0, 0);
                    self.fresh = true;
                }
            }
        }
    }

    /// Passes empty lines and the second half of a line end, so that the record's line is known.
    fn begin<'a>(&mut self, piece: &'a [u8]) -> &'a [u8] {
        let start = piece.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(piece.len());
        self.skipped += piece[..start].iter().filter(|byte| **byte == b'\n').count() as u64;
        if start < piece.len() {
            self.fresh = false;
            self.line = self.reader.line() + self.skipped;
        }
        &piece[start..]
    }

    fn record(&mut self) -> Result<Option<Record>, Unreadable> {
        let line = self.line;
        let mut start = 0;
        let fields: Result<Vec<&str>, _> = self.ends[..self.fields]
            .iter()
            .map(|end| std::str::from_utf8(&self.text[std::mem::replace(&mut start, *end)..*end]))
            .collect();
        let wrong = |detail: &str| Ok(Some(Record { line, row: Err(detail.to_owned()) }));
        let Ok(fields) = fields else { return wrong("the line is no UTF-8") };
        let Some(columns) = &self.columns else {
            self.columns = Some(header(&fields)?);
            return Ok(None);
        };
        if fields.len() != columns.len() {
            return wrong(&format!("the line has {} fields, the header {}", fields.len(), columns.len()));
        }
        let named: HashMap<&str, &str> = columns.iter().map(String::as_str).zip(fields).collect();
        Ok(Some(Record { line, row: Row::of_fields(&named) }))
    }
}

fn header(fields: &[&str]) -> Result<Vec<String>, Unreadable> {
    // Spreadsheets put a byte order mark before the first column.
    let columns: Vec<String> =
        fields.iter().map(|field| field.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    if let Some(unknown) = columns.iter().find(|column| !COLUMNS.contains(&column.as_str())) {
        return Err(Unreadable::UnknownColumn(unknown.clone()));
    }
    match ["sku", "name", "amount", "currency"].into_iter().find(|needed| !columns.iter().any(|c| c == needed)) {
        Some(missing) => Err(Unreadable::MissingColumn(missing)),
        None => Ok(columns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CSV: &str = "sku,name,description,amount,currency,stock\nA,Lamp,\"two\nlines, \"\"quoted\"\"\",5,EUR,3\r\nB,Desk,,x,EUR,\nC,Chair,,7,EUR,\n\nD,short\n";
    const LINES: &str = "{\"sku\":\"A\",\"name\":\"Lamp\",\"price\":{\"amount\":5,\"currency\":\"EUR\"}}\n\n[]\n{\"sku\":\"Ä\",\"name\":\"L\",\"price\":{\"amount\":5,\"currency\":\"EUR\"}}";

    fn all(mut records: Records, text: &str, cut: usize) -> Vec<Record> {
        let mut found = Vec::new();
        for piece in text.as_bytes().chunks(cut) {
            records.feed(piece, &mut found).unwrap();
        }
        records.finish(&mut found).unwrap();
        found
    }

    #[test]
    fn rows_and_errors_have_their_lines() {
        let records = all(Records::csv(), CSV, 1000);
        let lines: Vec<_> = records.iter().map(|record| (record.line, record.row.is_ok())).collect();
        assert_eq!(lines, [(2, true), (4, false), (5, true), (7, false)]);
        let row = records[0].row.as_ref().unwrap();
        assert_eq!((row.description.as_str(), row.stock), ("two\nlines, \"quoted\"", Some(3)));
        let records = all(Records::lines(), LINES, 1000);
        let lines: Vec<_> = records.iter().map(|record| (record.line, record.row.is_ok())).collect();
        assert_eq!(lines, [(1, true), (3, false), (4, true)]);
    }

    #[test]
    fn a_header_that_is_none_of_ours_ends_it() {
        let mut found = Vec::new();
        let error = Records::csv().feed(b"sku,colour\n", &mut found).unwrap_err();
        assert_eq!(error, Unreadable::UnknownColumn("colour".to_owned()));
        let error = Records::csv().feed(b"sku,name,amount\n", &mut found).unwrap_err();
        assert_eq!(error, Unreadable::MissingColumn("currency"));
        let error = Records::lines().feed(&vec![b'x'; LONGEST + 1], &mut found).unwrap_err();
        assert_eq!(error, Unreadable::TooLong { line: 1 });
    }

    proptest! {
        /// However the network cuts it.
        #[test]
        fn pieces_do_not_matter(cut in 1usize..40) {
            prop_assert_eq!(all(Records::csv(), CSV, cut), all(Records::csv(), CSV, 10_000));
            prop_assert_eq!(all(Records::lines(), LINES, cut), all(Records::lines(), LINES, 10_000));
        }
    }
}
