//! Tables as text: a row a line, cells between commas, semicolons, tabs or blanks; perhaps a header, perhaps packed by gzip.
//!
//! The delimiter is found in the first two lines. Lines that begin with `#` are comments, empty lines are none. The last column
//! may hold words where labels are looked for. What the first line is, [`super::header`] decides.

use std::collections::HashMap;
use std::io::BufRead;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::numbers::{self, MOST_NUMBERS};
use super::source;

/// A line longer than this is no row of numbers.
const LONGEST_LINE: u64 = 1 << 26;

/// A line with more cells is no row of a layer, and each is held as text while the first line is judged.
const MOST_COLUMNS: usize = 1 << 20;

/// Cells that mean that there is none.
const MISSING: [&str; 9] = ["", "NA", "N/A", "<NA>", "NaN", "nan", "null", "None", "?"];

/// A table whose first line has not been judged yet.
#[derive(Debug)]
pub struct Text {
    /// The cells of the first line.
    pub first: Vec<String>,
    /// Whether its cells stand in quotes, and numbers below do not.
    pub first_is_quoted: bool,
    /// Rows below the first line.
    pub rows: usize,
    /// Columns of numbers.
    pub columns: usize,
    /// The numbers below the first line, row by row.
    pub values: Vec<f64>,
    /// Of each column of numbers, whether a number below the first line is written as a whole one.
    pub has_whole: Vec<bool>,
    /// The last column below the first line, where it holds words.
    pub words: Option<Words>,
    /// What the user should hear.
    pub notes: Vec<String>,
}

/// A column of words: every distinct one, in order of appearance, and which stands in each row.
#[derive(Debug, Default)]
pub struct Words {
    /// The distinct words.
    pub distinct: Vec<String>,
    /// Of each row, which.
    pub rows: Vec<u32>,
    places: HashMap<String, u32>,
}

impl Words {
    /// Adds a row.
    pub fn push(&mut self, word: &str) {
        let place = self.places.get(word).copied().unwrap_or_else(|| {
            let place = self.distinct.len() as u32;
            self.distinct.push(word.to_owned());
            self.places.insert(word.to_owned(), place);
            place
        });
        self.rows.push(place);
    }
}

/// Reads a table; its last column may be words if `words` says so.
///
/// # Errors
/// If it is no text, a line has another number of cells than the first, or a cell is no number (says which).
pub fn read(path: &Path, words: bool) -> Result<Text> {
    let shown = path.display();
    let mut lines = Lines { reader: source::text(path)?, number: 0, shown: shown.to_string(), after_empty: false };
    let first = lines.next()?.with_context(|| format!("{shown} holds no numbers"))?;
    let second = lines.next()?;
    let delimiter = delimiter(&first.text, second.as_ref().map(|line| line.text.as_str()));
    let mut cells = Vec::new();
    split(&first.text, delimiter, |cell| {
        if cells.len() <= MOST_COLUMNS {
            cells.push(cell.to_owned());
        }
    });
    ensure!(
        cells.len() <= MOST_COLUMNS,
        "{shown}: line {} has more than {MOST_COLUMNS} columns; a row is a sample: is it transposed?",
        first.number
    );
    let mut table = Reader::new(shown.to_string(), cells, words, second.is_none());
    let quotes = |text: &str| text.matches('"').count();
    let mut next = second;
    if let Some(line) = &next {
        table.decide_words(&line.text, delimiter);
        let all = 2 * table.text.first.len();
        table.text.first_is_quoted = quotes(&first.text) == all && quotes(&line.text) <= all - 2 * table.text.columns;
    }
    while let Some(line) = next {
        table.row(&line, delimiter)?;
        next = lines.next()?;
    }
    Ok(table.text)
}

/// A number as people and programs write it.
pub fn number(cell: &str) -> Option<f64> {
    match cell {
        "True" | "TRUE" | "true" => Some(1.0),
        "False" | "FALSE" | "false" => Some(0.0),
        _ => cell.parse().ok(),
    }
}

/// A number that double precision tells from its neighbours.
///
/// # Errors
/// If it is a whole number that double precision cannot hold, or no number.
pub fn exact(cell: &str) -> Result<f64> {
    if cell.len() > 15 && is_whole(cell) {
        return numbers::exact(cell.parse().map_err(|_| anyhow!("the whole number {cell} is beyond 128 bits"))?);
    }
    number(cell).with_context(|| not_a_number(cell))
}

/// Whether a cell says that there is nothing.
pub fn is_missing(cell: &str) -> bool {
    MISSING.contains(&cell)
}

/// Digits alone, with a sign at most.
fn is_whole(cell: &str) -> bool {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A table as it grows.
struct Reader {
    shown: String,
    text: Text,
    /// What was written of numbers with more digits than double precision has, by the number.
    long: HashMap<u64, String>,
}

impl Reader {
    fn new(shown: String, first: Vec<String>, words: bool, alone: bool) -> Self {
        let last_is_word = words && alone && first.last().is_some_and(|cell| number(cell).is_none());
        let columns = first.len() - usize::from(last_is_word);
        let text = Text {
            first,
            first_is_quoted: false,
            rows: 0,
            columns,
            values: Vec::new(),
            has_whole: vec![false; columns],
            words: (words && (!alone || last_is_word)).then(Words::default),
            notes: Vec::new(),
        };
        Self { shown, text, long: HashMap::new() }
    }

    /// The line below the first says whether the last column holds words.
    fn decide_words(&mut self, line: &str, delimiter: Delimiter) {
        let (mut last, mut cells) = (String::new(), 0);
        split(line, delimiter, |cell| {
            cell.clone_into(&mut last);
            cells += 1;
        });
        if self.text.words.is_some() && cells == self.text.first.len() && number(&last).is_none() && !is_missing(&last)
        {
            self.text.columns -= 1;
            self.text.has_whole.pop();
        } else {
            self.text.words = None;
        }
    }

    fn row(&mut self, line: &Line, delimiter: Delimiter) -> Result<()> {
        let (shown, at, columns) = (self.shown.clone(), line.number, self.text.columns);
        let width = self.text.first.len();
        ensure!(
            !(line.after_empty && width == 1),
            "{shown}: line {} is empty, and a line below is not: fill in what is missing, or delete the line",
            at - 1
        );
        let (mut column, mut wrong) = (0, None);
        split(&line.text, delimiter, |cell| {
            column += 1;
            if column > width || wrong.is_some() {
                return;
            }
            if column > columns {
                let words = self.text.words.get_or_insert_default();
                if is_missing(cell) {
                    wrong = Some((column, cell.to_owned(), None));
                }
                words.push(cell);
            } else if let Some(value) = number(cell) {
                self.text.has_whole[column - 1] |= is_whole(cell);
                if cell.len() > 15
                    && let Err(error) = self.long(cell, value, at)
                {
                    wrong = Some((column, cell.to_owned(), Some(error)));
                }
                self.text.values.push(value);
            } else {
                wrong = Some((column, cell.to_owned(), None));
            }
        });
        if column == width + 1 && self.text.rows == 0 {
            bail!(
                "{shown}: line {at} has {column} columns and the first one fewer, like a table that R writes with the names of its \
                 rows; write it with row.names = FALSE"
            );
        }
        ensure!(column == width, "{shown}: line {at} has {column} columns, but the first has {width}");
        match wrong {
            None => (),
            Some((column, _, Some(error))) => return Err(error.context(format!("{shown}: line {at}, column {column}"))),
            Some((column, cell, None)) => bail!("{shown}: line {at}, column {column} {}", not_a_number(&cell)),
        }
        self.text.rows += 1;
        ensure!(
            self.text.values.len() <= MOST_NUMBERS,
            "{shown}: more than {MOST_NUMBERS} numbers (2 GiB in double precision) are not read"
        );
        Ok(())
    }

    /// Sees to it that numbers with many digits are told apart, or says that they are not.
    fn long(&mut self, cell: &str, value: f64, line: u64) -> Result<()> {
        if is_whole(cell) {
            return exact(cell).map(|_| ());
        }
        // 17 digits tell any two numbers in double precision apart.
        let digits = cell.split(['e', 'E']).next().unwrap_or_default();
        let digits = digits.trim_start_matches(['-', '+', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
        if digits > 17 && self.text.notes.is_empty() && self.long.len() < MOST_LONG {
            let written = self.long.entry(value.to_bits()).or_insert_with(|| cell.to_owned());
            if written != cell {
                self.text.notes.push(format!(
                    "{written} and {cell} (line {line}) are one number in double precision, and are taken as equal; subtract what all \
                     have in common before saving"
                ));
            }
        }
        Ok(())
    }
}

/// Of so many numbers with more than 17 digits it is remembered how they were written.
const MOST_LONG: usize = 1 << 20;

/// What is wrong with a cell.
pub fn not_a_number(cell: &str) -> String {
    let short: String = cell.chars().take(40).collect();
    if is_missing(cell) {
        return format!("is `{short}`, a missing value: fill it in, or leave the row out (in every file)");
    }
    let comma = cell.split_once(',').is_some_and(|(whole, part)| is_whole(whole) && is_whole(part));
    let hint = if comma { " (decimals are written with a point)" } else { "" };
    format!("is `{short}`, not a number{hint}")
}

/// What stands between cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delimiter {
    Byte(u8),
    Blanks,
}

/// A tab before a semicolon before a comma; blanks only between numbers.
fn delimiter(first: &str, second: Option<&str>) -> Delimiter {
    let outside = |text: &str, c: char| text.split('"').step_by(2).any(|part| part.contains(c));
    for c in ['\t', ';', ','] {
        if outside(second.unwrap_or(first), c) || outside(first, c) && second.is_none() {
            return Delimiter::Byte(c as u8);
        }
    }
    let is_of_numbers = |line: &str| {
        let mut cells = line.split_ascii_whitespace();
        cells.clone().count() > 1 && cells.next().is_some_and(|cell| number(cell.trim_matches('"')).is_some())
    };
    if is_of_numbers(second.unwrap_or(first)) { Delimiter::Blanks } else { Delimiter::Byte(b',') }
}

/// Hands over a line's cells, without quotes and the blanks around them.
fn split(line: &str, delimiter: Delimiter, mut cell: impl FnMut(&str)) {
    match (delimiter, line.contains('"')) {
        (Delimiter::Byte(byte), false) => line.split(byte as char).for_each(|text| cell(text.trim())),
        (Delimiter::Blanks, false) => line.split_ascii_whitespace().for_each(cell),
        (delimiter, true) => {
            let squeezed = line.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            let (text, byte) = match delimiter {
                Delimiter::Byte(byte) => (line, byte),
                Delimiter::Blanks => (squeezed.as_str(), b' '),
            };
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .delimiter(byte)
                .flexible(true)
                .trim(csv::Trim::All)
                .from_reader(text.as_bytes());
            let mut record = csv::StringRecord::new();
            if reader.read_record(&mut record).is_ok() {
                record.iter().for_each(cell);
            }
        }
    }
}

struct Line {
    number: u64,
    text: String,
    /// Whether an empty line comes before it.
    after_empty: bool,
}

/// Lines that are neither empty nor comments.
struct Lines<R> {
    reader: R,
    number: u64,
    shown: String,
    after_empty: bool,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Option<Line>> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let read = std::io::Read::take(&mut self.reader, LONGEST_LINE).read_until(b'\n', &mut bytes);
            let read = read.with_context(|| format!("cannot read {}", self.shown))?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            let (shown, number) = (&self.shown, self.number);
            ensure!((read as u64) < LONGEST_LINE, "{shown}: line {number} is too long for a row");
            if number == 1 {
                ensure!(
                    !bytes.starts_with(&[0xff, 0xfe]) && !bytes.starts_with(&[0xfe, 0xff]),
                    "{shown} is text in UTF-16; save it as UTF-8"
                );
                if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
                    bytes.drain(..3);
                }
            }
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| anyhow!("{shown}: line {number} is no text in UTF-8; save it as UTF-8"))?;
            let text = text.trim_end_matches(['\n', '\r']);
            if text.trim().is_empty() {
                self.after_empty = true;
                continue;
            }
            if text.starts_with('#') {
                continue;
            }
            ensure!(!text.contains('\r'), "{shown}: its lines end in carriage returns alone; save it with line feeds");
            ensure!(
                text.matches('"').count() % 2 == 0,
                "{shown}: line {number} has a quote that does not end; a cell is one line"
            );
            let after_empty = std::mem::take(&mut self.after_empty);
            return Ok(Some(Line { number, text: text.to_owned(), after_empty }));
        }
    }
}
