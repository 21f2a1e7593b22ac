//! Reads p(x, y) from a CSV without header: rows x, columns y, counts or probabilities.

use std::path::Path;

use infoplane_info::JointDistribution;
use ndarray::Array2;
use thiserror::Error;

/// A sum this close to 1 was meant as 1.
const SUM_TOLERANCE: f64 = 1e-9;

/// Why a file is not a joint distribution.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JointFileError {
    /// The file cannot be read as CSV.
    #[error("{path} cannot be read")]
    Read {
        /// The file.
        path: String,
        /// What the reader says.
        source: csv::Error,
    },
    /// Nothing in it.
    #[error("{path} is empty; it needs one line per x and one number per y")]
    Empty {
        /// The file.
        path: String,
    },
    /// Rows of different lengths.
    #[error("{path}, row {row} has {found} numbers but row 1 has {expected}; every x needs one number for each y")]
    Ragged {
        /// The file.
        path: String,
        /// The row, from 1.
        row: usize,
        /// Numbers in it.
        found: usize,
        /// Numbers in the first row.
        expected: usize,
    },
    /// Not a number, negative or infinite.
    #[error(
        "{path}, row {row}, column {column} is '{text}'; counts or probabilities must be finite numbers of at least 0, without a header"
    )]
    Entry {
        /// The file.
        path: String,
        /// The row, from 1.
        row: usize,
        /// The column, from 1.
        column: usize,
        /// What stands there.
        text: String,
    },
    /// Only zeros.
    #[error("{path} holds only zeros; at least one count or probability must be positive")]
    AllZero {
        /// The file.
        path: String,
    },
    /// What the distribution itself refuses.
    #[error("{path} is not a joint distribution: {source}")]
    Distribution {
        /// The file.
        path: String,
        /// Why.
        source: infoplane_info::DistributionError,
    },
}

/// A joint distribution read from a file.
#[derive(Debug, Clone)]
pub struct JointFile {
    /// The normalised distribution.
    pub joint: JointDistribution,
    /// The sum of the numbers, where it was not 1.
    pub normalised_from: Option<f64>,
}

/// Reads and normalises a joint distribution.
///
/// # Errors
/// If the file is unreadable, empty, ragged, all zeros, or has an entry that is not a finite number of at least 0.
pub fn read(path: &Path) -> Result<JointFile, JointFileError> {
    let name = || path.display().to_string();
    let read_error = |source| JointFileError::Read { path: name(), source };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(read_error)?;
    let (mut numbers, mut columns, mut rows) = (Vec::new(), 0, 0);
    for record in reader.records() {
        let record = record.map_err(read_error)?;
        if record.len() == 1 && record[0].is_empty() {
            continue;
        }
        rows += 1;
        if rows == 1 {
            columns = record.len();
        } else if record.len() != columns {
            return Err(JointFileError::Ragged { path: name(), row: rows, found: record.len(), expected: columns });
        }
        for (column, text) in record.iter().enumerate() {
            match text.trim_start_matches('\u{feff}').parse::<f64>() {
                Ok(value) if value.is_finite() && value >= 0.0 => numbers.push(value),
                _ => {
                    let text = text.to_owned();
                    return Err(JointFileError::Entry { path: name(), row: rows, column: column + 1, text });
                }
            }
        }
    }
    let largest = numbers.iter().copied().fold(0.0, f64::max);
    if numbers.is_empty() {
        return Err(JointFileError::Empty { path: name() });
    }
    if largest == 0.0 {
        return Err(JointFileError::AllZero { path: name() });
    }
    // Dividing by the largest first keeps the sum of huge counts finite, and of tiny ones precise.
    let scaled: f64 = numbers.iter().map(|value| value / largest).sum();
    let sum = scaled * largest;
    let table = Array2::from_shape_fn((rows, columns), |(x, y)| numbers[x * columns + y] / largest / scaled);
    let joint =
        JointDistribution::new(table.view()).map_err(|source| JointFileError::Distribution { path: name(), source })?;
    Ok(JointFile { joint, normalised_from: ((sum - 1.0).abs() > SUM_TOLERANCE).then_some(sum) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<JointFile, JointFileError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("joint.csv");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn counts_are_normalised_and_said_to_be() {
        let file = read_text("10, 20\n30,40\n\n").unwrap();
        assert_eq!(file.normalised_from, Some(100.0));
        assert_eq!(file.joint.n_x(), 2);
        assert!(read_text("0.1,0.2\n0.3,0.4\n").unwrap().normalised_from.is_none());
        assert!(read_text("1e308,1e308\n1e308,1e308\n").unwrap().joint.mutual_information() < 1e-12);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, said) in [
            ("", "empty"),
            ("\n\n", "empty"),
            ("1,2\n3\n", "row 2 has 1 numbers"),
            ("1,-2\n3,4\n", "row 1, column 2 is '-2'"),
            ("1,NaN\n3,4\n", "'NaN'"),
            ("1,inf\n3,4\n", "'inf'"),
            ("a,b\n1,2\n", "without a header"),
            ("0,0\n0,0\n", "only zeros"),
        ] {
            let error = read_text(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text:?}: {error}");
        }
    }
}
