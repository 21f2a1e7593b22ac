//! What calibration says for and against an estimator on data of such a shape. The numbers are those of
//! `results/reference/calibrate/summary.csv`.

use infoplane_info::estimators::EstimatorKind;
use infoplane_info::estimators::cca::Cca;
use infoplane_info::estimators::mixed_ksg::MixedKsg;
use infoplane_info::estimators::plugin::Plugin;

/// Columns of both sides together beyond which nearest neighbours fall short of two bits by more than a tenth, at 2000 rows.
const NEIGHBOURS_COLUMNS: usize = 4;
/// Bits of bias worth a word.
const BIAS: f64 = 0.05;

/// What calibration trusts most on a pair of samples with so many columns: nearest neighbours while there are few, else the
/// copula, which is right where each column is a monotone distortion of a Gaussian.
pub fn choice_of_pair(columns_a: usize, columns_b: usize) -> EstimatorKind {
    if columns_a + columns_b <= NEIGHBOURS_COLUMNS {
        EstimatorKind::MixedKsg(MixedKsg { k: 3 })
    } else {
        EstimatorKind::Cca(Cca)
    }
}

/// What it trusts on a layer with labels: counts where most rows repeat, else nearest neighbours, which are right on labels
/// beside continuous variables.
pub fn choice_of_layer(rows: usize, distinct_rows: usize) -> EstimatorKind {
    if distinct_rows * 2 <= rows {
        EstimatorKind::Plugin(Plugin { correction: None, symbols: None })
    } else {
        EstimatorKind::MixedKsg(MixedKsg { k: 3 })
    }
}

/// A reason to doubt I(A;B) of samples with so many rows and columns; none where calibration has none.
pub fn against(estimator: &EstimatorKind, rows: usize, columns_a: usize, columns_b: usize) -> Option<String> {
    let columns = columns_a + columns_b;
    match estimator {
        EstimatorKind::Ksg(_) | EstimatorKind::MixedKsg(_) if columns > NEIGHBOURS_COLUMNS => Some(format!(
            "{estimator} on {columns_a} + {columns_b} columns: nearest neighbours fall short of strong dependence in many \
             dimensions, and give a finite number even where one side is a function of the other"
        )),
        EstimatorKind::Ksg(_) | EstimatorKind::MixedKsg(_) => Some(format!(
            "{estimator}: where one side is a function of the other the truth is infinite, and this number only grows with N"
        )),
        EstimatorKind::Gaussian(_) | EstimatorKind::Cca(_) => {
            let bias = (columns_a * columns_b) as f64 / (2.0 * rows as f64 * std::f64::consts::LN_2);
            (bias > BIAS).then(|| {
                format!(
                    "{estimator} with {columns_a} x {columns_b} correlations from {rows} rows is biased upwards by about \
                     {bias:.2} bits"
                )
            })
        }
        EstimatorKind::Binning(_) if columns > 2 => Some(format!(
            "{estimator} on {columns_a} + {columns_b} columns: most bins hold one row or none, and the number is near the \
             logarithm of the rows whatever the truth"
        )),
        EstimatorKind::Edge(_) => {
            Some("edge falls short of the truth by a quarter to a half of it in one dimension".to_owned())
        }
        EstimatorKind::Sliced(_) | EstimatorKind::Renyi(_) => {
            Some(format!("{estimator} is another quantity than I(A;B): compare it with itself alone"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_about_the_shape_of_the_data() {
        assert_eq!(choice_of_pair(2, 2).to_string(), "mixed-ksg:k=3");
        assert_eq!(choice_of_pair(5, 1).to_string(), "cca");
        assert_eq!(choice_of_layer(100, 8).to_string(), "plugin");
        assert_eq!(choice_of_layer(100, 90).to_string(), "mixed-ksg:k=3");
    }

    #[test]
    fn doubts_are_about_the_shape_of_the_data() {
        let against = |name: &str, rows, a, b| against(&name.parse().unwrap(), rows, a, b);
        assert!(against("gaussian", 100_000, 5, 5).is_none());
        assert!(against("gaussian", 500, 25, 25).unwrap().contains("0.90 bits"));
        assert!(against("ksg:k=3", 500, 12, 10).unwrap().contains("fall short"));
        assert!(against("ksg:k=3", 500, 1, 1).unwrap().contains("function"));
        assert!(against("binning:width=1", 500, 1, 1).is_none());
    }
}
