//! Which estimator can be trusted, where: every estimator on problems whose information is known exactly.
//!
//! A family of problems is a file; each draws pairs (a, b), row by row, or is a layer over all of a finite X, and states its
//! information. The families are those of Czyż et al. 2023 ("Beyond Normal", arXiv 2306.11078), written from their definitions,
//! and a few that matter for networks.
//!
//! | file | families |
//! |---|---|
//! | [`gaussian`] | independent; Gaussian: one pair, dense, sparse, two pairs |
//! | [`student`] | heavy tails |
//! | [`homeomorphisms`] | distortions that change no information |
//! | [`discrete`] | discrete channels, discrete beside continuous, uniform noise |
//! | [`layers`] | what layers are made of; functions of a continuous variable |
//! | [`classes`] | class labels beside layers: wide, rounded, cut off, in unlike units, with rare classes and many |
//! | [`tied`] | pairs in unlike units, rounded, cut off |
//! | [`support`] | layers over all of a finite X, as the questions measure them |
//! | [`settings`], [`run`], [`summary`] | what is asked; every estimator on every problem, as jobs; what came out |
//! | [`guide`] | which estimator when, from the summary |
//! | [`program`] | `calibrate` itself |
//! | [`advice`], [`trust`] | what the committed summary says for and against an estimator, and of a verdict's |

pub mod advice;
pub mod classes;
pub mod discrete;
pub mod gaussian;
pub mod guide;
pub mod homeomorphisms;
pub mod layers;
pub mod program;
pub mod run;
pub mod settings;
pub mod student;
pub mod summary;
pub mod support;
pub mod tied;
pub mod trust;

use std::fmt;

use infoplane_info::description::{Description, Values};
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::{Estimate, EstimateError, Estimator, JointDistribution, Sample};
use infoplane_model::random::{Purpose, stream};
use ndarray::{Array1, Array2};
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::methods::Method;

/// Draws n rows of (a, b), or of (a, t) where noise is still to come.
type Draw = Box<dyn Fn(usize, &mut ChaCha8Rng) -> (Array2<f64>, Array2<f64>) + Send + Sync>;
/// Makes a layer over all of X.
type Layer = Box<dyn Fn() -> (Array2<f64>, JointDistribution) + Send + Sync>;

/// What kind of data a problem is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Both sides continuous.
    Continuous,
    /// One side of values that repeat, the other continuous.
    Mixed,
    /// Both sides of values that repeat.
    Discrete,
    /// Two samples, of which at least one is rounded, or has values that repeat beside others that do not.
    Lattice,
    /// Class labels beside a continuous layer.
    Labels,
    /// Class labels beside a layer whose values repeat, or lie on a lattice.
    LabelsOfLattice,
    /// Class labels beside a layer some of whose values repeat, such as the zeros of ReLU units.
    LabelsOfZeros,
    /// A layer over all of a finite X.
    Layer,
}

impl Kind {
    /// Of two samples, by what their values are like.
    pub fn of(a: &Description, b: &Description) -> Self {
        let few = |side: &Description| {
            let is_few = side.values == Values::Constant
                || side.values == Values::Discrete && side.distinct_rows * FEW <= side.rows;
            (is_few, matches!(side.values, Values::Constant | Values::Continuous))
        };
        match (few(a), few(b)) {
            ((true, _), (true, _)) => Self::Discrete,
            ((false, true), (false, true)) => Self::Continuous,
            ((true, _), (false, true)) | ((false, true), (true, _)) => Self::Mixed,
            _ => Self::Lattice,
        }
    }

    /// Of a layer beside class labels.
    pub fn of_layer(t: &Description) -> Self {
        match t.values {
            Values::Constant | Values::Continuous => Self::Labels,
            Values::Discrete => Self::LabelsOfLattice,
            Values::PartlyDiscrete => Self::LabelsOfZeros,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Continuous => "two continuous samples",
            Self::Mixed => "one discrete, one continuous",
            Self::Discrete => "two discrete samples",
            Self::Lattice => "samples rounded or cut off",
            Self::Labels => "classes beside a continuous layer",
            Self::LabelsOfLattice => "classes beside a rounded layer",
            Self::LabelsOfZeros => "classes beside a layer cut off",
            Self::Layer => "a layer over a finite X",
        })
    }
}

/// Symbols are few if each comes so often.
const FEW: usize = 5;

/// Noise inside a layer, known to those estimators that are made for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Noise {
    /// Gaussian of this standard deviation on every unit.
    Gaussian(f64),
    /// Uniform of this width on every unit, then bins of it.
    Uniform(f64),
}

impl Noise {
    /// What an estimator takes for granted; none of those that look at samples alone.
    fn of(method: &Method) -> Option<Self> {
        match method {
            Method::Formula(EstimatorKind::Kde(kde)) => Some(Self::Gaussian(kde.variance.sqrt())),
            Method::Formula(EstimatorKind::Noisy(noisy)) => Some(Self::Gaussian(noisy.sigma)),
            Method::Formula(EstimatorKind::Dithered(dithered)) => Some(Self::Uniform(dithered.width)),
            _ => None,
        }
    }

    fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Gaussian(one), Self::Gaussian(other)) | (Self::Uniform(one), Self::Uniform(other)) => {
                (one - other).abs() < 1e-9 * one
            }
            _ => false,
        }
    }
}

/// Which information of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// I(X;T).
    OfInput,
    /// I(T;Y).
    OfLabel,
}

/// Draws n rows of T and their classes.
type DrawLabelled = Box<dyn Fn(usize, &mut ChaCha8Rng) -> (Array2<f64>, Vec<usize>) + Send + Sync>;

enum Source {
    Pairs(Draw),
    Labelled(DrawLabelled),
    Layer(Layer, Quantity),
}

/// Variables whose information is known.
pub struct Problem {
    /// Family.
    pub family: &'static str,
    /// Kind of data.
    pub kind: Kind,
    /// What it is, in a few words.
    pub name: String,
    /// I(A;B), infinite where one is a function of the other.
    pub truth_bits: f64,
    /// Whether it stands for its family where all of them would cost too much.
    pub representative: bool,
    /// Classes of the labels; 0 of pairs.
    pub classes: usize,
    /// Draws at most, where one costs much.
    pub most_draws: u64,
    noise: Option<Noise>,
    source: Source,
}

/// What a problem gives.
#[derive(Debug)]
pub struct Sampled {
    /// Rows of A and B.
    pub pair: Option<(Array2<f64>, Array2<f64>)>,
    /// Rows of T with p(x, y) of their labels.
    pub labelled: Option<(Array2<f64>, JointDistribution)>,
    layer: Option<(Array2<f64>, JointDistribution, Quantity)>,
    noise: Option<Noise>,
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {} bits)", self.name, self.family, self.truth_bits)
    }
}

impl Problem {
    fn new(
        family: &'static str,
        name: impl Into<String>,
        truth_bits: f64,
        draw: impl Fn(usize, &mut ChaCha8Rng) -> (Array2<f64>, Array2<f64>) + Send + Sync + 'static,
    ) -> Self {
        Self::of_source(family, Kind::Continuous, name.into(), truth_bits, Source::Pairs(Box::new(draw)))
    }

    fn labelled(
        family: &'static str,
        name: impl Into<String>,
        truth_bits: f64,
        classes: usize,
        draw: impl Fn(usize, &mut ChaCha8Rng) -> (Array2<f64>, Vec<usize>) + Send + Sync + 'static,
    ) -> Self {
        let source = Source::Labelled(Box::new(draw));
        Self { classes, ..Self::of_source(family, Kind::Labels, name.into(), truth_bits, source) }
    }

    fn of_source(family: &'static str, kind: Kind, name: String, truth_bits: f64, source: Source) -> Self {
        let (representative, classes, most_draws, noise) = (false, 0, u64::MAX, None);
        Self { family, kind, name, truth_bits, representative, classes, most_draws, noise, source }
    }

    fn layer(
        name: impl Into<String>,
        truth_bits: f64,
        quantity: Quantity,
        layer: impl Fn() -> (Array2<f64>, JointDistribution) + Send + Sync + 'static,
    ) -> Self {
        let source = Source::Layer(Box::new(layer), quantity);
        Self::of_source("layer over a finite X", Kind::Layer, name.into(), truth_bits, source)
    }

    fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// B is what is drawn plus this noise.
    fn with_noise(self, noise: Noise) -> Self {
        Self { noise: Some(noise), ..self }
    }

    fn with_draws(self, most_draws: u64) -> Self {
        Self { most_draws, ..self }
    }

    fn representative(self) -> Self {
        Self { representative: true, ..self }
    }

    /// How many rows there are, where that is not to be chosen.
    pub fn rows(&self) -> Option<usize> {
        matches!(self.source, Source::Layer(..)).then_some(support::PATTERNS)
    }

    /// n rows, the same for the same seed; of a layer over all of X those there are.
    pub fn draw(&self, n: usize, seed: u64) -> Sampled {
        let noise = self.noise;
        match &self.source {
            Source::Layer(layer, quantity) => {
                let (t, joint) = layer();
                Sampled { pair: None, labelled: None, layer: Some((t, joint, *quantity)), noise }
            }
            Source::Labelled(draw) => {
                let (t, labels) = draw(n, &mut stream(seed, Purpose::MonteCarlo));
                let mut classes = labels.clone();
                classes.sort_unstable();
                classes.dedup();
                let is = |row: usize, class: usize| f64::from(u8::from(labels[row] == classes[class]));
                let p_y_given_x = Array2::from_shape_fn((n, classes.len()), |(row, class)| is(row, class));
                let joint = JointDistribution::from_conditional(Array1::from_elem(n, 1.0 / n as f64), p_y_given_x);
                let joint = joint.expect("classes are a distribution");
                Sampled { pair: None, labelled: Some((t, joint)), layer: None, noise }
            }
            Source::Pairs(draw) => {
                let (a, t) = draw(n, &mut stream(seed, Purpose::MonteCarlo));
                let Some(Noise::Gaussian(sigma)) = noise else {
                    return Sampled { pair: Some((a, t)), labelled: None, layer: None, noise };
                };
                let rng = &mut stream(seed, Purpose::Noise);
                let b = t.mapv(|t| {
                    let e: f64 = StandardNormal.sample(rng);
                    t + sigma * e
                });
                // Every row is an x of its own; there are no labels to speak of.
                let joint = JointDistribution::uniform_binary(&vec![0.5; n]).expect("equal shares are a distribution");
                Sampled { pair: Some((a, b)), labelled: None, layer: Some((t, joint, Quantity::OfInput)), noise }
            }
        }
    }
}

impl Sampled {
    /// Columns of both sides; of a layer over all of X its units.
    pub fn columns(&self) -> usize {
        match (&self.pair, &self.layer) {
            (Some((a, b)), _) => a.ncols() + b.ncols(),
            (None, Some((t, ..))) => t.ncols(),
            (None, None) => self.labelled.as_ref().map_or(0, |(t, _)| t.ncols()),
        }
    }

    /// What an estimator says; none if the data are not what it is about: it takes other noise for granted than there is, or
    /// knows layers alone.
    pub fn estimate(&self, method: &Method) -> Option<Result<Estimate, EstimateError>> {
        let own = Noise::of(method);
        if let Some((t, joint)) = &self.labelled {
            let information = || Sample::new(t.view(), joint).and_then(|sample| method.estimate(&sample));
            return own.is_none().then(|| information().map(|information| information.i_ty));
        }
        let as_made_for = match (own, self.noise) {
            (Some(own), Some(noise)) => own.is(noise),
            _ => false,
        };
        match (&self.pair, &self.layer) {
            (Some((a, b)), _) if own.is_none() => {
                Some(method.pair(a.view(), b.view())).filter(|estimate| *estimate != Err(EstimateError::NoPairs))
            }
            (pair, Some((t, joint, quantity))) if as_made_for || (pair.is_none() && self.noise.is_none()) => {
                let information = Sample::new(t.view(), joint).and_then(|sample| method.estimate(&sample));
                Some(information.map(|information| match quantity {
                    Quantity::OfInput => information.i_xt,
                    Quantity::OfLabel => information.i_ty,
                }))
            }
            _ => None,
        }
    }
}

/// Every problem, family by family.
pub fn problems() -> Vec<Problem> {
    [
        gaussian::problems(),
        student::problems(),
        homeomorphisms::problems(),
        discrete::problems(),
        layers::problems(),
        tied::problems(),
        classes::problems(),
        support::problems(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// −½ Σ p ln p by the trapezoidal rule: the entropy in bits of a smooth density that has died away at both ends.
fn entropy_by_quadrature(low: f64, high: f64, density: impl Fn(f64) -> f64) -> f64 {
    const STEPS: u32 = 4000;
    let step = (high - low) / f64::from(STEPS);
    let of = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
    (0..=STEPS).map(|i| step * of(density(low + step * f64::from(i)))).sum()
}

/// The entropy in bits of a Gaussian of standard deviation σ.
fn gaussian_entropy(sigma: f64) -> f64 {
    0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E * sigma * sigma).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_draws_are_what_they_say_and_every_family_has_its_representative() {
        let problems = problems();
        let mut names: Vec<&str> = problems.iter().map(|problem| problem.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), problems.len());
        for problem in &problems {
            assert!(problem.truth_bits >= -1e-12, "{}: {}", problem.name, problem.truth_bits);
            let of_family = problems.iter().filter(|other| other.family == problem.family);
            assert!(
                // What is cut off is of the kind of what is rounded, which has one.
                problem.kind == Kind::Layer
                    || problem.family == "cut off"
                    || of_family.filter(|p| p.representative).count() >= 1,
                "{}",
                problem.family
            );
            let Some((a, b)) = problem.draw(200, 1).pair else { continue };
            assert_eq!((a.nrows(), b.nrows()), (200, 200), "{}", problem.name);
            assert!(a.iter().chain(&b).all(|value| value.is_finite()), "{}", problem.name);
            assert_eq!(Some((a, b)), problem.draw(200, 1).pair, "{}", problem.name);
        }
    }

    #[test]
    fn an_estimator_that_fits_finds_the_stated_truth_of_every_low_dimensional_problem() {
        let estimator: Method = "mixed-ksg:k=5".parse().unwrap();
        for problem in problems().iter().filter(|problem| problem.truth_bits < 3.0) {
            let Some((a, b)) = problem.draw(4000, 3).pair else { continue };
            // Heavy tails, sparse counts and curls are beyond 4000 rows.
            let beyond = ["ν = 1", "64 symbols", "spiral"].iter().any(|hard| problem.name.contains(hard));
            if a.ncols() + b.ncols() > 4 || beyond {
                continue;
            }
            let bits = estimator.pair(a.view(), b.view()).unwrap().bits;
            let tolerance = 0.06 + 0.1 * problem.truth_bits;
            assert!((bits - problem.truth_bits).abs() < tolerance, "{}: {bits}, {}", problem.name, problem.truth_bits);
        }
    }

    #[test]
    fn estimators_of_noisy_layers_are_asked_where_their_noise_is_and_find_the_truth() {
        let problems = problems();
        let mut asked = 0;
        for text in ["noisy:sigma=0.5,samples=4000", "noisy:sigma=0.1,samples=4000", "dithered:width=0.35"] {
            let method: Method = text.parse().unwrap();
            for problem in problems.iter().filter(|problem| problem.noise.is_some()) {
                let Some(estimate) = problem.draw(4000, 2).estimate(&method) else { continue };
                asked += 1;
                let (bits, truth) = (estimate.unwrap().bits, problem.truth_bits);
                assert!((bits - truth).abs() < 0.05 + 0.03 * truth, "{}, {text}: {bits}, {truth}", problem.name);
            }
        }
        assert!(asked >= 5, "{asked}");
    }
}
