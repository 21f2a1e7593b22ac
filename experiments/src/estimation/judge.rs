//! What each number of `estimate` is worth: its standing, and where the truth lies, if that is known.
//!
//! Asked in this order: can it be at all (not above H(Y) or log₂ of the rows, not below 0); is it a bound; would any layer have it
//! (nearly every row in a cell of its own; shuffled labels know as much); was the estimator tried on data like these, and right.

use infoplane_info::description::Description;
use infoplane_info::estimators::gaussian_mixture::against_gaussian_classes;
use infoplane_info::estimators::significance::{Null, permutation, permutation_of_pair};
use infoplane_info::estimators::{EstimateError, EstimatorKind, kde};
use infoplane_info::principal_components::principal_components;
use infoplane_info::{Estimate, Estimator, Information, Sample, Standing};
use infoplane_model::random::{Purpose, stream};
use ndarray::{ArrayView2, Axis};
use rand::seq::SliceRandom;

use crate::calibration::advice::{Calibration, Shape};

use crate::methods::{Method, Neural};

/// Bits below 0 that an estimate of nothing may be, where its error is not known.
const BELOW: f64 = 0.05;
/// Bits that fitting a mixture to its own rows may be worth.
const MOST_OPTIMISM: f64 = 0.05;
/// Bits by which the principal components may say more than the layer, or this share.
const WHITENED: f64 = 0.1;
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

/// Of I(T;Y).
pub fn of_labels(method: &Method, information: Information, sample: &Sample, shape: Shape) -> Judged {
    let (i_xt, i_ty, h_y) = (information.i_xt, information.i_ty, sample.joint.h_y());
    let standing = Standing::within(i_ty, h_y, "H(Y)", BELOW);
    if h_y < 1e-9 {
        // Of one class there is nothing to know.
        return Judged { standing, interval: Some((0.0, 0.0)) };
    }
    if let Method::Probe(_) = method {
        let (lower, upper) = (i_ty.lower.unwrap_or(0.0), i_ty.upper.unwrap_or(h_y));
        let bound = Standing::Bound(format!(
            "so much is read off rows that the probe has not seen (at least {lower:.4} with 95 % confidence); the interval's upper end, \
             {upper:.4}, is the 95 % limit of H(Y)"
        ));
        return Judged { standing: standing.or_worse(bound), interval: Some((lower, upper)) };
    }
    if let Method::Formula(EstimatorKind::Kde(kde::Kde { bound, .. })) = method {
        let null = permutation(method, sample, SHUFFLES, &mut stream(2, Purpose::MonteCarlo));
        let bound = Standing::Bound(format!("{bound}, of T with noise, if these rows are all there is"));
        return Judged { standing: standing.or_worse(bound).or_worse(by_chance(i_ty, null)), interval: None };
    }
    if method.encoder(sample).is_ok_and(|encoder| encoder.is_some()) {
        let saturated = Standing::saturation(i_xt.bits, entropy_of_rows(sample));
        let null = permutation(method, sample, SHUFFLES, &mut stream(2, Purpose::MonteCarlo));
        return Judged { standing: standing.or_worse(saturated).or_worse(by_chance(i_ty, null)), interval: None };
    }
    if let Method::Formula(EstimatorKind::GaussianMixture(mixture)) = method {
        let (n, d) = sample.t.dim();
        // Means and covariances that are fitted to the rows they are judged on.
        let fitted = sample.joint.n_y() * (d + d * (d + 1) / 2);
        let optimism = fitted as f64 / (2.0 * n as f64 * std::f64::consts::LN_2);
        let bound = if Description::of(sample.t).has_ties() {
            Standing::Doubtful("its classes are not Gaussian: values repeat, or lie on a grid".to_owned())
        } else if optimism > MOST_OPTIMISM {
            Standing::Doubtful(format!(
                "{fitted} means and covariances from {n} rows: about {optimism:.2} bits are their fit alone"
            ))
        } else {
            match against_gaussian_classes(sample) {
                Ok(None) => {
                    Standing::Bound(format!("{}, if each class is Gaussian, which nothing contradicts", mixture.bound))
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
        return Judged { standing, ..calibrated };
    }
    match beside_whitened(method, i_ty.bits, sample) {
        Some(doubt) => Judged { standing: doubt, interval: None },
        None => Judged { standing, ..calibrated },
    }
}

/// What neighbours make of the same layer rotated onto its principal components, each in its own units: information is the same there,
/// and a direction in which the layer hardly varies is as long as any other.
fn beside_whitened(method: &Method, bits: f64, sample: &Sample) -> Option<Standing> {
    if !matches!(method, Method::Formula(EstimatorKind::Ksg(_) | EstimatorKind::MixedKsg(_))) || sample.t.ncols() < 2 {
        return None;
    }
    let components = principal_components(sample.t)?;
    let rotated = method.estimate(&Sample { t: components.view(), ..*sample }).ok()?.i_ty.bits;
    let tolerated = WHITENED * bits.max(rotated).max(1.0);
    (rotated > bits + tolerated).then(|| {
        Standing::Doubtful(format!(
            "of the layer's principal components it says {rotated:.4} bits, of the layer itself {bits:.4}, and information does not change \
             under rotation: some directions in which the layer varies little say much"
        ))
    })
}

/// Of a number from rows that come in groups of so many near copies.
pub fn of_near_copies(judged: Judged, copies: Option<usize>) -> Judged {
    let Some(copies) = copies else { return judged };
    let doubt = Standing::Doubtful(format!(
        "rows look like jittered copies of one another, about {copies} of each, so they are no draws of their own; keep one of each, or \
         name which belong together: --groups FILE"
    ));
    Judged { standing: judged.standing.or_worse(doubt), interval: None }
}

/// Of I(X;T); `shape` is that of inputs and layer, if there are inputs.
pub fn of_inputs(method: &Method, i_xt: Estimate, sample: &Sample, shape: Option<Shape>) -> Standing {
    let h_x = entropy_of_rows(sample);
    if i_xt.bits == f64::INFINITY {
        return Standing::Measured;
    }
    // What is exact is of a discrete T, which has an entropy.
    if i_xt.lower == Some(i_xt.bits) || method.encoder(sample).is_ok_and(|encoder| encoder.is_some()) {
        return Standing::within(i_xt, h_x, "log₂ of the rows", BELOW).or_worse(Standing::saturation(i_xt.bits, h_x));
    }
    let standing = Standing::within(i_xt, f64::INFINITY, "", BELOW);
    match shape {
        Some(shape) => standing.or_worse(calibrated(method, i_xt.bits, shape, f64::INFINITY).standing),
        None => standing.or_worse(Standing::saturation(i_xt.bits, h_x)),
    }
}

/// Of I(A;B) of two samples; `most` is the entropy of a side that is discrete.
pub fn of_pair(method: &Method, estimate: Estimate, [a, b]: [ArrayView2<f64>; 2], shape: Shape, most: f64) -> Judged {
    let standing = Standing::within(estimate, most, "the entropy of one side", BELOW);
    let rows = (shape.rows as f64).log2();
    match method {
        Method::Formula(EstimatorKind::Plugin(_) | EstimatorKind::Binning(_)) => {
            let null = permutation_of_pair(method, a, b, SHUFFLES, &mut stream(2, Purpose::MonteCarlo));
            let saturated = Standing::saturation(estimate.bits, rows);
            let standing = standing.or_worse(saturated).or_worse(by_chance(estimate, null));
            Judged { standing, interval: None }
        }
        Method::Probe(_) => {
            let (lower, upper) = (estimate.lower.unwrap_or(0.0), estimate.upper.unwrap_or(most));
            let bound = Standing::Bound(format!("from below, at least {lower:.4} with 95 % confidence"));
            Judged { standing: standing.or_worse(bound), interval: Some((lower, upper)) }
        }
        _ if estimate.bits == f64::INFINITY => Judged { standing: Standing::Measured, interval: None },
        _ => {
            let calibrated = calibrated(method, estimate.bits, shape, most);
            Judged { standing: standing.or_worse(calibrated.standing), ..calibrated }
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
                return only(Standing::Bound("from below, but for chance".to_owned()));
            }
        }
        Method::Formula(EstimatorKind::Kde(kde::Kde { bound, .. })) => {
            return only(Standing::Bound(format!("{bound}, of T with noise")));
        }
        Method::Formula(EstimatorKind::GaussianMixture(_)) => {
            return only(Standing::Doubtful(
                "it is a bound only if each class is Gaussian, which is tested where labels are given (--y)".to_owned(),
            ));
        }
        Method::Formula(EstimatorKind::Noisy(_)) => return only(Standing::Measured),
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
