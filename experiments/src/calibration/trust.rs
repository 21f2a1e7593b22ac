//! What the committed calibration says of the estimators a verdict rests on, on the kind of data the questions measure: layers
//! over all of a finite X.

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::advice::Calibration;
use crate::rows::{self, table};
use crate::tell;
use crate::verdict::{ClaimRow, Why};

/// An estimator on a problem like the question's layers: `calibration.csv` of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrustRow {
    /// As the verdict names it.
    pub estimator: String,
    /// As it was calibrated.
    pub calibrated: String,
    /// Problem.
    pub problem: String,
    /// What was to be found.
    pub truth_bits: f64,
    /// What was found, minus that; empty where it refused.
    pub bias_bits: Option<f64>,
    /// Whether that is within the tolerance.
    pub trusted: bool,
}

table!(TrustRow = "calibration.csv");

/// Leaves undecided what rests on an estimator that calibration has tried and trusts on no layer; controls stay as they are.
pub fn guard<'a>(claims: impl Iterator<Item = &'a mut ClaimRow>) {
    let claims: Vec<&mut ClaimRow> = claims.collect();
    let records = records(claims.iter().map(|row| row.estimator.as_str()));
    for row in claims.into_iter().filter(|row| !row.is_control && row.why != Some(Why::FewNetworks)) {
        let mut of_estimator = records.iter().filter(|record| record.estimator == row.estimator).peekable();
        if of_estimator.peek().is_some() && of_estimator.all(|record| !record.trusted) {
            row.leave_open(Why::OutsideCalibration);
        }
    }
}

/// Writes the record of each estimator that was calibrated beside the verdict, and tells it, a line each.
///
/// # Errors
/// If the file cannot be written.
pub fn tell<'a>(estimators: impl Iterator<Item = &'a str>, file: &Path) -> Result<()> {
    let records = records(estimators);
    rows::write(file, &records)?;
    tell!("\nCalibration, on layers over a finite X whose information is known (results/reference/calibrate)");
    lines(&records).iter().for_each(|line| tell!("  {line}"));
    Ok(())
}

fn records<'a>(estimators: impl Iterator<Item = &'a str>) -> Vec<TrustRow> {
    let mut names: Vec<&str> = estimators.filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let row = |name: &str| {
        let estimator = name.to_owned();
        Calibration::committed().on_layers(name).into_iter().map(move |row| TrustRow {
            estimator: estimator.clone(),
            calibrated: row.estimator.clone(),
            problem: row.problem.clone(),
            truth_bits: row.truth_bits,
            bias_bits: row.bias_bits,
            trusted: row.is_trusted(),
        })
    };
    names.into_iter().flat_map(row).collect()
}

/// A line for each estimator: where it is right, and how wrong it is elsewhere.
fn lines(records: &[TrustRow]) -> Vec<String> {
    let of_estimator = records.chunk_by(|a, b| a.estimator == b.estimator);
    let line = |of: &[TrustRow]| {
        let trusted = of.iter().filter(|row| row.trusted).count();
        let wrong = of.iter().filter(|row| !row.trusted).map(|row| {
            let bias = row.bias_bits.map_or_else(|| "refused".to_owned(), |bias| format!("{bias:+.2}"));
            format!("{} {bias} of {:.2} bits", row.problem, row.truth_bits)
        });
        let wrong: Vec<String> = wrong.collect();
        let but = if wrong.is_empty() { String::new() } else { format!("; not on {}", wrong.join("; ")) };
        format!("{}: trusted on {trusted} of {}{but}", of[0].estimator, of.len())
    };
    of_estimator.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Claim, Decision, Outcome, Place, Quantity};
    use infoplane_info::statistics::Interval;

    #[test]
    fn an_estimator_that_is_trusted_nowhere_decides_nothing() {
        let claim = Claim { question: "rq0", id: "c", asks: "Is it so?", paper: "yes" };
        let interval = Interval { mean: 1.0, lower: Some(0.9), upper: Some(1.1) };
        let by = |estimator: &str, is_control| {
            let place = Place { estimator: estimator.into(), is_control, ..Place::default() };
            claim.row(&place, Quantity { what: "loss", unit: "bits" }, (20, interval), Decision::SUPPORTED)
        };
        let mut claims = [by("binning:width=0.07", false), by("lnc", false), by("lnc", true), by("", false)];
        guard(claims.iter_mut());
        let open = Some(Why::OutsideCalibration);
        assert_eq!(claims.each_ref().map(|row| row.why), [None, open, None, None]);
        assert_eq!(claims[1].outcome, Outcome::Undecided);
    }

    #[test]
    fn every_question_has_an_estimator_that_is_trusted_on_layers_like_its_own() {
        // What the questions' settings measure with.
        for names in [
            &["binning:width=0.07", "binning:width=0.14", "binning:width=0.035", "idnns:edges=30"][..],
            &["binning:width=0.07", "noisy:sigma=0.1,samples=200,seed=0,bounds=false", ""],
            &["binning:width=0.07", "quantised:bits=8", "dithered:width=0.35"],
            &["binning:width=0.07"],
            &["binning:width=0.07", "quantised:bits=8"],
        ] {
            let records = records(names.iter().copied());
            assert!(records.iter().any(|row| row.trusted), "{names:?}");
            let lines = lines(&records);
            assert_eq!(lines.len(), names.iter().filter(|name| !name.is_empty()).count(), "{lines:?}");
            // And none is trusted everywhere: a saturated layer is more than its bins.
            assert!(lines.iter().any(|line| line.contains("not on X and T, saturated -")), "{lines:?}");
        }
    }
}
