//! Which estimator when: what a summary says to take for data of each shape, as `guide.csv` and as the table of docs/estimators.md.
//! `estimate --estimator auto` takes the same.

use serde::{Deserialize, Serialize};

use super::Kind;
use super::advice::{CLASSES, Calibration, Shape};
use super::summary::SummaryRow;

/// A shape of data and the estimator to take: `guide.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GuideRow {
    /// Kind of data.
    pub kind: Kind,
    /// Columns of both sides together, at least.
    pub columns_from: usize,
    /// At most; empty for any more.
    pub columns_to: Option<usize>,
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
    /// Its mean seconds on one thread.
    pub seconds: f64,
}

/// For every kind of samples, class of columns and number of rows that all problems were drawn with.
pub fn guide(calibration: &Calibration) -> Vec<GuideRow> {
    let mut guide = Vec::new();
    for kind in [Kind::Continuous, Kind::Mixed, Kind::Discrete] {
        for (class, &columns) in CLASSES.iter().enumerate() {
            let columns_from = if class == 0 { 2 } else { CLASSES[class - 1] + 1 };
            for rows in calibration.sizes(kind, columns) {
                let Some(best) = calibration.best(Shape { kind, columns, rows }) else { continue };
                guide.push(GuideRow {
                    kind,
                    columns_from,
                    columns_to: Some(columns).filter(|&columns| columns < usize::MAX),
                    rows,
                    estimator: best.estimator.to_owned(),
                    trusted: best.trusted,
                    problems: best.of.len(),
                    mean_error_bits: (best.error * 1e4).round() / 1e4,
                    worst_problem: best.worst().problem.clone(),
                    worst_bias_bits: best.worst().bias_bits.unwrap_or(f64::NAN),
                    seconds: best.of.iter().map(|row| row.seconds).sum::<f64>() / best.of.len() as f64,
                });
            }
        }
    }
    guide
}

/// The same as a table in Markdown.
pub fn markdown(guide: &[GuideRow]) -> String {
    let head =
        "| two samples | rows | take | trusted on | mean error, bits | most off on |\n|---|---|---|---|---|---|\n";
    let line = |row: &GuideRow| {
        let kind = match row.kind {
            Kind::Continuous => "continuous",
            Kind::Mixed => "one discrete, one continuous",
            Kind::Discrete => "discrete",
            Kind::Layer => "layer",
        };
        let columns = match row.columns_to {
            Some(to) if to == row.columns_from => format!("{to} columns"),
            Some(to) => format!("{} to {to} columns", row.columns_from),
            None => format!("{} columns and more", row.columns_from),
        };
        let GuideRow { rows, estimator, trusted, problems, mean_error_bits, worst_problem, worst_bias_bits, .. } = row;
        format!(
            "| {kind}, {columns} | {rows} | `{estimator}` | {trusted} of {problems} | {mean_error_bits:.2} | {worst_problem}: \
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
    let sizes = calibration.sizes(Kind::Continuous, CLASSES[0]);
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
            let shape = Shape { kind: row.kind, columns: row.columns_from, rows: row.rows };
            assert_eq!(calibration.choice(shape).to_string(), row.estimator);
        }
    }
}
