//! Patterns with a label each become a task: every row is as likely as any other, and what is not known of p(y|x) is counted.
//!
//! The rows are taken for all of X. Equal rows share one p(y|x), the shares of their labels: where no two rows are equal, labels
//! are certain.

use anyhow::{Result, ensure};
use infoplane_info::{JointDistribution, Partition};
use ndarray::{Array1, Array2};

use super::Task;

/// More classes than this are a column of measurements taken for labels.
const MOST_CLASSES: i64 = 1000;

/// A weight times a larger input is soon no number any more.
const GREATEST: f32 = 1e30;

/// A task of patterns, [n × d], with labels 0, 1, …, \[n]; `shown` names the source in messages.
///
/// # Errors
/// If an input is no number that can be trained on, there is not one label for each pattern, a label is negative, or all labels are the same.
pub fn labelled(name: String, inputs: Array2<f32>, labels: &[i64], shown: &str) -> Result<Task> {
    let n = inputs.nrows();
    ensure!(labels.len() == n, "{shown}: {n} patterns need {n} labels, but there are {}", labels.len());
    if let Some(((row, column), _)) = inputs.indexed_iter().find(|(_, value)| value.is_nan() || value.abs() > GREATEST)
    {
        anyhow::bail!(
            "{shown}: the input in row {row}, column {column} (from 0) is beyond {GREATEST:e}, too large to train on in single \
             precision; scale the inputs down"
        );
    }
    if let Some(row) = labels.iter().position(|label| !(0..MOST_CLASSES).contains(label)) {
        anyhow::bail!(
            "{shown}: label {row} is {}; labels are whole numbers from 0 to {}",
            labels[row],
            MOST_CLASSES - 1
        );
    }
    let classes = labels.iter().max().map_or(0, |&most| most as usize + 1);
    ensure!(
        labels.iter().any(|&label| label != labels[0]),
        "{shown}: every pattern has the label {}; there is nothing to learn",
        labels.first().copied().unwrap_or(0)
    );
    let same = Partition::of_rows(inputs.mapv(f64::from).view());
    let mut counts = Array2::<f64>::zeros((same.cells(), classes));
    for (&x, &label) in same.cell().iter().zip(labels) {
        counts[[x as usize, label as usize]] += 1.0;
    }
    let p_y_given_x = Array2::from_shape_fn((n, classes), |(row, y)| {
        let counts = counts.row(same.cell()[row] as usize);
        counts[y] / counts.sum()
    });
    let joint = JointDistribution::from_conditional(Array1::from_elem(n, 1.0 / n as f64), p_y_given_x)?;
    Ok(Task { name, inputs, joint })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn equal_patterns_share_their_labels() {
        let inputs = array![[0.0, 1.0], [2.0, 2.0], [0.0, 1.0], [5.0, 5.0]];
        let task = labelled("t".to_owned(), inputs, &[0, 2, 1, 0], "file").unwrap();
        let p = task.joint.p_y_given_x();
        assert_eq!(p.row(0).to_vec(), [0.5, 0.5, 0.0]);
        assert_eq!(p.row(0), p.row(2));
        assert_eq!(p.row(1).to_vec(), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn labels_that_are_none_are_refused() {
        let refused =
            |labels: &[i64]| labelled("t".to_owned(), array![[0.0], [1.0]], labels, "file").unwrap_err().to_string();
        assert!(refused(&[0]).contains("2 labels"));
        assert!(refused(&[0, -1]).contains("label 1 is -1"));
        assert!(refused(&[3, 3]).contains("nothing to learn"));
    }
}
