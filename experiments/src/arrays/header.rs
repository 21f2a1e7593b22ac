//! Is the first line of a table a header? Names are; numbers may be, as `DataFrame(array).to_csv(index=False)` writes `0,1,2`.
//!
//! A row taken for a header is lost, and a header taken for a row invents one: both change every number that follows, in silence.
//! So numbers are a header only where they count 0,1,2,… (or 1,2,3,…) in whole numbers above a column in which no other number is
//! written as a whole one, and it is said; where they only may be one, the table is refused.

use anyhow::{Result, bail};

use super::text::{Text, is_missing, not_a_number, number};

/// Rows below the first line from which the way they are written says something.
const ENOUGH: usize = 8;

/// What the first line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// A row like the others.
    Row,
    /// Names of the columns.
    Names,
    /// Numbers of the columns.
    Numbers,
}

/// Judges the first line.
///
/// # Errors
/// If it may be a header as well as a row, or is neither.
pub fn judge(text: &Text, shown: &str) -> Result<First> {
    let cells = &text.first[..text.columns];
    let numeric = cells.iter().filter(|cell| number(cell).is_some()).count();
    let nameless =
        text.first.len() > 1 && text.first[0].is_empty() && text.first[1..].iter().any(|cell| !cell.is_empty());
    if nameless && text.rows > 0 {
        bail!(
            "{shown}: the first column has no name, like the index that pandas and R write: save without it (index=False, \
             row.names = FALSE), or, if it is data, name it"
        );
    }
    if numeric == 0 && (text.columns > 0 || text.rows == 0) {
        return Ok(First::Names);
    }
    if numeric < cells.len() {
        return mixed(text, shown);
    }
    if text.rows == 0 || text.columns == 0 {
        return Ok(First::Row);
    }
    if text.first_is_quoted {
        return Ok(First::Names);
    }
    numbers(text, cells, shown)
}

/// Names and numbers: a header if the numbers count from 0, side by side, above enough rows of numbers alone; else a slip in a row.
fn mixed(text: &Text, shown: &str) -> Result<First> {
    let cells = &text.first[..text.columns];
    let is_number = |cell: &&String| number(cell).is_some();
    let numbers: Vec<&String> = cells.iter().skip_while(|cell| !is_number(cell)).take_while(is_number).collect();
    let all = cells.iter().filter(is_number).count() == numbers.len();
    let counts = numbers.len() > 1 && numbers[0] == "0" && Counting::of(numbers.into_iter()).is_some();
    match cells.iter().position(|cell| number(cell).is_none()) {
        Some(at) if !(all && counts && text.rows >= ENOUGH) || is_missing(&cells[at]) => {
            bail!("{shown}: line 1, column {} {}", at + 1, not_a_number(&cells[at]))
        }
        _ => Ok(First::Numbers),
    }
}

fn numbers(text: &Text, cells: &[String], shown: &str) -> Result<First> {
    // Columns in which no number below is written as a whole one, as the first line's are.
    let unlike = text.has_whole.iter().filter(|has_whole| !**has_whole).count();
    let (is_telling, all_unlike) = (unlike > 0 && text.rows >= ENOUGH, unlike == cells.len() && text.rows >= ENOUGH);
    let doubt = || {
        bail!(
            "{shown}: its first line, {}, may be a header or a row of numbers: if it is a header, write names instead; if it is a \
             row, put a line with a name for each column above it",
            shortened(cells)
        )
    };
    match Counting::of(cells.iter()) {
        Some(_) if cells.len() > 1 && is_telling => Ok(First::Numbers),
        // `0,1` above `1,0` is a table of two rows: as a header it would leave one.
        Some(Counting::Once) if cells.len() > 1 && text.rows >= 2 => doubt(),
        Some(_) if cells.len() == 1 && cells[0] == "0" && all_unlike => doubt(),
        None if cells.len() > 1 && all_unlike && is_distinct_and_whole(cells) => doubt(),
        _ => Ok(First::Row),
    }
}

/// Whole numbers that count from 0 or 1: once, or beginning anew, as joined tables have it (`0,1,2,0`).
enum Counting {
    Once,
    Anew,
}

impl Counting {
    fn of<'a>(cells: impl Iterator<Item = &'a String>) -> Option<Self> {
        let numbers: Vec<u64> = cells.map(|cell| plain(cell)).collect::<Option<_>>()?;
        let &start = numbers.first().filter(|start| **start <= 1)?;
        let mut counting = Self::Once;
        for (k, pair) in numbers.windows(2).enumerate() {
            if pair[1] == start && k > 0 {
                counting = Self::Anew;
            } else if pair[1] != pair[0].wrapping_add(1) {
                return None;
            }
        }
        Some(counting)
    }
}

/// A whole number written as programs number columns: 0, 1, 10, not 01 or 1.0.
fn plain(cell: &str) -> Option<u64> {
    cell.parse().ok().filter(|number: &u64| number.to_string() == cell)
}

fn is_distinct_and_whole(cells: &[String]) -> bool {
    let mut numbers: Vec<Option<u64>> = cells.iter().map(|cell| plain(cell)).collect();
    numbers.sort_unstable();
    numbers[0].is_some() && numbers.windows(2).all(|pair| pair[0] != pair[1])
}

/// The first cells of a line, for a message.
pub fn shortened(cells: &[String]) -> String {
    let shown: Vec<&str> = cells.iter().take(6).map(String::as_str).collect();
    format!("`{}{}`", shown.join(","), if cells.len() > 6 { ",…" } else { "" })
}
