//! What is measured: samples from files or a caller, described once, the first row of each group if groups are named.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use infoplane_info::Partition;
use infoplane_info::description::{Description, Values};
use ndarray::{ArrayView2, Axis};

use crate::arrays::labels::{LabelFile, Rows, read_labels};
use crate::arrays::{self, Labels, Samples};
use crate::calibration::Kind;
use crate::calibration::advice::Shape;

/// Samples, described.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub samples: Samples<'a>,
    pub described: Description,
    /// Rows there were, if only the first of each group is kept.
    rows_read: Option<usize>,
}

impl<'a> Side<'a> {
    /// Of samples, or of some of their rows.
    pub fn of(mut samples: Samples<'a>, kept: Option<&[usize]>) -> Self {
        let rows_read = kept.map(|kept| {
            let read = samples.values.nrows();
            samples.values = samples.values.select(Axis(0), kept).into();
            read
        });
        let described = Description::of(samples.values.view());
        Self { samples, described, rows_read }
    }

    pub fn values(&self) -> ArrayView2<'_, f64> {
        self.samples.values.view()
    }

    pub fn name(&self) -> &str {
        &self.samples.name
    }

    /// Which epoch of a run it is.
    pub fn epoch(&self) -> Option<usize> {
        self.samples.epoch.as_ref().map(|(_, epoch)| *epoch)
    }

    /// What it looks like and how it was read, in a line.
    pub fn in_words(&self) -> String {
        let line = self.samples.described_as(&self.described);
        match self.rows_read {
            Some(read) => format!("{line}; {}", kept_in_words(read, self.described.rows)),
            None => line,
        }
    }

    /// Whether values may be draws from a density, so that neighbours of rows mean something.
    pub fn has_neighbours(&self) -> bool {
        matches!(self.described.values, Values::Continuous | Values::PartlyDiscrete)
    }
}

/// What groups left of rows.
pub(super) fn kept_in_words(read: usize, kept: usize) -> String {
    format!("{read} rows, first of each of {kept} groups kept")
}

/// The shape of two samples.
pub(super) fn shape_of_pair(a: &Description, b: &Description) -> Shape {
    let rows = a.rows - a.copies.min(b.copies);
    Shape { kind: Kind::of(a, b), columns: a.columns + b.columns, classes: 0, rows }
}

/// The first row of each group, of as many rows as there should be.
pub(super) fn first_of_groups(groups: LabelFile, rows: usize) -> Result<Vec<usize>> {
    let name = groups.name().to_owned();
    let groups = groups.labels(Some(Rows { count: rows, under_numbers: false }))?.class;
    ensure!(groups.len() == rows, "{name} names the groups of {} rows, but there are {rows}", groups.len());
    let first = Partition::from_labels(&groups.into_iter().map(u64::from).collect::<Vec<_>>()).first_of_each();
    ensure!(first.len() > 2, "{name} has {} groups; at least three are needed", first.len());
    Ok(first)
}

/// Samples of files.
pub(super) fn read(files: [&PathBuf; 2]) -> Result<Vec<Samples<'static>>> {
    files.iter().map(|file| arrays::open(file)?.samples()).collect()
}

/// The same, where files may hold words: classes, each a column of its own, so that any two are as far apart as any others.
pub(super) fn read_or_classes(files: [&PathBuf; 3]) -> Result<Vec<Samples<'static>>> {
    let numbers: Vec<Result<Samples>> = files.iter().map(|file| arrays::open(file)?.samples()).collect();
    let rows = numbers.iter().flatten().map(|samples| samples.values.nrows()).next();
    let read = files.iter().zip(numbers).map(|(file, numbers)| {
        numbers.or_else(|no_numbers| {
            let rows = rows.map(|count| Rows { count, under_numbers: false });
            let labels = read_labels(file, rows).map_err(|_| no_numbers)?;
            of_classes(&file.display().to_string(), &labels)
        })
    });
    read.collect()
}

/// Classes, each a column of its own.
///
/// # Errors
/// If there are more than are told apart.
pub fn of_classes<'a>(name: &str, labels: &Labels) -> Result<Samples<'a>> {
    ensure!(
        labels.classes.len() <= MOST_WORDS,
        "{name}: {} different words are more than the {MOST_WORDS} classes that are told apart here",
        labels.classes.len()
    );
    Ok(Samples::of_classes(name, labels))
}

/// Words beyond which columns for each are no classes any more.
const MOST_WORDS: usize = 1000;

/// Samples that belong together row by row, the first of each group.
pub(super) fn together(read: Vec<Samples<'_>>, groups: Option<Result<LabelFile>>) -> Result<Vec<Side<'_>>> {
    for side in &read {
        ensure!(
            side.values.nrows() == read[0].values.nrows(),
            "{} has {} rows and {} has {}; each row of the one belongs to a row of the other",
            read[0].name,
            read[0].values.nrows(),
            side.name,
            side.values.nrows()
        );
    }
    let kept = groups.map(|groups| first_of_groups(groups?, read[0].values.nrows())).transpose()?;
    Ok(read.into_iter().map(|samples| Side::of(samples, kept.as_deref())).collect())
}
