//! Which estimator when: what a summary says to take for data of each shape, as `guide.csv` and as the table of docs/estimators.md.
//! `estimate --estimator auto` takes the same.

use serde::{Deserialize, Serialize};

use super::Kind;
use super::advice::{CLASSES, Calibration, LABELS, LAYER_COLUMNS, Record, Shape};
use super::run::CalibrationRow;
use super::summary::SummaryRow;
use crate::methods::Method;
use crate::rows::table;

/// A shape of data and the estimator to take: `guide.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GuideRow {
    /// Kind of data.
    pub kind: Kind,
    /// Columns of both sides together, at least.
    pub columns_from: usize,
    /// At most.
    pub columns_to: usize,
    /// Classes of the labels, at most; empty of pairs.
    pub classes_to: Option<usize>,
    /// Rows.
    pub rows: usize,
    /// The estimator of least error on problems like it.
    pub estimator: String,
    /// On how many it is trusted.
    pub trusted: usize,
    /// Of how many.
    pub problems: usize,
    /// Mean over them of its root-mean-square error.
    pub mean_error_bits: f64,
    /// Where it errs most.
    pub worst_problem: String,
    /// And by how much.
    pub worst_bias_bits: f64,
    /// Whether that is enough; if not, a probe bounds what is known of labels.
    pub is_trusted: bool,
    /// Its mean seconds on one thread.
    pub seconds: f64,
}

table!(GuideRow = "guide.csv");

/// For every kind of samples, class of columns and of labels, and number of rows that all problems were drawn with.
pub fn guide(calibration: &Calibration) -> Vec<GuideRow> {
    let mut guide = Vec::new();
    for kind in [
        Kind::Continuous,
        Kind::Mixed,
        Kind::Discrete,
        Kind::Lattice,
        Kind::Labels,
        Kind::LabelsOfLattice,
        Kind::LabelsOfZeros,
    ] {
        let of_labels = [Kind::Labels, Kind::LabelsOfLattice, Kind::LabelsOfZeros].contains(&kind);
        let (all_columns, all_classes): (&[usize], &[usize]) =
            if of_labels { (&LAYER_COLUMNS, &LABELS) } else { (&CLASSES, &[0]) };
        for (class, &columns) in all_columns.iter().enumerate() {
            let first = if of_labels { 1 } else { 2 };
            let columns_from = if class == 0 { first } else { all_columns[class - 1] + 1 };
            for &classes in all_classes {
                for rows in calibration.sizes(kind, columns, classes) {
                    let Some(best) = calibration.best(Shape { kind, columns, classes, rows }) else { continue };
                    guide.push(GuideRow {
                        kind,
                        columns_from,
                        columns_to: columns,
                        classes_to: Some(classes).filter(|_| of_labels),
                        rows,
                        estimator: best.estimator.to_owned(),
                        trusted: best.trusted,
                        problems: best.of.len(),
                        mean_error_bits: (best.error * 1e4).round() / 1e4,
                        worst_problem: best.worst().problem.clone(),
                        worst_bias_bits: best.worst().bias_bits.unwrap_or(f64::NAN),
                        is_trusted: best.is_trusted(),
                        seconds: best.of.iter().map(|row| row.seconds).sum::<f64>() / best.of.len() as f64,
                    });
                }
            }
        }
    }
    guide
}

/// The same as a table in Markdown.
pub fn markdown(guide: &[GuideRow]) -> String {
    let head = "| data | rows | take | trusted on | mean error, bits | most off on |\n|---|---|---|---|---|---|\n";
    let line = |row: &GuideRow| {
        let kind = row.kind;
        let columns = if row.columns_to == row.columns_from {
            format!("{} columns", row.columns_to)
        } else {
            format!("{} to {} columns", row.columns_from, row.columns_to)
        };
        let classes = match row.classes_to {
            Some(2) => ", 2 classes".to_owned(),
            Some(to) => format!(", up to {to} classes"),
            None => String::new(),
        };
        let take = match (row.is_trusted, row.classes_to) {
            (false, Some(_)) => "`probe`, a bound; nearest came ",
            (false, None) => "with doubt, ",
            (true, _) => "",
        };
        let GuideRow { rows, estimator, trusted, problems, mean_error_bits, worst_problem, worst_bias_bits, .. } = row;
        format!(
            "| {kind}, {columns}{classes} | {rows} | {take}`{estimator}` | {trusted} of {problems} | {mean_error_bits:.2} | {worst_problem}: \
             {worst_bias_bits:+.2} |\n"
        )
    };
    std::iter::once(head.to_owned()).chain(guide.iter().map(line)).collect()
}

/// What each estimator of continuous samples costs, and whether its intervals hold, over problems of finite information, as a table
/// in Markdown: trusted, mean seconds and most memory at the greatest number of rows that all were drawn with; 95 % intervals at the
/// least.
pub fn costs(calibration: &Calibration) -> String {
    let mut table =
        "| on continuous problems | trusted on | seconds | MiB | 95 % intervals hold the truth, the mean (%) |\n\
                     |---|---|---|---|---|\n"
            .to_owned();
    let sizes = calibration.sizes(Kind::Continuous, CLASSES[0], 0);
    let (Some(&least), Some(&most)) = (sizes.iter().min(), sizes.iter().max()) else { return table };
    let mut names: Vec<&str> = Vec::new();
    let is_asked = |row: &&SummaryRow| row.kind == Kind::Continuous && row.truth_bits.is_finite();
    for row in calibration.rows().iter().filter(is_asked).filter(|row| row.rows == most && row.mean_bits.is_some()) {
        if !names.contains(&row.estimator.as_str()) {
            names.push(&row.estimator);
        }
    }
    for name in names {
        let at = |rows: usize| -> Vec<&SummaryRow> {
            calibration.rows().iter().filter(is_asked).filter(|row| row.estimator == name && row.rows == rows).collect()
        };
        let of = at(most);
        let trusted = of.iter().filter(|row| row.is_trusted()).count();
        let seconds = of.iter().map(|row| row.seconds).sum::<f64>() / of.len() as f64;
        let bytes = of.iter().filter_map(|row| row.peak_bytes).max().unwrap_or(0) as f64;
        let percent = |share: fn(&SummaryRow) -> Option<f64>| {
            let shares: Vec<f64> = at(least).into_iter().filter_map(share).collect();
            if shares.is_empty() {
                return "–".to_owned();
            }
            format!("{:.0}", 100.0 * shares.iter().sum::<f64>() / shares.len() as f64)
        };
        let line = format!(
            "| `{name}` | {trusted} of {} | {seconds:.4} | {:.1} | {}, {} |\n",
            of.len(),
            bytes / 1_048_576.0,
            percent(|row| row.coverage),
            percent(|row| row.coverage_of_mean),
        );
        table.push_str(&line);
    }
    table
}

/// Of what `auto` takes by a calibration on draws of another: how often it states an interval, and how often that holds the truth, as a
/// table in Markdown.
pub fn coverage(calibration: &Calibration, draws: &[CalibrationRow]) -> String {
    let mut table = "| data | draws | states an interval | that holds the truth (%) |\n|---|---|---|---|\n".to_owned();
    let mut kinds: Vec<Kind> = Vec::new();
    for row in draws.iter().filter(|row| row.kind != Kind::Layer) {
        if !kinds.contains(&row.kind) {
            kinds.push(row.kind);
        }
    }
    for kind in kinds {
        for is_probe in [false, true] {
            let (mut asked, mut stated, mut held) = (0, 0, 0);
            for row in draws.iter().filter(|row| row.kind == kind && row.truth_bits.is_finite()) {
                let shape = Shape { kind, columns: row.columns, classes: row.classes, rows: row.rows };
                let method = calibration.choice(shape);
                if method.to_string() != row.estimator || is_probe != matches!(method, Method::Probe(_)) {
                    continue;
                }
                asked += 1;
                let record = calibration.record(&method, shape).filter(Record::is_trusted);
                let interval = match (is_probe, row.estimate_bits) {
                    (true, _) => row.lower_bits.zip(row.upper_bits),
                    (false, Some(bits)) => record.and_then(|record| record.interval(bits)),
                    (false, None) => None,
                };
                if let Some((lower, upper)) = interval {
                    stated += 1;
                    held += usize::from(lower <= row.truth_bits + 1e-9 && row.truth_bits <= upper + 1e-9);
                }
            }
            if asked > 0 {
                let by = if is_probe { ", by a probe" } else { "" };
                let share = if stated == 0 {
                    "–".to_owned()
                } else {
                    format!("{:.0}", 100.0 * f64::from(held as u32) / f64::from(stated))
                };
                let line = format!("| {kind}{by} | {asked} | {stated} | {share} |\n");
                table.push_str(&line);
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_the_committed_summary_says_and_so_does_the_choice() {
        let calibration = Calibration::committed();
        let guide = guide(calibration);
        assert!(guide.len() >= 6, "{guide:?}");
        let page = include_str!("../../../docs/estimators.md");
        assert!(page.contains(&markdown(&guide)), "the table of docs/estimators.md should be\n{}", markdown(&guide));
        let costs = costs(calibration);
        assert!(page.contains(&costs), "the second table of docs/estimators.md should be\n{costs}");
        for row in guide {
            let classes = row.classes_to.unwrap_or(0);
            let shape = Shape { kind: row.kind, columns: row.columns_from, classes, rows: row.rows };
            let chosen = calibration.choice(shape).to_string();
            assert!(chosen == row.estimator || (!row.is_trusted && chosen.starts_with("probe")), "{row:?}");
        }
    }
}
