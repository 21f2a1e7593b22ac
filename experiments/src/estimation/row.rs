//! A row of what `estimate` prints: one layer, or two samples, through one estimator.

use infoplane_info::estimators::significance::Null;
use infoplane_info::statistics::Interval;
use infoplane_info::{Estimate, EstimateError, Standing};
use infoplane_model::random::{Purpose, stream};
use rand::rngs::ChaCha8Rng;
use serde::Serialize;

use super::Resampling;
use crate::methods::Method;

/// One layer through one estimator. Empty: the method has no such number.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct EstimateRow {
    /// The file of the layer, or of both samples.
    pub layer: String,
    /// The epoch, of an array [epochs × rows × columns].
    pub epoch: Option<usize>,
    /// Rows it was estimated from.
    pub rows: usize,
    /// Estimator.
    pub estimator: String,
    /// I(X;T), `inf` where it is infinite (in JSON null); I(A;B) of a pair.
    pub i_xt_bits: Option<f64>,
    /// Whether I(X;T) (or I(A;B)) is infinite, which JSON has no number for.
    pub i_xt_is_infinite: bool,
    /// Lower bound on I(X;T).
    pub i_xt_lower_bits: Option<f64>,
    /// Upper bound on I(X;T).
    pub i_xt_upper_bits: Option<f64>,
    /// Standard error of I(X;T).
    pub i_xt_standard_error_bits: Option<f64>,
    /// I(T;Y).
    pub i_ty_bits: Option<f64>,
    /// Standard error of I(T;Y).
    pub i_ty_standard_error_bits: Option<f64>,
    /// p-value of I(T;Y) (or I(A;B)) against permuted labels (or rows).
    pub p_value: Option<f64>,
    /// Mean of the permuted estimates.
    pub null_mean_bits: Option<f64>,
    /// Lower end of the 95 % interval for the truth of I(T;Y) (or I(A;B)), where calibration or a probe has one.
    pub interval_lower_bits: Option<f64>,
    /// Upper end of it.
    pub interval_upper_bits: Option<f64>,
    /// Where 95 % of estimates from other samples of as many rows lie, at least, of I(T;Y) (or I(A;B)); says nothing of how far the
    /// estimator is off.
    pub spread_lower_bits: Option<f64>,
    /// At most.
    pub spread_upper_bits: Option<f64>,
    /// Classes of the labels.
    pub classes: Option<usize>,
    /// H(Y): what I(T;Y) is at most.
    pub h_y_bits: Option<f64>,
    /// What I(X;T) (or I(A;B)) is worth in a word: measured (also of T in bins, quantised, with noise), saturated, lower or upper bound, not to be
    /// trusted.
    pub i_xt_word: String,
    /// What I(T;Y) is worth in a word.
    pub i_ty_word: String,
    /// What I(X;T) (or I(A;B)) is worth, with the reason.
    pub i_xt_standing: String,
    /// What I(T;Y) is worth, with the reason.
    pub i_ty_standing: String,
    /// Why there is no number.
    pub refused: Option<String>,
    /// What else is to be said of it; not printed with the numbers.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// Whether I(T;Y) (or I(A;B)) is not to be trusted.
    #[serde(skip)]
    pub is_doubtful: bool,
    /// Whether `auto` took the estimator.
    #[serde(skip)]
    pub is_auto: bool,
}

/// What the draws say.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    null: Option<Null>,
    spread: Option<Interval>,
    failures: Vec<String>,
}

impl EstimateRow {
    pub(super) fn new(layer: &str, rows: usize, estimator: &Method) -> Self {
        Self { layer: layer.to_owned(), rows, estimator: estimator.to_string(), ..Self::default() }
    }

    pub(super) fn refused(self, error: &EstimateError) -> Self {
        Self { refused: Some(error.to_string()), ..self }
    }

    pub(super) fn with_first(self, i_xt: Estimate) -> Self {
        // A probe has no I(X;T) of a stochastic layer.
        let i_xt = Some(i_xt).filter(|i_xt| !i_xt.bits.is_nan());
        Self {
            i_xt_bits: i_xt.map(|i_xt| i_xt.bits),
            i_xt_is_infinite: i_xt.is_some_and(|i_xt| i_xt.bits == f64::INFINITY),
            i_xt_lower_bits: i_xt.and_then(|i_xt| i_xt.lower),
            i_xt_upper_bits: i_xt.and_then(|i_xt| i_xt.upper),
            i_xt_standard_error_bits: i_xt.and_then(|i_xt| i_xt.standard_error),
            ..self
        }
    }

    pub(super) fn with_interval(self, interval: Option<(f64, f64)>) -> Self {
        Self {
            interval_lower_bits: interval.map(|(lower, _)| lower),
            interval_upper_bits: interval.map(|(_, upper)| upper),
            ..self
        }
    }

    pub(super) fn with_draws(mut self, judged: Judgement) -> Self {
        self.notes.extend(judged.failures.iter().map(|failure| format!("{}: {failure}", self.estimator)));
        Self {
            p_value: judged.null.as_ref().map(|null| null.p_value),
            null_mean_bits: judged.null.map(|null| null.mean_bits),
            spread_lower_bits: judged.spread.and_then(|spread| spread.lower),
            spread_upper_bits: judged.spread.and_then(|spread| spread.upper),
            ..self
        }
    }

    /// Standings of its numbers, and a note where one is more than its word.
    pub(super) fn with_standings(
        mut self,
        of_first: Option<&Standing>,
        of_second: Option<&Standing>,
        names: [&str; 2],
    ) -> Self {
        let text = |standing: Option<&Standing>| standing.map_or_else(String::new, Standing::to_string);
        let texts = [text(of_first), text(of_second)];
        let is_more = |standing: Option<&Standing>| standing.is_some_and(|standing| *standing != Standing::Measured);
        if is_more(of_first) && texts[0] == texts[1] {
            self.notes.push(format!("{}: {} and {} are {}", self.estimator, names[0], names[1], texts[0]));
        } else {
            for ((standing, name), text) in [of_first, of_second].into_iter().zip(names).zip(&texts) {
                if is_more(standing) {
                    self.notes.push(format!("{}: {name} is {text}", self.estimator));
                }
            }
        }
        if self.i_xt_bits == Some(f64::INFINITY) {
            let why = match of_second {
                Some(_) => "a continuous layer that is a function of its input keeps all of it",
                None => "one side is a function of the other",
            };
            self.notes.push(format!("{}: {} is infinite: {why}", self.estimator, names[0]));
        }
        let word =
            |standing: Option<&Standing>| standing.map_or_else(String::new, |standing| standing.word().to_owned());
        let [i_xt_standing, i_ty_standing] = texts;
        let is_doubtful = matches!(of_second.or(of_first), Some(Standing::Doubtful(_)));
        Self {
            is_doubtful,
            i_xt_word: word(of_first),
            i_ty_word: word(of_second),
            i_xt_standing,
            i_ty_standing,
            ..self
        }
    }
}

impl Resampling {
    /// Draws what is asked for, each from a stream of its own; a failure of the draws is no failure of the estimate.
    pub(super) fn judge(
        self,
        null: impl FnOnce(usize, &mut ChaCha8Rng) -> Result<Null, EstimateError>,
        interval: impl FnOnce(usize, &mut ChaCha8Rng) -> Result<Interval, EstimateError>,
    ) -> Judgement {
        let Self { permutations, halves } = self;
        let mut judgement = Judgement::default();
        if permutations > 0 {
            match null(permutations, &mut stream(0, Purpose::MonteCarlo)) {
                Ok(null) => judgement.null = Some(null),
                Err(error) => judgement.failures.push(format!("no p-value: {error}")),
            }
        }
        if halves > 0 {
            match interval(halves, &mut stream(1, Purpose::MonteCarlo)) {
                Ok(spread) => judgement.spread = Some(spread),
                Err(error) => judgement.failures.push(format!("no spread: {error}")),
            }
        }
        judgement
    }
}
