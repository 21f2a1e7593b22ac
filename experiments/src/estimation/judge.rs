//! What each number of `estimate` is worth: its standing, and where the truth lies, if that is known.
//!
//! Asked in this order: can it be at all (not above H(Y) or log₂ of the rows, not below 0); is it a bound; would any layer have it
//! (nearly every row in a cell of its own; shuffled labels know as much); was the estimator tried on data like these, and right; do second
//! views of the same data agree ([`super::second_views`]); are rows draws of their own ([`Dependence`]).

use infoplane_info::description::{Description, Values};
use infoplane_info::estimators::gaussian_mixture::against_gaussian_classes;
use infoplane_info::estimators::ksg::Ksg;
use infoplane_info::estimators::plugin::Plugin;
use infoplane_info::estimators::significance::{Null, permutation, permutation_of_pair};
use infoplane_info::estimators::{EstimateError, EstimatorKind, kde};
use infoplane_info::standing::{Form, Side};
use infoplane_info::{Estimate, Estimator, Information, Partition, Sample, Standing};
use infoplane_model::random::{Purpose, stream};
use ndarray::{ArrayView2, Axis};
use rand::seq::SliceRandom;

use super::second_views;
use super::sides::shape_of_pair;
use crate::calibration::advice::{Calibration, Shape};
use crate::methods::{Method, Neural};

/// Bits below 0 that an estimate of nothing may be, where its error is not known.
const BELOW: f64 = 0.05;
/// Bits that fitting a mixture to its own rows may be worth.
const MOST_OPTIMISM: f64 = 0.05;
/// Share of rows that may be the only ones of their values where counts are corrected for what was not seen (Good 1953: as much is unseen).
const ALONE: f64 = 0.1;
/// Bits by which buckets and neighbours may differ, or this share.
const BESIDE_NEIGHBOURS: f64 = 0.1;
/// Shuffles that say what labels would know by chance.
const SHUFFLES: usize = 4;
/// Bits by chance that are too many, or this share of the estimate.
const BY_CHANCE: (f64, f64) = (0.01, 0.1);
/// Bits short of its ceiling at which a critic is there.
const NEAR_CEILING: f64 = 0.5;

/// What is known of a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Its standing.
    pub standing: Standing,
    /// A 95 % interval for the truth, where one is known to hold it.
    pub interval: Option<(f64, f64)>,
}

/// Of I(T;Y); `described` is the layer.
pub fn of_labels(
    method: &Method,
    information: Information,
    sample: &Sample,
    shape: Shape,
    described: &Description,
) -> Judged {
    let (i_xt, i_ty, h_y) = (information.i_xt, information.i_ty, sample.joint.h_y());
    let standing = Standing::within(i_ty, h_y, "H(Y)", BELOW);
    let only = |standing: Standing| Judged { standing, interval: None };
    if h_y < 1e-9 {
        let why = if described.rows == 1 { "there is one row" } else { "all rows are of one class" };
        return only(Standing::Doubtful(format!("{why}, so there is nothing to measure")));
    }
    if let Method::Probe(_) = method {
        let (lower, upper) = (i_ty.lower.unwrap_or(0.0), i_ty.upper.unwrap_or(h_y));
        let why = format!(
            "so much is read off rows that the probe has not seen (at least {lower:.4} with 95 % confidence); the interval's upper end, \
             {upper:.4}, is the 95 % limit of H(Y)"
        );
        return Judged {
            standing: standing.or_worse(Standing::Bound(Side::Lower, why)),
            interval: Some((lower, upper)),
        };
    }
    if let Method::Formula(EstimatorKind::Kde(_)) = method {
        return only(standing.or_worse(Standing::Doubtful(
            "it is a difference of two bounds on the information of T with noise, and so itself none".to_owned(),
        )));
    }
    if method.encoder(sample).is_ok_and(|encoder| encoder.is_some()) {
        let saturated = Standing::saturation(i_xt.bits, entropy_of_rows(sample));
        let null = permutation(method, sample, SHUFFLES, &mut stream(2, Purpose::MonteCarlo));
        let t = Partition::of_rows(sample.t);
        let labels = sample.labels().ok();
        let both = labels.map(|y| t.refine(&Partition::from_labels(&y.iter().map(|&y| y as u64).collect::<Vec<_>>())));
        let counted = counted(method, &both.unwrap_or_else(|| t.clone()));
        let of = made_of(method, i_xt.bits, t.entropy(sample.joint.p_x()));
        return only(standing.or_worse(saturated).or_worse(by_chance(i_ty, null)).or_worse(counted).or_worse(of));
    }
    if let Method::Formula(EstimatorKind::GaussianMixture(mixture)) = method {
        let (n, d) = sample.t.dim();
        // Means and covariances that are fitted to the rows they are judged on.
        let fitted = sample.joint.n_y() * (d + d * (d + 1) / 2);
        let optimism = fitted as f64 / (2.0 * n as f64 * std::f64::consts::LN_2);
        let bound = if described.has_ties() {
            Standing::Doubtful("its classes are not Gaussian: values repeat, or lie on a grid".to_owned())
        } else if optimism > MOST_OPTIMISM {
            Standing::Doubtful(format!(
                "{fitted} means and covariances from {n} rows: about {optimism:.2} bits are their fit alone"
            ))
        } else {
            match against_gaussian_classes(sample) {
                Ok(None) => {
                    let side = side(mixture.bound);
                    Standing::Bound(side, "if each class is Gaussian, which nothing contradicts".to_owned())
                }
                Ok(Some(why)) => {
                    Standing::Doubtful(format!("it bounds nothing, since classes are not Gaussian: {why}"))
                }
                Err(error) => Standing::Doubtful(format!("whether classes are Gaussian could not be tested: {error}")),
            }
        };
        return Judged { standing: standing.or_worse(bound), interval: None };
    }
    let calibrated = calibrated(method, i_ty.bits, shape, h_y);
    let standing = standing.or_worse(calibrated.standing);
    if standing != Standing::Measured {
        return Judged {
            interval: calibrated.interval.filter(|_| !matches!(standing, Standing::Doubtful(_))),
            standing,
        };
    }
    let upper = calibrated.interval.map_or(h_y, |(_, upper)| upper);
    let doubt = match method {
        Method::Formula(EstimatorKind::Edge(_)) => {
            let null = permutation(method, sample, SHUFFLES, &mut stream(2, Purpose::MonteCarlo));
            let neighbours = Ksg::default().estimate(sample).map(|neighbours| neighbours.i_ty.bits);
            Some(by_chance(i_ty, null).or_worse(beside_neighbours(i_ty.bits, neighbours)))
        }
        _ => second_views::of_labels(method, sample, upper, described),
    };
    match doubt {
        Some(doubt @ Standing::Doubtful(_)) => only(doubt),
        _ => Judged { standing, ..calibrated },
    }
}

/// What neighbours make of the same data, beside buckets, which are wide.
fn beside_neighbours(bits: f64, neighbours: Result<f64, EstimateError>) -> Standing {
    match neighbours {
        Ok(other) if (other - bits).abs() > BESIDE_NEIGHBOURS * bits.max(other).max(1.0) => {
            Standing::Doubtful(format!(
                "nearest neighbours say {other:.4} bits, its buckets {bits:.4}, and buckets are wide, and biased where they are many"
            ))
        }
        _ => Standing::Measured,
    }
}

/// Of a plug-in with a correction, which guesses what was not seen from what was seen once: `cells` are rows by all their values.
fn counted(method: &Method, cells: &Partition) -> Standing {
    let Method::Formula(EstimatorKind::Plugin(Plugin { correction: Some(_), .. })) = method else {
        return Standing::Measured;
    };
    let counts = cells.counts();
    let rows: usize = counts.iter().sum::<usize>().max(1);
    let alone = counts.iter().filter(|&&count| count == 1).count();
    if alone as f64 <= ALONE * rows as f64 {
        return Standing::Measured;
    }
    Standing::Doubtful(format!(
        "{alone} of {rows} rows are the only ones of their values and label, so about as much of what there is was never seen, and \
         corrections guess it"
    ))
}

/// Of methods that measure something made of T, unless that keeps all rows apart that T does.
fn made_of(method: &Method, bits: f64, all: f64) -> Standing {
    let form = match method {
        Method::Formula(EstimatorKind::Binning(_) | EstimatorKind::Idnns(_)) => Form::Bins,
        Method::Formula(EstimatorKind::Quantised(_)) => Form::Quantised,
        Method::Formula(EstimatorKind::Dithered(_)) => Form::Noise,
        _ => return Standing::Measured,
    };
    if form != Form::Noise && (bits - all).abs() < 1e-9 { Standing::Measured } else { Standing::MeasuredOf(form) }
}

fn side(bound: kde::Bound) -> Side {
    match bound {
        kde::Bound::Lower => Side::Lower,
        kde::Bound::Upper => Side::Upper,
    }
}

/// Rows that are no draws of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dependence {
    /// They come in groups of so many near copies.
    pub copies: Option<usize>,
    /// They follow one another, and say something new so many apart.
    pub apart: Option<usize>,
}

impl Dependence {
    /// Of a number from such rows.
    pub fn judge(self, judged: Judged) -> Judged {
        let doubt = if let Some(copies) = self.copies {
            format!(
                "rows look like jittered copies of one another, about {copies} of each, so they are no draws of their own; keep one of \
                 each, or name which belong together: --groups FILE"
            )
        } else if let Some(apart) = self.apart {
            format!(
                "rows follow one another in the file, each near the one before, so they are no draws of their own, and intervals and \
                 p-values mean nothing; keep every {apart}th row or fewer, or name which rows are one recording: --groups FILE"
            )
        } else {
            return judged;
        };
        // Whatever else speaks against the number is so of rows that are no draws.
        let doubt = match &judged.standing {
            Standing::Doubtful(other) => format!("{doubt}; besides, {other}"),
            _ => doubt,
        };
        Judged { standing: Standing::Doubtful(doubt), interval: None }
    }
}

/// Of two samples of which one has one value.
pub fn of_nothing(judged: Judged, sides: [&Description; 2]) -> Judged {
    let why = match sides {
        _ if sides[0].rows == 1 => "there is one row",
        _ if sides.iter().any(|side| side.values == Values::Constant) => "one side has one value",
        _ => return judged,
    };
    Judged { standing: Standing::Doubtful(format!("{why}, so there is nothing to measure")), interval: None }
}

/// Of I(X;T); `shape` is that of inputs and layer, if there are inputs.
pub fn of_inputs(method: &Method, i_xt: Estimate, sample: &Sample, shape: Option<Shape>) -> Standing {
    let h_x = entropy_of_rows(sample);
    if i_xt.bits == f64::INFINITY {
        return Standing::Measured;
    }
    if let Method::Formula(EstimatorKind::Kde(kde)) = method {
        let bound = Standing::Bound(
            side(kde.bound),
            "on the information of T with noise, if these rows are all there is".to_owned(),
        );
        return Standing::within(i_xt, h_x, "log₂ of the rows", BELOW).or_worse(bound);
    }
    // What is exact is of a discrete T, which has an entropy.
    if i_xt.lower == Some(i_xt.bits) || method.encoder(sample).is_ok_and(|encoder| encoder.is_some()) {
        let of = made_of(method, i_xt.bits, Partition::of_rows(sample.t).entropy(sample.joint.p_x()));
        let saturated = Standing::saturation(i_xt.bits, h_x);
        return Standing::within(i_xt, h_x, "log₂ of the rows", BELOW).or_worse(saturated).or_worse(of);
    }
    let standing = Standing::within(i_xt, f64::INFINITY, "", BELOW);
    match shape {
        Some(shape) => standing.or_worse(calibrated(method, i_xt.bits, shape, f64::INFINITY).standing),
        None => standing.or_worse(Standing::saturation(i_xt.bits, h_x)),
    }
}

/// Of I(A;B) of two samples, which are `described`; `most` is the entropy of a side that is discrete.
pub fn of_pair(
    method: &Method,
    estimate: Estimate,
    [a, b]: [ArrayView2<f64>; 2],
    described: [&Description; 2],
    most: f64,
) -> Judged {
    let shape = shape_of_pair(described[0], described[1]);
    let standing = Standing::within(estimate, most, "the entropy of one side", BELOW);
    let rows = (shape.rows as f64).log2();
    match method {
        Method::Formula(EstimatorKind::Plugin(_) | EstimatorKind::Binning(_)) => {
            let null = permutation_of_pair(method, a, b, SHUFFLES, &mut stream(2, Purpose::MonteCarlo));
            let saturated = Standing::saturation(estimate.bits, rows);
            let both = Partition::of_rows(a).refine(&Partition::of_rows(b));
            let all = Plugin { correction: None, symbols: None }.pair(a, b).map_or(f64::NAN, |all| all.bits);
            let of = made_of(method, estimate.bits, all).or_worse(counted(method, &both));
            Judged {
                standing: standing.or_worse(saturated).or_worse(by_chance(estimate, null)).or_worse(of),
                interval: None,
            }
        }
        Method::Probe(_) => {
            let (lower, upper) = (estimate.lower.unwrap_or(0.0), estimate.upper.unwrap_or(most));
            let bound = Standing::Bound(Side::Lower, format!("at least {lower:.4} with 95 % confidence"));
            Judged { standing: standing.or_worse(bound), interval: Some((lower, upper)) }
        }
        _ if estimate.bits == f64::INFINITY => Judged { standing: Standing::Measured, interval: None },
        _ => {
            let calibrated = calibrated(method, estimate.bits, shape, most);
            let standing = standing.or_worse(calibrated.standing);
            if standing != Standing::Measured {
                let interval = calibrated.interval.filter(|_| !matches!(standing, Standing::Doubtful(_)));
                return Judged { standing, interval };
            }
            let doubt = if let Method::Formula(EstimatorKind::Edge(_)) = method {
                let null = permutation_of_pair(method, a, b, SHUFFLES, &mut stream(2, Purpose::MonteCarlo));
                let neighbours = Ksg::default().pair(a, b).map(|neighbours| neighbours.bits);
                Some(by_chance(estimate, null).or_worse(beside_neighbours(estimate.bits, neighbours)))
            } else {
                second_views::of_pair(method, [a, b], described)
            };
            match doubt {
                Some(doubt @ Standing::Doubtful(_)) => Judged { standing: doubt, interval: None },
                _ => Judged { standing, ..calibrated },
            }
        }
    }
}

/// Of I(A;B|C), whose estimators were not calibrated: symbols are shuffled, neighbours doubted.
pub fn of_conditional(method: &Method, estimate: Estimate, [a, b, c]: [ArrayView2<f64>; 3]) -> Standing {
    let standing = Standing::within(estimate, f64::INFINITY, "", BELOW);
    if !matches!(method, Method::Formula(EstimatorKind::Plugin(_))) {
        return standing.or_worse(Standing::Doubtful("no information given a third sample was tried".to_owned()));
    }
    let rng = &mut stream(2, Purpose::MonteCarlo);
    let mut order: Vec<usize> = (0..b.nrows()).collect();
    let mut sum = 0.0;
    for _ in 0..SHUFFLES {
        order.shuffle(rng);
        match method.conditional(a, b.select(Axis(0), &order).view(), c) {
            Ok(null) => sum += null.bits,
            Err(_) => return standing,
        }
    }
    let mean_bits = sum / SHUFFLES as f64;
    standing.or_worse(by_chance(estimate, Ok(Null { p_value: 1.0, mean_bits })))
}

/// H(X) in bits, every row an x unless some are known to be the same.
fn entropy_of_rows(sample: &Sample) -> f64 {
    sample.same_x.map_or_else(|| sample.joint.h_x(), |same| same.entropy(sample.joint.p_x()))
}

/// Labels, or a side, shuffled among the rows know nothing: what they seem to know is the method's own.
fn by_chance(estimate: Estimate, null: Result<Null, EstimateError>) -> Standing {
    match null.map(|null| null.mean_bits) {
        Ok(bits) if bits > BY_CHANCE.0.max(BY_CHANCE.1 * estimate.bits) => Standing::Doubtful(format!(
            "with rows shuffled, where the truth is 0, it still reports {bits:.4} bits: too few rows for what it tells apart"
        )),
        _ => Standing::Measured,
    }
}

/// What calibration says: of bounds which, of others whether they were right on problems like the data.
fn calibrated(method: &Method, bits: f64, shape: Shape, most: f64) -> Judged {
    let only = |standing: Standing| Judged { standing, interval: None };
    match method {
        Method::Neural(neural) => {
            if let Some(ceiling) = neural.ceiling_bits(shape.rows).filter(|ceiling| bits > ceiling - NEAR_CEILING) {
                let why = format!("it cannot pass {ceiling:.2} bits, log₂ of the rows it is judged on");
                return only(Standing::Saturated(why));
            }
            if Neural::BOUNDS.contains(&neural.name()) {
                return only(Standing::Bound(Side::Lower, "but for chance".to_owned()));
            }
        }
        Method::Formula(EstimatorKind::Kde(kde::Kde { bound, .. })) => {
            return only(Standing::Bound(side(*bound), "on the information of T with noise".to_owned()));
        }
        Method::Formula(EstimatorKind::GaussianMixture(_)) => {
            return only(Standing::Doubtful(
                "it is a bound only if each class is Gaussian, which is tested where labels are given (--y)".to_owned(),
            ));
        }
        Method::Formula(EstimatorKind::Noisy(_)) => return only(Standing::MeasuredOf(Form::Noise)),
        Method::Formula(EstimatorKind::Gaussian(_) | EstimatorKind::Cca(_)) => {
            return only(Standing::Doubtful(
                "it sees linear dependence alone, and data do not say whether there is more".to_owned(),
            ));
        }
        _ => {}
    }
    let Some(record) = Calibration::committed().record(method, shape) else {
        return only(Standing::Doubtful(format!("nothing like these data was tried ({shape})")));
    };
    if !record.is_trusted() {
        return only(Standing::Doubtful(record.in_words()));
    }
    let greatest = record.greatest_truth();
    if bits > 1.1 * greatest + 0.1 {
        return only(Standing::Doubtful(format!(
            "it was tested only where the truth was up to {greatest:.2} bits, and this number is above"
        )));
    }
    let interval = record.interval(bits).map(|(lower, upper)| (lower.min(most), upper.min(most)));
    Judged { standing: Standing::Measured, interval }
}
