//! Reads p(x, y) from a table: rows x, columns y, counts or probabilities; as text, or any array that [`crate::arrays`] reads.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use infoplane_info::JointDistribution;

use crate::arrays::{self, Array};

/// A sum this close to 1 was meant as 1.
const SUM_TOLERANCE: f64 = 1e-9;

/// A joint distribution read from a file.
#[derive(Debug, Clone)]
pub struct JointFile {
    /// The normalised distribution.
    pub joint: JointDistribution,
    /// The sum of the numbers, where it was not 1; infinite, where it is beyond 1.8e308.
    pub normalised_from: Option<f64>,
    /// What was read, in a line.
    pub described: String,
}

/// Reads and normalises a joint distribution.
///
/// # Errors
/// If the file cannot be read, holds zeros alone, or has an entry that is not a finite number of at least 0.
pub fn read(path: &Path) -> Result<JointFile> {
    of_array(arrays::open(path)?)
}

/// Normalises a joint distribution that is there already.
///
/// # Errors
/// If it holds zeros alone, or has an entry that is not a finite number of at least 0.
pub fn of_array(array: Array) -> Result<JointFile> {
    let shown = array.name.clone();
    ensure!(
        array.values.ndim() == 2,
        "{shown} has {} dimensions; a joint has rows x and columns y",
        array.values.ndim()
    );
    let described = array.described();
    let numbers = array.matrix()?;
    if let Some(((x, y), value)) = numbers.indexed_iter().find(|(_, value)| **value < 0.0) {
        bail!("{shown}: row {x}, column {y} (from 0) is {value}; counts or probabilities are at least 0");
    }
    let largest = numbers.iter().copied().fold(0.0, f64::max);
    ensure!(largest > 0.0, "{shown} holds only zeros; at least one count or probability must be positive");
    // Dividing by the largest first keeps the sum of huge counts finite, and of tiny ones precise.
    let scaled: f64 = numbers.iter().map(|value| value / largest).sum();
    let sum = numbers.sum();
    let table = numbers.mapv(|value| value / largest / scaled);
    let joint = JointDistribution::new(table.view()).with_context(|| format!("{shown} is not a joint distribution"))?;
    Ok(JointFile { joint, normalised_from: ((sum - 1.0).abs() > SUM_TOLERANCE).then_some(sum), described })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<JointFile> {
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
        assert_eq!(read_text("none,some\n10,40\n35,15\n").unwrap().joint.n_x(), 2);
        // As a header, its first line would leave one row.
        assert_eq!(read_text("0,1\n1,0\n").unwrap().joint.n_x(), 2);
        assert!(read_text("1e308,1e308\n1e308,1e308\n").unwrap().joint.mutual_information() < 1e-12);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, said) in [
            ("", "empty"),
            ("\n\n", "no numbers"),
            ("1,2\n3\n", "line 2 has 1 columns"),
            ("1,-2\n3,4\n", "row 0, column 1 (from 0) is -2"),
            ("1,NaN\n3,4\n", "NaN"),
            ("1,inf\n3,4\n", "is inf"),
            ("0,1\n10,40\n35,15\n", "may be a header"),
            ("0,0\n0,0\n", "only zeros"),
        ] {
            let error = read_text(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text:?}: {error}");
        }
    }
}
