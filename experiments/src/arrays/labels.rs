//! Labels, however they are written: whole numbers (also as floats, −1 and 1, in a column or a row), words, or one-hot.
//!
//! A file of labels alone says little about its first line, so the number of rows they belong to decides: one line more is a header,
//! if it is a word, or if the rows themselves stand under numbers as columns.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Result, bail, ensure};
use ndarray::{Array2, ArrayView2, Axis};

use super::header::First;
use super::text::{self, Text, Words, is_missing, number};
use super::{Array, Content, source};

/// Classes that are listed in what was read.
const MOST_SHOWN: usize = 10;

/// A class for each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Of each row, the place of its class in `classes`.
    pub class: Vec<u32>,
    /// The classes that occur, as they are written: numbers by size, words by alphabet.
    pub classes: Vec<String>,
    /// How they were read, where that is not plain.
    pub notes: Vec<String>,
}

/// The rows that labels belong to.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    /// How many.
    pub count: usize,
    /// Whether they stand under a header of numbers, as a program would write above the labels, too.
    pub under_numbers: bool,
}

/// Labels as a file or a caller has them; of a file of text, the first line is not judged yet.
#[derive(Debug)]
pub struct LabelFile {
    shown: String,
    held: Held,
}

#[derive(Debug)]
enum Held {
    /// One column of text.
    Lines(Text),
    Array(Array<'static>),
    Words(Vec<String>),
}

/// Reads labels; `rows` are those they belong to, where known.
///
/// # Errors
/// If the file cannot be read, or holds no labels.
pub fn read_labels(argument: &Path, rows: Option<Rows>) -> Result<Labels> {
    LabelFile::open(argument)?.labels(rows)
}

/// Reads labels from the array of this name in a file of several.
///
/// # Errors
/// As [`read_labels`].
pub fn of_array(path: &Path, name: &str) -> Result<Labels> {
    source::check(path)?;
    let shown = format!("{}:{name}", path.display());
    let content = super::content(path, Some(name))?;
    LabelFile { held: Held::of_content(content, &shown), shown }.labels(None)
}

/// Reads a table of text whose last column has the labels, as numbers or words.
///
/// # Errors
/// If it cannot be read, has one column only, or its labels are none.
pub fn read_with_labels(path: &Path) -> Result<(Array<'static>, Labels)> {
    let shown = path.display().to_string();
    source::check(path)?;
    let mut text = text::read(path, true)?;
    ensure!(
        text.first.len() > 1,
        "{shown} has one column; inputs and, in the last column, labels are needed (between them commas, semicolons, tabs or blanks)"
    );
    if let Some(words) = text.words.take() {
        let first = text.first.pop().unwrap_or_default();
        let mut all = Words::default();
        let array = Array::of_text(text, shown.clone())?;
        if array.first == First::Row {
            all.push(&first);
        }
        words.rows.iter().for_each(|&row| all.push(&words.distinct[row as usize]));
        return Ok((array, of_words(&all, &shown)?));
    }
    let mut array = Array::of_text(text, shown.clone())?;
    let last = array.values.len_of(Axis(1)) - 1;
    let labels = array.values.index_axis(Axis(1), last).iter().copied().collect::<Vec<f64>>();
    array.values.slice_axis_inplace(Axis(1), (..last).into());
    let place = "in the last column";
    let labels = of_numbers(&labels, &format!("{shown}, {place}"))?;
    Ok((array, labels))
}

impl Labels {
    /// Of these rows, with the classes that occur among them.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let mut occurs = vec![false; self.classes.len()];
        rows.iter().for_each(|&row| occurs[self.class[row] as usize] = true);
        let kept: Vec<usize> = (0..occurs.len()).filter(|&old| occurs[old]).collect();
        let mut place = vec![0; occurs.len()];
        kept.iter().zip(0_u32..).for_each(|(&old, new)| place[old] = new);
        Self {
            class: rows.iter().map(|&row| place[self.class[row] as usize]).collect(),
            classes: kept.iter().map(|&old| self.classes[old].clone()).collect(),
            notes: self.notes.clone(),
        }
    }

    /// What was read, in a line.
    pub fn described(&self, shown: &str) -> String {
        let classes: Vec<&str> = self.classes.iter().take(MOST_SHOWN).map(String::as_str).collect();
        let more = if self.classes.len() > MOST_SHOWN { ", …" } else { "" };
        let notes = std::iter::once("").chain(self.notes.iter().map(String::as_str)).collect::<Vec<_>>().join("; ");
        let (rows, count) = (self.class.len(), self.classes.len());
        let [labels, kinds] = [(rows, "label", "labels"), (count, "class", "classes")]
            .map(|(count, one, more)| if count == 1 { one } else { more });
        format!("{shown}: {rows} {labels} of {count} {kinds} ({}{more}){notes}", classes.join(", "))
    }
}

impl Held {
    fn of_content(content: Content, shown: &str) -> Self {
        match content {
            Content::Words(words) => Self::Words(words),
            Content::Numbers(values, kind) => Self::Array(Array::of_numbers(values, kind, shown.to_owned())),
        }
    }
}

impl LabelFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open(argument: &Path) -> Result<Self> {
        let (path, name) = source::split_name(argument);
        let shown = argument.display().to_string();
        source::check(&path)?;
        let held = if super::is_text(&path, name.as_deref())? {
            let text = text::read(&path, true)?;
            if text.first.len() == 1 { Held::Lines(text) } else { Held::Array(Array::of_text(text, shown.clone())?) }
        } else {
            Held::of_content(super::content(&path, name.as_deref())?, &shown)
        };
        Ok(Self { shown, held })
    }

    /// Numbers that are there already.
    pub fn of_array(array: Array<'static>) -> Self {
        Self { shown: array.name.clone(), held: Held::Array(array) }
    }

    /// A word for each row.
    pub fn of_words(words: Vec<String>, name: String) -> Self {
        Self { shown: name, held: Held::Words(words) }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.shown
    }

    /// How many labels it has, its first line taken for one.
    pub fn rows(&self) -> usize {
        match &self.held {
            Held::Lines(text) => text.rows + usize::from(text.words.is_some() || number(&text.first[0]).is_some()),
            Held::Words(words) => words.len(),
            Held::Array(array) => match array.values.shape() {
                [1, ..] => array.values.len(),
                shape => shape.first().copied().unwrap_or(1),
            },
        }
    }

    /// Whether it may have so many labels: one less, if its first line may be a header.
    pub fn may_have(&self, rows: usize) -> bool {
        let is_text = matches!(&self.held, Held::Lines(text) if text.rows > 0);
        rows == self.rows() || is_text && rows + 1 == self.rows()
    }

    /// The labels of these rows.
    ///
    /// # Errors
    /// If they are none, or the first line may be a header or a label.
    pub fn labels(self, rows: Option<Rows>) -> Result<Labels> {
        let shown = self.shown;
        match self.held {
            Held::Lines(text) => of_lines(text, rows, &shown),
            Held::Words(words) => {
                let mut column = Words::default();
                words.iter().for_each(|word| column.push(word));
                of_words(&column, &shown)
            }
            Held::Array(array) => {
                let notes = array.notes.clone();
                let mut labels = of_matrix(array.matrix()?.view(), &shown)?;
                labels.notes.splice(0..0, notes);
                Ok(labels)
            }
        }
    }
}

/// Lines of numbers or words.
fn of_lines(mut text: Text, rows: Option<Rows>, shown: &str) -> Result<Labels> {
    let first = text.first[0].clone();
    let lines = text.rows + 1;
    let one_more = rows.is_some_and(|rows| lines == rows.count + 1);
    let note = format!("its first line, `{first}`, is taken for a header");
    if text.words.is_none() {
        let is_header = match number(&first) {
            None => text.rows > 0,
            Some(_) if text.first_is_quoted => true,
            Some(_) if !one_more => false,
            Some(_) if first == "0" && rows.is_some_and(|rows| rows.under_numbers) => true,
            Some(_) => bail!(
                "{shown} has {lines} labels for {} rows; if its first line, `{first}`, is a header, write a name instead",
                lines - 1
            ),
        };
        if !is_header {
            text.values.insert(0, text::exact(&first)?);
        }
        ensure!(!text.values.is_empty(), "{shown} holds no labels");
        let numbers = Array2::from_shape_vec((text.values.len(), 1), text.values)?;
        let mut labels = of_matrix(numbers.view(), shown)?;
        labels.notes.extend(is_header.then_some(note));
        return Ok(labels);
    }
    let words = text.words.take().unwrap_or_default();
    let recurs = words.distinct.contains(&first);
    if !one_more && !recurs && rows.is_none_or(|rows| rows.count != lines) {
        bail!("{shown}: its first line, `{first}`, may be a label or a header; if it is a header, delete it");
    }
    let mut column = words;
    if !one_more {
        let mut all = Words::default();
        all.push(&first);
        column.rows.iter().for_each(|&row| all.push(&column.distinct[row as usize]));
        column = all;
    }
    let mut labels = of_words(&column, shown)?;
    labels.notes.extend(one_more.then_some(note));
    Ok(labels)
}

/// Words as classes.
///
/// # Errors
/// If one is missing.
pub fn of_words(words: &Words, shown: &str) -> Result<Labels> {
    if let Some(row) = words.rows.iter().position(|&row| is_missing(&words.distinct[row as usize])) {
        let word = &words.distinct[words.rows[row] as usize];
        bail!("{shown}: the label of row {row} is `{word}`, a missing value: leave the row out (in every file)");
    }
    let mut classes = words.distinct.clone();
    classes.sort_unstable();
    let place: HashMap<&str, u32> = classes.iter().map(String::as_str).zip(0..).collect();
    let of_distinct: Vec<u32> = words.distinct.iter().map(|word| place[word.as_str()]).collect();
    let class = words.rows.iter().map(|&row| of_distinct[row as usize]).collect();
    Ok(Labels { class, classes, notes: Vec::new() })
}

/// Numbers as classes: a column or a row of whole numbers, or a row for each label with a 1 in the column of its class.
///
/// # Errors
/// If they are neither.
pub fn of_matrix(numbers: ArrayView2<f64>, shown: &str) -> Result<Labels> {
    let (rows, columns) = numbers.dim();
    if columns == 1 || rows == 1 {
        return of_numbers(&numbers.iter().copied().collect::<Vec<_>>(), shown);
    }
    let one_hot = |row: ndarray::ArrayView1<f64>| {
        let ones = row.iter().filter(|&&value| value == 1.0).count();
        let zeros = row.iter().filter(|&&value| value == 0.0).count();
        (ones == 1 && zeros + 1 == columns).then(|| row.iter().position(|&value| value == 1.0).unwrap_or(0))
    };
    let Some(places) = numbers.outer_iter().map(one_hot).collect::<Option<Vec<usize>>>() else {
        bail!(
            "{shown}: labels are one number or word for each row, or one-hot (a 1 among zeros), but the array is {rows} x {columns}; of \
             scores of classes, save the largest's place: scores.argmax(1)"
        );
    };
    let values: Vec<f64> = places.into_iter().map(|place| place as f64).collect();
    let mut labels = of_numbers(&values, shown)?;
    labels.notes.push(format!("its {columns} columns are one-hot: a row's class is the place of its 1, from 0"));
    Ok(labels)
}

/// Whole numbers as classes.
///
/// # Errors
/// If a number is not whole.
pub fn of_numbers(numbers: &[f64], shown: &str) -> Result<Labels> {
    if let Some(row) = numbers.iter().position(|label| !label.is_finite()) {
        bail!("{shown}: label {row} is {}, a missing value: leave the row out (in every file)", numbers[row]);
    }
    if let Some(row) = numbers.iter().position(|label| label.fract() != 0.0) {
        bail!(
            "{shown}: label {row} is {}; labels are whole numbers or words (of a continuous Y, I(T;Y) is that of two samples: \
             estimate --pair T Y)",
            numbers[row]
        );
    }
    let mut sorted: Vec<f64> = numbers.iter().map(|label| label + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.dedup();
    let place = |label: f64| sorted.partition_point(|&other| other < label) as u32;
    let class = numbers.iter().map(|&label| place(label)).collect();
    Ok(Labels { class, classes: sorted.iter().map(f64::to_string).collect(), notes: Vec::new() })
}
