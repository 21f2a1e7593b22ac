//! Result files as they stand: every cell is the text of the file, so that the page shows and hands out the file's numbers.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

/// Longer tables stay in their folder, and the page says so.
const MOST_ROWS: usize = 3000;

/// A result file, or as much of it as the page shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// The file, like verdict.csv.
    pub file: &'static str,
    /// What is left out, if anything.
    pub left_out: Option<String>,
    /// The header.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// A result file the page shows: its name, and which of its rows.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// The file's name.
    pub file: &'static str,
    /// Which rows.
    pub rows: Which,
}

/// Which rows of a file the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Of layers as they are (not permuted), at each condition's last epoch.
    Converged,
}

/// Reads a table, if the folder has it.
///
/// # Errors
/// If the file cannot be read or is no CSV.
pub fn read(folder: &Path, shown: Shown) -> Result<Option<Table>> {
    let path = folder.join(shown.file);
    if !path.exists() {
        return Ok(None);
    }
    let explain = || format!("cannot read {}", path.display());
    let mut reader = csv::Reader::from_path(&path).with_context(explain)?;
    let columns: Vec<String> = reader.headers().with_context(explain)?.iter().map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for record in reader.records() {
        rows.push(record.with_context(explain)?.iter().map(str::to_owned).collect());
    }
    let all = rows.len();
    let mut left_out = None;
    if shown.rows == Which::Converged {
        converged(&columns, &mut rows);
        left_out = Some(format!("{} of {all} rows: layers as they are, at the last epoch", rows.len()));
    }
    if rows.len() > MOST_ROWS {
        left_out = Some(format!("the first {MOST_ROWS} of {all} rows"));
        rows.truncate(MOST_ROWS);
    }
    Ok(Some(Table { file: shown.file, left_out, columns, rows }))
}

fn converged(columns: &[String], rows: &mut Vec<Vec<String>>) {
    let place = |name: &str| columns.iter().position(|column| column == name);
    let (Some(epoch), Some(condition), Some(control)) = (place("epoch"), place("condition"), place("control")) else {
        return;
    };
    let epoch_of = |row: &Vec<String>| row[epoch].parse::<usize>().unwrap_or(0);
    let mut last: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for row in rows.iter() {
        let last = last.entry(row[condition].clone()).or_default();
        *last = (*last).max(epoch_of(row));
    }
    rows.retain(|row| row[control] == "layer" && last.get(&row[condition]) == Some(&epoch_of(row)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bound::gaps::GapRow;
    use crate::rows::Table as _;

    #[test]
    fn cells_are_the_files_text() {
        let folder = tempfile::tempdir().unwrap();
        let all = Shown { file: GapRow::FILE, rows: Which::All };
        assert_eq!(read(folder.path(), all).unwrap(), None);
        let text =
            "condition,epoch,control,gap\n\"a, b\",0,layer,0.10\n\"a, b\",9,layer,0.30\n\"a, b\",9,permuted,1e-7\n";
        std::fs::write(folder.path().join(GapRow::FILE), text).unwrap();
        let table = read(folder.path(), all).unwrap().unwrap();
        assert_eq!(table.rows[2], ["a, b", "9", "permuted", "1e-7"]);
        let table = read(folder.path(), Shown { rows: Which::Converged, ..all }).unwrap().unwrap();
        assert_eq!(table.rows, [["a, b", "9", "layer", "0.30"]]);
    }
}
