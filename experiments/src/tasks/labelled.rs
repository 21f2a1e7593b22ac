//! Patterns with a label each become a task: every row is as likely as any other, and what is not known of p(y|x) is counted.
//!
//! The rows are taken for all of X. Equal rows share one p(y|x), the shares of their labels: where no two rows are equal, labels
//! are certain.

use anyhow::{Result, bail, ensure};
use infoplane_info::{JointDistribution, Partition};
use ndarray::Array2;

use super::Task;
use crate::arrays::{Array, Labels};

/// More classes than this are a column of measurements taken for labels.
const MOST_CLASSES: usize = 1000;

/// A weight times a larger input is soon no number any more.
const GREATEST: f64 = 1e30;

/// A task of patterns, [n × d], with labels, \[n]; `shown` names the source in messages.
///
/// # Errors
/// If an input is no number that can be trained on, there is not one label for each pattern, all labels are the same, or single precision
/// takes inputs for equal whose labels differ.
pub fn labelled(name: String, inputs: Array, labels: Labels, shown: &str) -> Result<Task> {
    let mut notes = vec![inputs.described(), labels.described(&format!("{shown}, labels"))];
    let numbers = inputs.matrix()?;
    let n = numbers.nrows();
    ensure!(labels.class.len() == n, "{shown}: {n} patterns need {n} labels, but there are {}", labels.class.len());
    if let Some(((row, column), _)) = numbers.indexed_iter().find(|(_, value)| value.abs() > GREATEST) {
        bail!(
            "{shown}: the input in row {row}, column {column} (from 0) is beyond {GREATEST:e}, too large to train on in single \
             precision; scale the inputs down"
        );
    }
    let classes = labels.classes.len();
    ensure!(
        classes <= MOST_CLASSES,
        "{shown}: {classes} labels differ, and at most {MOST_CLASSES} classes are learned; is the last column a measurement?"
    );
    ensure!(
        classes > 1,
        "{shown}: every pattern has the label {}; there is nothing to learn",
        labels.classes.first().map_or("", String::as_str)
    );
    if !labels.classes.iter().enumerate().all(|(k, class)| *class == k.to_string()) {
        notes.push(format!("the labels above are the classes 0 to {}, in that order", classes - 1));
    }
    let single = numbers.mapv(|value| value as f32);
    let same = Partition::of_rows(single.mapv(f64::from).view());
    let joint = joint(&same, &labels)?;
    notes.extend(merged(&numbers, &same, &joint, &labels, shown)?);
    Ok(Task { name, inputs: single, joint, notes })
}

/// Every row as likely, equal ones with the shares of their labels.
fn joint(same: &Partition, labels: &Labels) -> Result<JointDistribution> {
    let mut pairs: Vec<(u32, u32)> = same.cell().iter().copied().zip(labels.class.iter().copied()).collect();
    pairs.sort_unstable();
    let mut groups = vec![Vec::new(); same.cells()];
    for pair in pairs.chunk_by(|a, b| a == b) {
        groups[pair[0].0 as usize].push((pair[0].1, pair.len() as f64));
    }
    for group in &mut groups {
        let sum: f64 = group.iter().map(|entry| entry.1).sum();
        group.iter_mut().for_each(|entry| entry.1 /= sum);
    }
    Ok(JointDistribution::of_groups(same.cell().to_vec(), &groups, labels.classes.len())?)
}

/// What is to be said where inputs become equal in single precision, which networks compute in.
fn merged(
    numbers: &Array2<f64>,
    single: &Partition,
    joint_of_single: &JointDistribution,
    labels: &Labels,
    shown: &str,
) -> Result<Option<String>> {
    let double = Partition::of_rows(numbers.view());
    let (before, after) = (double.cells(), single.cells());
    if before == after {
        return Ok(None);
    }
    let mut firsts = vec![None; after];
    let pair = single.cell().iter().zip(double.cell()).enumerate().find_map(|(row, (&cell, &fine))| {
        let (first, of_first) = *firsts[cell as usize].get_or_insert((row, fine));
        (of_first != fine).then_some((first, row))
    });
    let (first, second) = pair.unwrap_or_default();
    let (i_before, i_after) = (joint(&double, labels)?.mutual_information(), joint_of_single.mutual_information());
    let what = format!(
        "{before} distinct inputs become {after} in single precision, in which networks see them (rows {first} and {second}, from 0, \
         become equal)"
    );
    ensure!(
        (i_before - i_after).abs() < 1e-9,
        "{shown}: {what}, and I(X;Y) falls from {i_before:.6} to {i_after:.6} bits; subtract its mean from each column, or scale it"
    );
    Ok(Some(format!("{what}; I(X;Y) stays as it is")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrays::labels::of_numbers;
    use ndarray::array;

    fn task(inputs: Array2<f64>, labels: &[f64]) -> Result<Task> {
        let inputs = Array::of_matrix(inputs, "file");
        labelled("t".to_owned(), inputs, of_numbers(labels, "file").unwrap(), "file")
    }

    #[test]
    fn equal_patterns_share_their_labels() {
        let inputs = array![[0.0, 1.0], [2.0, 2.0], [0.0, 1.0], [5.0, 5.0]];
        let task = task(inputs, &[0.0, 2.0, 1.0, 0.0]).unwrap();
        let p = task.joint.p_y_given_x();
        assert_eq!(p.row(0).to_vec(), [0.5, 0.5, 0.0]);
        assert_eq!(p.row(0), p.row(2));
        assert_eq!(p.row(1).to_vec(), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn labels_that_are_none_are_refused() {
        let refused = |labels: &[f64]| task(array![[0.0], [1.0]], labels).unwrap_err().to_string();
        assert!(refused(&[0.0]).contains("need 2 labels"));
        assert!(refused(&[3.0, 3.0]).contains("nothing to learn"));
    }

    #[test]
    fn labels_are_classes_whatever_they_are_called() {
        let task = task(array![[0.0], [1.0], [2.0]], &[1.0, -1.0, 1.0]).unwrap();
        assert_eq!(task.joint.p_y_given_x().column(1).to_vec(), [1.0, 0.0, 1.0]);
        assert!(task.notes.iter().any(|note| note.contains("classes 0 to 1")));
    }

    #[test]
    fn inputs_that_single_precision_takes_for_equal_are_refused_or_named() {
        let times = Array2::from_shape_fn((4, 1), |(row, _)| 1.7e9 + row as f64);
        let error = task(times.clone(), &[0.0, 1.0, 0.0, 1.0]).unwrap_err().to_string();
        assert!(error.contains("single precision") && error.contains("rows 0 and 1"), "{error}");
        // As many bits as before: the time is in a second column, too.
        let mut safe = Array2::from_shape_fn(
            (4, 2),
            |(row, column)| if column == 0 { 1.7e9 + row as f64 } else { (row / 2) as f64 },
        );
        safe[[3, 0]] = safe[[2, 0]];
        let task = task(safe, &[0.0, 0.0, 1.0, 1.0]).unwrap();
        assert!(task.notes.iter().any(|note| note.contains("3 distinct inputs become 2")));
    }
}
