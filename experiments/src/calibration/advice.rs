//! What calibration says for and against an estimator on data of some shape: read off the committed
//! `results/reference/calibrate/summary.csv`, never written by hand.
//!
//! Problems like the data are those of their kind (see [`Kind`]) with about as many columns, at the greatest number of rows
//! that all problems were drawn with and the data have. An estimator is trusted on a problem if its root-mean-square error is
//! within 0.1 bits or a tenth of the truth ([`SummaryRow::is_trusted`]).

use std::sync::LazyLock;

use infoplane_info::estimators::EstimatorKind;
use infoplane_info::estimators::mixed_ksg::MixedKsg;

use super::Kind;
use super::summary::SummaryRow;
use crate::methods::Method;

/// Ends of the classes of columns, both sides together.
pub(super) const CLASSES: [usize; 4] = [2, 6, 20, usize::MAX];

/// Estimators of other quantities than I(A;B), near to which they come by accident.
const OTHER_QUANTITIES: [&str; 2] = ["sliced", "renyi"];

/// A summary, and what it is asked.
#[derive(Debug)]
pub struct Calibration {
    rows: Vec<SummaryRow>,
}

/// The shape of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Kind.
    pub kind: Kind,
    /// Columns of both sides.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

impl Calibration {
    /// The committed one.
    pub fn committed() -> &'static Self {
        static COMMITTED: LazyLock<Calibration> =
            LazyLock::new(|| Calibration::parse(include_str!("../../../results/reference/calibrate/summary.csv")));
        &COMMITTED
    }

    /// Of a summary's text; what cannot be read is left out.
    fn parse(text: &str) -> Self {
        Self { rows: csv::Reader::from_reader(text.as_bytes()).deserialize().filter_map(Result::ok).collect() }
    }

    /// Of rows.
    pub fn new(rows: Vec<SummaryRow>) -> Self {
        Self { rows }
    }

    /// Its rows.
    pub fn rows(&self) -> &[SummaryRow] {
        &self.rows
    }

    /// The estimator to take for such data.
    pub fn choice(&self, shape: Shape) -> Method {
        let chosen = self.best(shape).and_then(|best| best.estimator.parse().ok());
        chosen.unwrap_or(Method::Formula(EstimatorKind::MixedKsg(MixedKsg::default())))
    }

    /// The estimator of least error on problems like the data, the mean over them of each in units of what is tolerated there; of
    /// the estimators asked on all of them.
    pub fn best(&self, shape: Shape) -> Option<Record<'_>> {
        let like = self.like(shape);
        let mut problems: Vec<&str> = like.iter().map(|row| row.problem.as_str()).collect();
        problems.sort_unstable();
        problems.dedup();
        let records = names(&like).into_iter().map(|name| Record::of(name, &like));
        let is_another = |name: &str| OTHER_QUANTITIES.iter().any(|other| name.starts_with(other));
        let asked = records.filter(|record| record.of.len() == problems.len() && !is_another(record.estimator));
        asked.reduce(|best, other| if other.relative_error < best.relative_error { other } else { best })
    }

    /// What speaks against an estimator on such data; none where nothing does, or where it was never asked.
    pub fn against(&self, method: &Method, shape: Shape) -> Option<String> {
        let like = self.like(shape);
        let of = named(&like, &method.to_string());
        let ceiling = match method {
            Method::Neural(neural) => neural.ceiling_bits(shape.rows),
            Method::Formula(_) => None,
        };
        let ceiling = ceiling.map(|bits| format!("it cannot pass {bits:.2} bits, log₂ of the rows it is judged on"));
        let record = of.first().map(|first| Record::of(&first.estimator, &of));
        let record = record.filter(|record| record.trusted < record.of.len()).map(|record| {
            let Record { trusted, of, .. } = &record;
            let worst = record.worst();
            let bias = worst.bias_bits.map_or_else(|| "refused".to_owned(), |bias| format!("{bias:+.2} bits"));
            format!(
                "on problems like these data ({} rows) it was within 0.1 bits or a tenth of the truth on {trusted} of {}; worst: \
                 {}, {bias} of {:.2}",
                worst.rows,
                of.len(),
                worst.problem,
                worst.truth_bits
            )
        });
        let infinite = self.rows.iter().filter(|row| row.truth_bits.is_infinite() && row.kind == shape.kind);
        let infinite: Vec<&SummaryRow> =
            infinite.filter(|row| !of.is_empty() && row.estimator == of[0].estimator).collect();
        let plausible = infinite.iter().rev().find(|row| row.mean_bits.is_some_and(f64::is_finite)).map(|row| {
            let mean = row.mean_bits.unwrap_or(f64::NAN);
            format!("where one side is a function of the other the truth is infinite, and it said {mean:.1} bits")
        });
        let doubts: Vec<String> = [ceiling, record, plausible].into_iter().flatten().collect();
        (!doubts.is_empty()).then(|| format!("{method}: {}", doubts.join("; ")))
    }

    /// How an estimator fared on layers over a finite X, a row for each problem; none if it was never asked.
    pub fn on_layers(&self, estimator: &str) -> Vec<&SummaryRow> {
        let layers: Vec<&SummaryRow> = self.rows.iter().filter(|row| row.kind == Kind::Layer).collect();
        named(&layers, estimator)
    }

    /// Rows with a finite truth on problems like the data.
    fn like(&self, shape: Shape) -> Vec<&SummaryRow> {
        let class = self.class_like(shape.kind, shape.columns);
        let sizes = common_sizes(&class);
        let size = sizes.iter().rev().find(|&&rows| rows <= shape.rows).or(sizes.first()).copied();
        class.into_iter().filter(|row| Some(row.rows) == size).collect()
    }

    /// Numbers of rows that all problems of a kind and with so many columns were drawn with; none of other classes of columns.
    pub fn sizes(&self, kind: Kind, columns: usize) -> Vec<usize> {
        let like = self.class_like(kind, columns);
        if like.first().is_some_and(|row| class(row.columns) == class(columns)) {
            common_sizes(&like)
        } else {
            Vec::new()
        }
    }

    /// Rows with a finite truth of a kind, of the class of columns nearest to so many.
    fn class_like(&self, kind: Kind, columns: usize) -> Vec<&SummaryRow> {
        let of_kind = || self.rows.iter().filter(|row| row.kind == kind && row.truth_bits.is_finite());
        let distance = |row: &SummaryRow| class(row.columns).abs_diff(class(columns));
        let nearest = of_kind().map(distance).min().unwrap_or(0);
        of_kind().filter(|row| distance(row) == nearest).collect()
    }
}

/// How an estimator fared on problems like the data.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// The estimator.
    pub estimator: &'a str,
    /// A row for each problem.
    pub of: Vec<&'a SummaryRow>,
    /// On how many it is trusted.
    pub trusted: usize,
    /// Mean of its root-mean-square errors, in bits; infinite if it refused.
    pub error: f64,
    /// The same, each in units of what is tolerated on its problem.
    pub relative_error: f64,
}

impl<'a> Record<'a> {
    fn of(estimator: &'a str, rows: &[&'a SummaryRow]) -> Self {
        let of: Vec<&SummaryRow> = rows.iter().copied().filter(|row| row.estimator == estimator).collect();
        let trusted = of.iter().filter(|row| row.is_trusted()).count();
        let error = |row: &&SummaryRow| row.error_bits.filter(|_| row.refused == 0).unwrap_or(f64::INFINITY);
        let mean = |of_row: &dyn Fn(&&SummaryRow) -> f64| of.iter().map(of_row).sum::<f64>() / of.len() as f64;
        let (error, relative_error) = (mean(&error), mean(&|row| error(row) / row.tolerance()));
        Self { estimator, of, trusted, error, relative_error }
    }

    /// The problem it is most off on.
    ///
    /// # Panics
    /// If there is none.
    pub fn worst(&self) -> &'a SummaryRow {
        let off = |row: &SummaryRow| row.bias_bits.map_or(f64::INFINITY, f64::abs);
        let worst = self.of.iter().copied().max_by(|a, b| off(a).total_cmp(&off(b)));
        worst.expect("a record has rows")
    }
}

/// The class of so many columns.
fn class(columns: usize) -> usize {
    CLASSES.iter().position(|&end| columns <= end).unwrap_or(0)
}

/// Numbers of rows that all problems were drawn with, ascending.
fn common_sizes(rows: &[&SummaryRow]) -> Vec<usize> {
    let mut sizes: Vec<usize> = rows.iter().filter(|row| !row.representative).map(|row| row.rows).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// The estimators in rows, in order of first appearance.
fn names<'a>(rows: &[&'a SummaryRow]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&row.estimator.as_str()) {
            names.push(&row.estimator);
        }
    }
    names
}

/// The rows of an estimator; if it was not calibrated with these very settings, those of the one of its name that shares most of
/// them, if there is only one.
fn named<'a>(rows: &[&'a SummaryRow], estimator: &str) -> Vec<&'a SummaryRow> {
    fn parts(text: &str) -> Vec<&str> {
        text.split([':', ',']).collect()
    }
    let wanted = parts(estimator);
    let shared = |other: &str| parts(other).iter().filter(|part| wanted.contains(part)).count();
    let of_name = || names(rows).into_iter().filter(|other| parts(other)[0] == wanted[0]);
    let most = of_name().map(shared).max();
    let nearest: Vec<&str> = of_name().filter(|other| Some(shared(other)) == most).collect();
    let found = match names(rows).into_iter().find(|other| *other == estimator) {
        Some(exact) => Some(exact),
        None if nearest.len() == 1 => nearest.first().copied(),
        None => None,
    };
    rows.iter().copied().filter(|row| Some(row.estimator.as_str()) == found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two estimators on two problems of two columns.
    fn calibration() -> Calibration {
        let head = "family,kind,problem,representative,columns,rows,estimator,truth_bits,draws,refused,mean_bits,bias_bits,sd_bits,\
                    error_bits,coverage,coverage_of_mean,seconds,peak_bytes\n";
        let row = |problem: &str, estimator: &str, truth: &str, mean: &str, bias: &str, error: &str| {
            format!("f,continuous,{problem},false,2,500,{estimator},{truth},10,0,{mean},{bias},0.01,{error},,,0.1,9\n")
        };
        let text = [
            head.to_owned(),
            row("one", "ksg:k=3", "1", "1.01", "0.01", "0.05"),
            row("two", "ksg:k=3", "2", "1.5", "-0.5", "0.5"),
            row("one", "cca", "1", "1.02", "0.02", "0.06"),
            row("two", "cca", "2", "2.1", "0.1", "0.1"),
            row("function", "ksg:k=3", "inf", "7", "-inf", "inf"),
        ];
        Calibration::parse(&text.concat())
    }

    #[test]
    fn the_choice_is_what_is_trusted_most_and_doubts_are_numbers() {
        let calibration = calibration();
        assert_eq!(calibration.rows.len(), 5);
        let shape = Shape { kind: Kind::Continuous, columns: 2, rows: 3000 };
        assert_eq!(calibration.choice(shape).to_string(), "cca");
        assert_eq!(calibration.against(&"cca".parse().unwrap(), shape), None);
        assert_eq!(calibration.against(&"renyi".parse().unwrap(), shape), None);
        let doubt = calibration.against(&"ksg:k=5".parse().unwrap(), shape).unwrap();
        assert!(
            doubt.contains("on 1 of 2; worst: two, -0.50 bits of 2.00") && doubt.contains("said 7.0 bits"),
            "{doubt}"
        );
        let doubt = calibration.against(&"infonce".parse().unwrap(), shape).unwrap();
        assert!(doubt.contains("9.23 bits"), "{doubt}");
    }

    #[test]
    fn the_committed_summary_is_read_whole_and_knows_what_the_questions_use() {
        let calibration = Calibration::committed();
        let lines = include_str!("../../../results/reference/calibrate/summary.csv").lines().count();
        assert!(calibration.rows.len() == lines - 1 && lines > 500);
        for estimator in ["binning:width=0.07", "idnns:edges=30", "quantised:bits=8", "dithered:width=0.35"] {
            assert!(!calibration.on_layers(estimator).is_empty(), "{estimator}");
        }
        assert!(
            calibration.on_layers("noisy:sigma=0.1,samples=200,seed=0,bounds=false").iter().any(|row| row.is_trusted())
        );
        for (kind, columns, rows) in
            [(Kind::Continuous, 2, 300), (Kind::Continuous, 100, 50_000), (Kind::Mixed, 9, 700)]
        {
            let shape = Shape { kind, columns, rows };
            let chosen = calibration.choice(shape);
            let like = calibration.like(shape);
            let trusted = |method: &str| named(&like, method).iter().filter(|row| row.is_trusted()).count();
            let most = names(&like).into_iter().map(trusted).max().unwrap();
            assert!(trusted(&chosen.to_string()) * 2 + 2 >= most, "{chosen} on {shape:?}");
        }
    }
}
