//! Many rows are judged at once, and some would be decided by chance: Holm's correction over a question's rows (Holm 1979).

use super::claim::ClaimRow;
use super::outcome::Outcome;

/// Chance below which a decision stands.
const ALPHA: f64 = 0.05;

/// Writes the corrected p-value of every row that has one, over all of a question's rows but controls: sorted, the k-th of m times
/// m − k + 1, made monotone, at most 1.
pub fn correct(rows: &mut [ClaimRow]) {
    let mut order: Vec<(f64, usize)> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| !row.is_control)
        .filter_map(|(k, row)| Some((row.p_value?, k)))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (count, mut greatest) = (order.len(), 0.0_f64);
    for (place, (p, k)) in order.into_iter().enumerate() {
        greatest = greatest.max((p * (count - place) as f64).min(1.0));
        rows[k].holm_p_value = Some(greatest);
    }
}

/// In how many of the rows that a threshold decided the decision stands after the correction, in words; nothing if there is none.
pub fn in_words(rows: &[ClaimRow]) -> String {
    let decided: Vec<f64> =
        rows.iter().filter(|row| row.outcome != Outcome::Undecided).filter_map(|row| row.holm_p_value).collect();
    let stand = decided.iter().filter(|&&p| p < ALPHA).count();
    match decided.len() {
        0 => String::new(),
        all => format!(
            "Corrected for testing so many at once (Holm, 5 %), {stand} of {all} decisions by an interval stand."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::claim::planted;
    use super::super::outcome::Decision;
    use super::*;

    #[test]
    fn corrected_values_are_those_of_statsmodels() {
        // statsmodels.stats.multitest.multipletests([0.01, 0.04, 0.03, 0.005], method="holm")
        let mut rows: Vec<ClaimRow> = [0.01, 0.04, 0.03, 0.005]
            .map(|p| planted("tanh", "bins", 1.0, Decision { p: Some(p), ..Decision::SUPPORTED }))
            .into();
        rows.push(ClaimRow { is_control: true, ..rows[0].clone() });
        rows.push(planted("relu", "bins", 1.0, Decision::REFUTED));
        correct(&mut rows);
        let corrected: Vec<f64> = rows.iter().filter_map(|row| row.holm_p_value).collect();
        for (found, expected) in corrected.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            approx::assert_abs_diff_eq!(*found, expected, epsilon = 1e-12);
        }
        assert_eq!(corrected.len(), 4);
        assert!(in_words(&rows).contains("2 of 4 decisions"), "{}", in_words(&rows));
    }
}
