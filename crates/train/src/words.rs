//! What the numbers of a plane say, and no more.

use infoplane_experiments::rows::InformationRow;

use crate::measurement::Measurement;
use crate::record::Tables;

/// Layers whose I(X;T) is within this share of H(X) are at the ceiling.
const NEARLY_ALL: f64 = 0.99;
/// Estimators that look at T through noise or bins of a fixed width.
const OF_FIXED_WIDTH: [&str; 4] = ["binning", "dithered", "kde", "noisy"];

/// Each layer at the last epoch through each estimator, which of them say nothing, and what is predicted.
pub(crate) fn summary(measurement: &Measurement, tables: &Tables) -> String {
    let Some(epoch) = tables.information.last().map(|row| row.epoch) else { return String::new() };
    let (h_x, h_y) = (measurement.joint.h_x(), measurement.joint.h_y());
    let mut sentences = vec![format!("After {epoch} epochs, of {h_x:.2} bits of X and {h_y:.2} bits of Y:")];
    let estimators: Vec<String> = measurement.methods.iter().map(ToString::to_string).collect();
    for estimator in &estimators {
        let mut told_apart = Vec::new();
        sentences.push(format!("Through {estimator}"));
        for (index, name) in measurement.names.iter().enumerate() {
            let is_of = |row: &&InformationRow| row.layer == index + 1 && row.estimator == *estimator;
            let path: Vec<&InformationRow> = tables.information.iter().filter(is_of).collect();
            let Some(end) = path.last().filter(|row| row.epoch == epoch) else { continue };
            sentences.push(line(name, &path, end));
            if end.i_xt_bits >= NEARLY_ALL * h_x {
                told_apart.push(name.as_str());
            }
        }
        if !told_apart.is_empty() {
            sentences.push(format!(
                "  It tells all patterns apart in {}: such numbers say how many patterns there are, and nothing of the layer.",
                told_apart.join(", ")
            ));
        }
    }
    if estimators.iter().any(|name| OF_FIXED_WIDTH.iter().any(|of| name.starts_with(of))) {
        sentences.push(
            "Bins and noise are as wide throughout: numbers fall, too, where activations shrink, and a later layer may show more than an \
             earlier one."
                .to_owned(),
        );
    }
    if let Some(row) = tables.training.iter().rfind(|row| row.epoch == epoch) {
        let test =
            row.test_accuracy.map_or_else(String::new, |share| format!(", of the others {:.1} %", 100.0 * share));
        sentences.push(format!("Of the training patterns {:.1} % are predicted{test}.", 100.0 * row.train_accuracy));
    }
    sentences.join("\n")
}

/// Where a layer's path ends, and how much more I(X;T) it had before.
fn line(name: &str, path: &[&InformationRow], end: &InformationRow) -> String {
    let most = path.iter().fold(end, |most, row| if row.i_xt_bits > most.i_xt_bits { row } else { most });
    let before = if most.i_xt_bits < end.i_xt_bits + 0.01 {
        String::new()
    } else {
        format!(" ({:.2} at epoch {})", most.i_xt_bits, most.epoch)
    };
    format!("  {name}: I(X;T) {:.2}{before}, I(T;Y) {:.2}", end.i_xt_bits, end.i_ty_bits)
}
