//! Numbers separated by commas, one sample per line; a first line without any number is a header.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use ndarray::Array2;

/// Reads a .csv file.
///
/// # Errors
/// If a line has another number of columns than the first, or a cell is no number (says which).
pub fn read(path: &Path) -> Result<Array2<f64>> {
    let shown = path.display();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_path(path)
        .with_context(|| format!("cannot read {shown}"))?;
    let mut values = Vec::new();
    let (mut rows, mut columns) = (0, 0);
    for (k, record) in reader.records().enumerate() {
        let record = record.with_context(|| format!("{shown} is not a CSV file"))?;
        let line = record.position().map_or(k as u64 + 1, csv::Position::line);
        if k == 0 && record.iter().all(|cell| cell.parse::<f64>().is_err()) {
            ensure!(
                record.len() == 1 || !record[0].is_empty(),
                "{shown}: the first column has no name, like the index that pandas writes: save without it (index=False), or, if \
                 it is data, name it"
            );
            continue;
        }
        if rows == 0 {
            columns = record.len();
        }
        ensure!(
            record.len() == columns,
            "{shown}: line {line} has {} columns, but the first has {columns}",
            record.len()
        );
        for (column, cell) in record.iter().enumerate() {
            match cell.parse::<f64>() {
                Ok(value) => values.push(value),
                Err(_) => bail!("{shown}: line {line}, column {} is `{cell}`, not a number", column + 1),
            }
        }
        rows += 1;
    }
    ensure!(rows > 0, "{shown} holds no numbers");
    Ok(Array2::from_shape_vec((rows, columns), values)?)
}
