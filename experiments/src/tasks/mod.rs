//! What the networks learn: one task = one file.
//!
//! | `task.dataset` | file | what |
//! |---|---|---|
//! | empty | `o3` | the paper's task, generated |
//! | `teacher:inputs=12,…` | `teacher` | Gaussian inputs and a noisy linear teacher |
//! | a .mat file | `mat` | like the authors' var_u.mat |
//! | an .npz file, or a table as text | `own` | data of one's own |
//! | `…images-idx3-ubyte` | `idx` | images in MNIST's format |
//!
//! A [`Task`] has every input pattern and the exact p(x, y), so that information can be measured over all of X rather than
//! over a sample. [`Split`] then says which patterns a replica trains on and with which labels.

pub mod idx;
mod labelled;
pub mod mat;
mod o3;
mod own;
mod teacher;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use infoplane_info::JointDistribution;
use infoplane_model::random::{Purpose, stream};
use ndarray::Array2;
use rand::RngExt;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::arrays::source;
use crate::config::typed;
use crate::quoting;

pub use o3::{Labelling, Pattern, o3};

/// All patterns of a problem and their exact distribution.
#[derive(Debug, Clone)]
pub struct Task {
    /// A short name for the `dataset` column of results.
    pub name: String,
    /// Every input pattern, shape [n × d].
    pub inputs: Array2<f32>,
    /// The exact p(x, y) over those n patterns.
    pub joint: JointDistribution,
    /// What was read, in a line each, for the user to check.
    pub notes: Vec<String>,
}

/// Which task, and how it is cut into training and test patterns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSettings {
    /// A file or a generated task (the table above) instead of the paper's; empty for that.
    pub dataset: String,
    /// `soft`: p(y|x) of the paper, with I(X;Y) as below. `hard`: the likelier label for certain.
    pub labels: Labelling,
    /// I(X;Y) of the soft rule in bits; the paper's is 0.99.
    pub i_xy_bits: f64,
    /// Share of labels drawn afresh, each class as likely: memorised if at all. The task's p(y|x) stays as it is.
    pub label_noise: f64,
    /// How training patterns are chosen.
    pub split: SplitRule,
}

/// How training patterns are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitRule {
    /// Uniformly at random without replacement: the label balance of the sample is left to chance.
    Random,
    /// At random within each likelier label, in proportion: the sample is as balanced as the whole.
    Stratified,
    /// The first patterns in file order, as the authors' code does: not a random sample.
    First,
}

/// The training sample of one replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Indices of the training patterns.
    pub train: Vec<u32>,
    /// A label for **every** pattern, drawn once from p(y|x): those of the training patterns are learned.
    pub labels: Vec<u32>,
}

/// The paper's I(X;Y), which the settings of a question start from.
const O3_BITS: f64 = 0.99;

impl TaskSettings {
    /// Generates or reads the task.
    ///
    /// # Errors
    /// If the file cannot be read, or I(X;Y) cannot be had.
    pub fn load(&self) -> Result<Task> {
        let path = Path::new(&self.dataset);
        let (extension, _) = source::extension(path);
        match (self.dataset.split_once(':').unwrap_or((&self.dataset, "")), extension.as_str()) {
            (("", _), _) => o3(self.labels, self.i_xy_bits),
            (("teacher", settings), _) => teacher::parse(settings),
            (_, "mat") => mat::load(path),
            (_, "npz") => own::npz(path),
            (_, "csv" | "tsv" | "txt") => own::table(path),
            _ if self.dataset.contains("idx") => idx::load(path),
            _ => bail!(
                "task.dataset = \"{}\": data come as .mat (F and y), .npz (inputs and labels), .csv, .tsv or .txt, also .gz (labels last), \
                 …images-idx3-ubyte, or generated, like teacher:inputs=12",
                self.dataset
            ),
        }
    }

    /// Whether the same patterns and p(y|x) come of both.
    pub fn is_same_task(&self, other: &Self) -> bool {
        (&self.dataset, self.labels, self.i_xy_bits) == (&other.dataset, other.labels, other.i_xy_bits)
    }

    /// The files that are read, if any are.
    pub fn files(&self) -> Vec<PathBuf> {
        let path = PathBuf::from(&self.dataset);
        if self.dataset.is_empty() || self.dataset == "teacher" || self.dataset.starts_with("teacher:") {
            return Vec::new();
        }
        let is_array = matches!(source::extension(&path).0.as_str(), "mat" | "npz" | "csv" | "tsv" | "txt");
        let labels = idx::labels_beside(&path).ok().filter(|_| !is_array);
        std::iter::once(path).chain(labels).collect()
    }

    /// # Errors
    /// If the label noise is no share.
    pub fn check(&self) -> Result<()> {
        ensure!(
            (0.0..=1.0).contains(&self.label_noise),
            "task.label_noise = {}: must lie between 0 and 1",
            self.label_noise
        );
        ensure!(
            self.dataset.is_empty() || self.i_xy_bits == O3_BITS,
            "task.i_xy_bits = {} belongs to the paper's task; {} has an I(X;Y) of its own",
            self.i_xy_bits,
            self.dataset
        );
        Ok(())
    }

    /// Draws the training sample of the replica with this seed.
    pub fn split(&self, task: &Task, fraction: f64, seed: u64) -> Split {
        let n = task.joint.n_x();
        let mut train: Vec<u32> = match self.split {
            SplitRule::First => (0..count(fraction, n) as u32).collect(),
            SplitRule::Random => choose((0..n as u32).collect(), fraction, seed),
            SplitRule::Stratified => {
                let likeliest = |x: u32| {
                    let entries = task.joint.entries(x as usize);
                    entries.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(y, _)| y)
                };
                let stratum = |y| (0..n as u32).filter(|&x| likeliest(x) == y).collect::<Vec<u32>>();
                // Each stratum shuffles with the same stream: strata are disjoint, so the draws stay independent of labels.
                (0..task.joint.n_y()).flat_map(|y| choose(stratum(y), fraction, seed)).collect()
            }
        };
        train.sort_unstable();
        Split { train, labels: draw_labels(&task.joint, self.label_noise, seed) }
    }
}

impl Task {
    /// The accuracy of guessing the likeliest label, max_y p(y).
    pub fn guess(&self) -> f64 {
        self.joint.p_y().iter().copied().fold(0.0, f64::max)
    }

    /// The best accuracy that p(y|x) allows, Σ_x p(x) max_y p(y|x).
    pub fn best_accuracy(&self) -> f64 {
        let joint = &self.joint;
        let of_x = |x: usize| joint.p_x()[x] * (0..joint.n_y()).map(|y| joint.p(x, y)).fold(0.0, f64::max);
        (0..joint.n_x()).map(of_x).sum()
    }

    /// Whether Y is certain given X.
    pub fn has_hard_labels(&self) -> bool {
        self.best_accuracy() > 1.0 - 1e-12
    }
}

/// H(X) of every task, by name.
pub fn input_entropies(tasks: &[Arc<Task>]) -> BTreeMap<String, f64> {
    tasks.iter().map(|task| (task.name.clone(), task.joint.h_x())).collect()
}

/// Whether a merged configuration has the paper's task at the paper's I(X;Y), for which the questions' thresholds are written.
pub fn is_the_papers(settings: &Table) -> bool {
    let of = |key: &str| settings.get("task").and_then(|task| task.get(key));
    let text = |key: &str| of(key).and_then(Value::as_str).unwrap_or_default();
    text("dataset").is_empty() && (text("labels") == "hard" || of("i_xy_bits").and_then(Value::as_float) == Some(0.99))
}

/// The task of a merged configuration.
///
/// # Errors
/// If its settings are no task's, or it cannot be had.
pub fn of_table(settings: &Table) -> Result<Task> {
    let task = match settings.get("task") {
        Some(Value::Table(task)) => typed::<TaskSettings>(task.clone())?,
        _ => bail!("the settings have no [task]"),
    };
    task.check()?;
    task.load()
}

/// A short name of one's own task; none of the paper's, whose dataset is empty.
pub fn own_name(dataset: &str) -> Option<String> {
    let is_teacher = dataset == "teacher" || dataset.starts_with("teacher:");
    (!dataset.is_empty()).then(|| if is_teacher { "teacher".to_owned() } else { name_of(Path::new(dataset)) })
}

/// The name of a file's task: the file's, without its extension, as a table may hold it.
fn name_of(path: &Path) -> String {
    let packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = stem(path).and_then(|name| if packed { stem(Path::new(&name)) } else { Some(name) });
    name.map_or_else(|| "dataset".to_owned(), |name| quoting::cell(&name).into_owned())
}

/// The number of training patterns of a fraction.
pub fn count(fraction: f64, n: usize) -> usize {
    ((fraction * n as f64).round() as usize).clamp(1, n)
}

fn choose(mut from: Vec<u32>, fraction: f64, seed: u64) -> Vec<u32> {
    if from.is_empty() {
        return from;
    }
    from.shuffle(&mut stream(seed, Purpose::Split));
    from.truncate(count(fraction, from.len()));
    from
}

fn draw_labels(joint: &JointDistribution, noise: f64, seed: u64) -> Vec<u32> {
    let mut rng = stream(seed, Purpose::Labels);
    // A stream of its own: noise changes some labels and leaves the draws of the others as they were.
    let mut noise_rng = stream(seed, Purpose::LabelNoise);
    (0..joint.n_x())
        .map(|x| {
            let mut left: f64 = rng.random();
            let (noisy, other) = (noise_rng.random::<f64>() < noise, noise_rng.random_range(0..joint.n_y() as u32));
            if noisy {
                return other;
            }
            let mut last = 0;
            for (y, p) in joint.entries(x) {
                left -= p;
                last = y as u32;
                if left < 0.0 {
                    break;
                }
            }
            // Rounding may leave a sliver: it belongs to the last label that can occur.
            last
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(split: SplitRule, label_noise: f64) -> TaskSettings {
        TaskSettings { dataset: String::new(), labels: Labelling::Hard, i_xy_bits: 0.99, label_noise, split }
    }

    #[test]
    fn a_split_is_seeded_has_the_size_asked_for_and_stratifies_when_told() {
        let task = o3(Labelling::Hard, 0.99).unwrap();
        let draw = |rule, fraction, seed| settings(rule, 0.0).split(&task, fraction, seed);
        for rule in [SplitRule::Random, SplitRule::Stratified, SplitRule::First] {
            let split = draw(rule, 0.85, 3);
            assert_eq!(split, draw(rule, 0.85, 3));
            assert!(split.train.len().abs_diff(3482) <= 1);
            assert!(split.train.windows(2).all(|pair| pair[0] < pair[1]));
        }
        let ones = |rule, seed| {
            let split = draw(rule, 0.05, seed);
            split.train.iter().filter(|&&x| split.labels[x as usize] == 1).count()
        };
        assert!((0..20).all(|seed| ones(SplitRule::Stratified, seed) == 106));
        assert!((0..20).any(|seed| ones(SplitRule::Random, seed) != 106));
        assert_ne!(draw(SplitRule::Random, 0.5, 1), draw(SplitRule::Random, 0.5, 2));
    }

    #[test]
    fn label_noise_redraws_its_share_of_the_labels() {
        let task = o3(Labelling::Hard, 0.99).unwrap();
        let labels = |noise| settings(SplitRule::Random, noise).split(&task, 1.0, 1).labels;
        let changed = |noise| labels(0.0).iter().zip(labels(noise)).filter(|(a, b)| **a != *b).count();
        assert_eq!(changed(0.0), 0);
        // Half of the labels drawn afresh are what they were.
        assert!(changed(0.2).abs_diff(410) < 80 && changed(1.0).abs_diff(2048) < 130);
        assert!(settings(SplitRule::Random, 1.5).check().is_err());
    }

    #[test]
    fn labels_follow_p_y_given_x() {
        let task = o3(Labelling::Soft, 0.5).unwrap();
        let p = task.joint.p_y_given_x();
        let draws = 200;
        let ones: f64 = (0..draws).flat_map(|seed| draw_labels(&task.joint, 0.0, seed)).map(f64::from).sum();
        let expected: f64 = p.column(1).sum() * f64::from(draws as u32);
        assert!((ones - expected).abs() < 4.0 * (expected / 4.0).sqrt(), "{ones} instead of {expected}");
    }
}
