//! Two samples, or two given a third.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use infoplane_info::description::Values;
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::estimators::ksg::Ksg;
use infoplane_info::estimators::significance::{interval_of_pair, permutation_of_pair};
use infoplane_info::near_copies::near_copies;
use infoplane_info::succession::rows_apart;
use infoplane_info::{Estimator, Partition, Standing};
use ndarray::{Array1, Axis, concatenate};

use super::judge::{self, Dependence};
use super::row::EstimateRow;
use super::sides::{Side, read, read_or_classes, shape_of_pair, together};
use super::work::Work;
use super::{Resampling, Wanted};
use crate::arrays::Samples;
use crate::arrays::labels::LabelFile;
use crate::calibration::advice::Calibration;
use crate::methods::Method;

/// I(A;B|C) of three files of samples through every estimator, after a line on what each looks like; `auto` is ksg. Nothing was
/// calibrated. Files may hold labels in words.
///
/// # Errors
/// If a file cannot be read, or their numbers of rows differ.
pub fn conditional(
    [a, b]: [&PathBuf; 2],
    given: &PathBuf,
    estimators: &[Wanted],
    groups: Option<&Path>,
) -> Result<(Vec<String>, Vec<EstimateRow>)> {
    conditional_of(read_or_classes([a, b, given])?, estimators, groups.map(LabelFile::open))
}

/// The same of three samples, of which the third is given.
///
/// # Errors
/// If their numbers of rows differ, or the groups cannot be had.
pub fn conditional_of(
    samples: Vec<Samples>,
    estimators: &[Wanted],
    groups: Option<Result<LabelFile>>,
) -> Result<(Vec<String>, Vec<EstimateRow>)> {
    ensure!(samples.len() == 3, "I(A;B|C) is of three samples, not of {}", samples.len());
    let sides = together(samples, groups)?;
    let described = sides.iter().map(Side::in_words).collect();
    let [a, b, c] = [0, 1, 2].map(|side| sides[side].values());
    let layer = format!("{} {} given {}", sides[0].name(), sides[1].name(), sides[2].name());
    let dependence = Dependence { copies: None, apart: both_follow(&sides[0], &sides[1]) };
    let one = |method: &Method| {
        let row = EstimateRow::new(&layer, a.nrows(), method);
        let estimate = match method.conditional(a, b, c) {
            Ok(estimate) => estimate,
            Err(error) => return row.refused(&error),
        };
        let standing = judge::of_conditional(method, estimate, [a, b, c]);
        let standing = dependence.judge(judge::Judged { standing, interval: None }).standing;
        row.with_first(estimate).with_standings(Some(&standing), None, ["I(A;B|C)", ""])
    };
    let ksg = Method::Formula(EstimatorKind::Ksg(Ksg::default()));
    Ok((described, each_once(estimators, || ksg.clone()).iter().map(|(method, _)| one(method)).collect()))
}

/// The methods asked for, each once, and whether `auto` asked for it.
fn each_once(estimators: &[Wanted], auto: impl Fn() -> Method) -> Vec<(Method, bool)> {
    let mut methods: Vec<(Method, bool)> = Vec::new();
    for wanted in estimators {
        let method = wanted.or(&auto);
        if methods.iter().all(|(other, _)| *other != method) {
            methods.push((method, *wanted == Wanted::Auto));
        }
    }
    methods
}

/// How far apart rows say something new, where those of both samples follow one another; what only one does harms nothing.
fn both_follow(a: &Side, b: &Side) -> Option<usize> {
    let of = |side: &Side| side.has_neighbours().then(|| rows_apart(side.values(), None)).flatten();
    Some(of(a)?.min(of(b)?))
}

/// I(A;B) of two files of samples through every estimator, after a line on what each looks like.
///
/// # Errors
/// If a file cannot be read, or their numbers of rows differ.
pub fn pair(
    files: [&PathBuf; 2],
    estimators: &[Wanted],
    resampling: Resampling,
    groups: Option<&Path>,
) -> Result<(Vec<String>, Vec<EstimateRow>)> {
    pair_of(read(files)?, estimators, resampling, groups.map(LabelFile::open))
}

/// The same of two samples.
///
/// # Errors
/// If their numbers of rows differ, or the groups cannot be had.
pub fn pair_of(
    samples: Vec<Samples>,
    estimators: &[Wanted],
    resampling: Resampling,
    groups: Option<Result<LabelFile>>,
) -> Result<(Vec<String>, Vec<EstimateRow>)> {
    ensure!(samples.len() == 2, "I(A;B) is of two samples, not of {}", samples.len());
    let sides = together(samples, groups)?;
    let lines = sides.iter().map(Side::in_words).collect();
    let (a, b) = (sides[0].values(), sides[1].values());
    let layer = format!("{} {}", sides[0].name(), sides[1].name());
    let described = [&sides[0].described, &sides[1].described];
    let shape = shape_of_pair(described[0], described[1]);
    // What a discrete side can say at most.
    let p = Array1::from_elem(a.nrows(), 1.0 / a.nrows() as f64);
    let entropy = |side: &Side| match side.described.values {
        Values::Constant | Values::Discrete => Partition::of_rows(side.values()).entropy(p.view()),
        _ => f64::INFINITY,
    };
    let most = sides.iter().map(entropy).fold(f64::INFINITY, f64::min);
    let calibration = Calibration::committed();
    let both = concatenate(Axis(1), &[a, b])?;
    let is_continuous = described.iter().all(|side| side.values == Values::Continuous);
    let copies = if is_continuous { near_copies(both.view(), None) } else { None };
    let dependence = Dependence { copies, apart: both_follow(&sides[0], &sides[1]) };
    let methods = each_once(estimators, || calibration.choice(shape));
    let work = Work::of(methods.len());
    let one = |(method, is_auto): &(Method, bool)| {
        let row = EstimateRow { is_auto: *is_auto, ..EstimateRow::new(&layer, a.nrows(), method) };
        work.announce(method, &layer, a.nrows(), resampling, |rows| {
            let [a, b] = [a, b].map(|side| side.select(Axis(0), rows));
            let _ = method.pair(a.view(), b.view());
        });
        let estimate = method.pair(a, b);
        let estimate = match estimate {
            Ok(estimate) => estimate,
            Err(error) => return row.refused(&error),
        };
        let draws = resampling.judge(
            |permutations, rng| permutation_of_pair(method, a, b, permutations, rng),
            |halves, rng| interval_of_pair(method, a, b, halves, rng),
        );
        let judged = judge::of_pair(method, estimate, [a, b], described, most);
        let judged = dependence.judge(judged);
        let judged = judge::of_nothing(judged, described);
        work.is_done();
        let mut row = row.with_first(estimate).with_interval(judged.interval).with_draws(draws);
        if !matches!(judged.standing, Standing::Doubtful(_)) {
            row.notes.extend(calibration.against(method, shape));
        }
        row.with_standings(Some(&judged.standing), None, ["I(A;B)", ""])
    };
    let rows = methods.iter().map(one).collect();
    work.finish();
    Ok((lines, rows))
}
