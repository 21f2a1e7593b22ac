//! A claim, and what was found of it in one place: a row of `verdict.csv`, whose columns are the same for every question.

use infoplane_info::statistics::Interval;
use serde::{Deserialize, Serialize};

use super::intervals::{interval, share};
use super::outcome::{Decision, FEWEST_NETWORKS, Outcome, Why};
use crate::rows::table;

/// Something that can be so or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// The question it belongs to, like rq1.
    pub question: &'static str,
    /// Its name in `verdict.csv`.
    pub id: &'static str,
    /// What a reader asks.
    pub asks: &'static str,
    /// What the paper says to it.
    pub paper: &'static str,
}

/// What is measured of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    /// In words.
    pub what: &'static str,
    /// Its unit.
    pub unit: &'static str,
}

/// Where a claim was tested. Empty: it does not apply.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Place {
    /// Task.
    pub dataset: String,
    /// Widths of the measured layers.
    pub architecture: String,
    /// Name of the condition.
    pub condition: String,
    /// Activation of the hidden layers.
    pub activation: String,
    /// Share of the patterns that train.
    pub train_fraction: Option<f64>,
    /// Which layers.
    pub layers: String,
    /// Estimator, or encoder.
    pub estimator: String,
    /// The level that is to be reached.
    pub level: String,
    /// What it is compared with.
    pub compared_with: String,
    /// Whether it is there to say no, so that headlines leave it out.
    pub is_control: bool,
}

/// One claim in one place: a row of `verdict.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct ClaimRow {
    pub question: String,
    pub claim: String,
    pub dataset: String,
    pub architecture: String,
    pub condition: String,
    pub activation: String,
    pub train_fraction: Option<f64>,
    pub layers: String,
    pub estimator: String,
    pub level: String,
    pub compared_with: String,
    pub is_control: bool,
    pub measured: String,
    pub unit: String,
    pub networks: usize,
    pub value: f64,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub outcome: Outcome,
    pub why: Option<Why>,
    pub p_value: Option<f64>,
    pub holm_p_value: Option<f64>,
    pub detail: String,
}

table!(ClaimRow = "verdict.csv");

impl Claim {
    /// What was found of it in a place, from so many networks, and what the rule makes of that. Few networks decide nothing. An interval of
    /// no width ([`super::interval`]) has no ends.
    pub fn row(
        &self,
        place: &Place,
        quantity: Quantity,
        (networks, value): (usize, Interval),
        decision: Decision,
    ) -> ClaimRow {
        let Decision { outcome, why, p } =
            if networks < FEWEST_NETWORKS { Decision::undecided(Why::FewNetworks) } else { decision };
        let place = place.clone();
        ClaimRow {
            question: self.question.to_owned(),
            claim: self.id.to_owned(),
            dataset: place.dataset,
            architecture: place.architecture,
            condition: place.condition,
            activation: place.activation,
            train_fraction: place.train_fraction,
            layers: place.layers,
            estimator: place.estimator,
            level: place.level,
            compared_with: place.compared_with,
            is_control: place.is_control,
            measured: quantity.what.to_owned(),
            unit: quantity.unit.to_owned(),
            networks,
            value: value.mean,
            lower: value.lower.filter(|_| value.lower != value.upper),
            upper: value.upper.filter(|_| value.lower != value.upper),
            outcome,
            why,
            p_value: p,
            holm_p_value: None,
            detail: String::new(),
        }
    }

    /// What was found of it in a place from one value per network; none if there are none.
    pub fn tested(
        &self,
        place: &Place,
        quantity: Quantity,
        values: &[f64],
        rule: impl Fn(Interval) -> Decision,
    ) -> Option<ClaimRow> {
        let over_networks = if quantity.unit == "share" { share } else { interval };
        let value = (!values.is_empty()).then(|| over_networks(values))?;
        Some(self.row(place, quantity, (values.len(), value), rule(value)))
    }

    /// Whether a row is about it.
    pub fn is_of(&self, row: &ClaimRow) -> bool {
        row.claim == self.id && row.question == self.question
    }
}

impl ClaimRow {
    /// Makes it undecided.
    pub fn leave_open(&mut self, why: Why) {
        (self.outcome, self.why, self.p_value) = (Outcome::Undecided, Some(why), None);
    }

    /// With something more to say.
    #[must_use]
    pub fn with_detail(self, detail: String) -> Self {
        Self { detail, ..self }
    }
}

#[cfg(test)]
pub(super) fn planted(activation: &str, estimator: &str, value: f64, decision: Decision) -> ClaimRow {
    let claim = Claim { question: "rq0", id: "c", asks: "Is it so?", paper: "yes" };
    let place = Place { activation: activation.into(), estimator: estimator.into(), ..Place::default() };
    let interval = Interval { mean: value, lower: Some(value - 0.1), upper: Some(value + 0.1) };
    claim.row(&place, Quantity { what: "loss", unit: "bits" }, (FEWEST_NETWORKS, interval), decision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_networks_decide_nothing() {
        let claim = Claim { question: "rq0", id: "c", asks: "Is it so?", paper: "yes" };
        let interval = Interval { mean: 1.0, lower: Some(1.0), upper: Some(1.0) };
        let quantity = Quantity { what: "loss", unit: "bits" };
        let of = |networks| claim.row(&Place::default(), quantity, (networks, interval), Decision::SUPPORTED);
        assert_eq!((of(2).outcome, of(2).why), (Outcome::Undecided, Some(Why::FewNetworks)));
        assert_eq!((of(FEWEST_NETWORKS).outcome, of(FEWEST_NETWORKS).why), (Outcome::Supported, None));
    }
}
