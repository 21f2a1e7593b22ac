//! What calibration says for and against an estimator on data of some shape: read off the committed
//! `results/reference/calibrate/summary.csv`, never written by hand.
//!
//! Problems like the data are those of their kind (see [`Kind`]) with about as many columns and classes, at the greatest number of rows
//! that all of them were drawn with and the data have. Where there are none, or only one, nothing is known, and it is said. An estimator
//! is trusted on a problem if its root-mean-square error is within 0.1 bits or a tenth of the truth ([`SummaryRow::is_trusted`]), and
//! on data if it is trusted on four of five problems like them.

use std::sync::LazyLock;

use infoplane_info::estimators::EstimatorKind;
use infoplane_info::estimators::mixed_ksg::MixedKsg;

use super::Kind;
use super::summary::SummaryRow;
use crate::methods::Method;
use crate::methods::probe::Probe;

/// Ends of the classes of columns of two samples together, and of a layer.
pub(super) const CLASSES: [usize; 4] = [2, 6, 20, 100];
pub(super) const LAYER_COLUMNS: [usize; 6] = [4, 32, 64, 300, 1024, 4096];
/// Ends of the classes of numbers of labels.
pub(super) const LABELS: [usize; 5] = [2, 4, 10, 100, 1000];

/// Estimators of other quantities than I(A;B), near to which they come by accident.
const OTHER_QUANTITIES: [&str; 2] = ["sliced", "renyi"];
/// Estimators that are right of any labels if there are rows enough. Others come near on problems made for them.
const OF_ANY_LABELS: [&str; 2] = ["ksg", "mixed-ksg"];
/// One problem is no evidence.
const LEAST_PROBLEMS: usize = 2;
/// Problems like the data from which on an estimator can be trusted: two are an accident.
const ENOUGH_PROBLEMS: usize = 3;
/// An interval reaches so far at least, of what is tolerated: a few problems do not show every error.
const LEAST_REACH: f64 = 0.5;
/// Rows that are nearly as many as were tried.
const NEARLY: f64 = 0.8;
/// Standard deviations within which nearly all estimates lie.
const NEARLY_ALL: f64 = 2.0;

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
    /// Columns of both sides; of a layer beside labels its own.
    pub columns: usize,
    /// Classes of the labels; 0 of pairs.
    pub classes: usize,
    /// Rows.
    pub rows: usize,
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {} columns", self.kind, self.columns)?;
        if self.classes > 0 {
            write!(f, ", {} classes", self.classes)?;
        }
        write!(f, ", {} rows", self.rows)
    }
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

    /// The estimator to take for such data: the best, if it is trusted on problems like them; else of labels a probe, whose number is a
    /// bound whatever the data are; else the best there is.
    pub fn choice(&self, shape: Shape) -> Method {
        let best = self.best(shape);
        if let Some(best) = best.as_ref().filter(|best| best.is_trusted() || shape.classes == 0)
            && let Ok(method) = best.estimator.parse()
        {
            return method;
        }
        if shape.classes > 0 {
            return Method::Probe(Probe::default());
        }
        Method::Formula(EstimatorKind::MixedKsg(MixedKsg::default()))
    }

    /// The estimator of least error on problems like the data, the mean over them of each in units of what is tolerated there; of
    /// the estimators asked on all of them, of labels those that assume nothing of them. A probe is a bound, and not among them.
    pub fn best(&self, shape: Shape) -> Option<Record<'_>> {
        let like = self.like(shape);
        let problems = problems(&like).len();
        let records = names(&like).into_iter().map(|name| Record::of(name, &like));
        let is_another =
            |name: &str| OTHER_QUANTITIES.iter().any(|other| name.starts_with(other)) || name.starts_with(Probe::NAME);
        let is_for_these =
            |name: &str| shape.classes == 0 || name.split(':').next().is_some_and(|name| OF_ANY_LABELS.contains(&name));
        let asked = records.filter(|record| {
            record.of.len() == problems && !is_another(record.estimator) && is_for_these(record.estimator)
        });
        asked.reduce(|best, other| if other.relative_error < best.relative_error { other } else { best })
    }

    /// How an estimator fared on problems like the data; none if there are none, or it was never asked.
    pub fn record(&self, method: &Method, shape: Shape) -> Option<Record<'_>> {
        let like = self.like(shape);
        let of = named(&like, &method.to_string());
        of.first().map(|first| Record::of(&first.estimator, &of))
    }

    /// What speaks against an estimator on such data; none where nothing does, or where it was never asked.
    pub fn against(&self, method: &Method, shape: Shape) -> Option<String> {
        let ceiling = match method {
            Method::Neural(neural) => neural.ceiling_bits(shape.rows),
            Method::Formula(_) | Method::Probe(_) => None,
        };
        let ceiling = ceiling.map(|bits| format!("it cannot pass {bits:.2} bits, log₂ of the rows it is judged on"));
        let record = self.record(method, shape);
        let infinite = self.rows.iter().filter(|row| row.truth_bits.is_infinite() && row.kind == shape.kind);
        let infinite: Vec<&SummaryRow> =
            infinite.filter(|row| record.as_ref().is_some_and(|record| record.estimator == row.estimator)).collect();
        let plausible = infinite.iter().rev().find(|row| row.mean_bits.is_some_and(f64::is_finite)).map(|row| {
            let mean = row.mean_bits.unwrap_or(f64::NAN);
            format!("where one side is a function of the other the truth is infinite, and it said {mean:.1} bits")
        });
        let fared = record.as_ref().filter(|record| record.trusted < record.of.len()).map(Record::in_words);
        let doubts: Vec<String> = [ceiling, fared, plausible].into_iter().flatten().collect();
        (!doubts.is_empty()).then(|| format!("{method}: {}", doubts.join("; ")))
    }

    /// How an estimator fared on layers over a finite X, a row for each problem; none if it was never asked.
    pub fn on_layers(&self, estimator: &str) -> Vec<&SummaryRow> {
        let layers: Vec<&SummaryRow> = self.rows.iter().filter(|row| row.kind == Kind::Layer).collect();
        named(&layers, estimator)
    }

    /// Rows with a finite truth on problems like the data; none where too few were tried.
    fn like(&self, shape: Shape) -> Vec<&SummaryRow> {
        let class = self.class_like(shape);
        let sizes = common_sizes(&class);
        let most = sizes.iter().rev().find(|&&rows| rows <= shape.rows);
        let size = most.or(sizes.first().filter(|&&least| shape.rows as f64 >= NEARLY * least as f64)).copied();
        let like: Vec<&SummaryRow> = class.into_iter().filter(|row| Some(row.rows) == size).collect();
        if problems(&like).len() < LEAST_PROBLEMS { Vec::new() } else { like }
    }

    /// Numbers of rows that all problems of a kind with so many columns and classes were drawn with.
    pub fn sizes(&self, kind: Kind, columns: usize, classes: usize) -> Vec<usize> {
        common_sizes(&self.class_like(Shape { kind, columns, classes, rows: usize::MAX }))
    }

    /// Rows with a finite truth of a kind and class of columns and labels, if so many columns were tried.
    fn class_like(&self, shape: Shape) -> Vec<&SummaryRow> {
        let of_columns = |columns: usize| class(columns, if shape.classes > 0 { &LAYER_COLUMNS } else { &CLASSES });
        let is_like = |row: &&SummaryRow| {
            row.kind == shape.kind
                && row.truth_bits.is_finite()
                && of_columns(shape.columns).is_some_and(|of| of_columns(row.columns) == Some(of))
                && (row.classes > 0) == (shape.classes > 0)
                && class(row.classes, &LABELS) == class(shape.classes, &LABELS)
                && class(shape.classes, &LABELS).is_some()
        };
        self.rows.iter().filter(is_like).collect()
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

    /// Whether it is trusted on four of five problems, of enough.
    pub fn is_trusted(&self) -> bool {
        self.of.len() >= ENOUGH_PROBLEMS && 5 * self.trusted >= 4 * self.of.len()
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

    /// The greatest information among the problems.
    pub fn greatest_truth(&self) -> f64 {
        self.of.iter().map(|row| row.truth_bits).fold(0.0, f64::max)
    }

    /// How it fared.
    pub fn in_words(&self) -> String {
        let worst = self.worst();
        let bias = worst.bias_bits.map_or_else(|| "refused".to_owned(), |bias| format!("{bias:+.2} bits"));
        format!(
            "on problems like these data ({} rows) it was within 0.1 bits or a tenth of the truth on {} of {}{}; worst: {}, {bias} of \
             {:.2}",
            worst.rows,
            self.trusted,
            self.of.len(),
            if self.of.len() < ENOUGH_PROBLEMS { ", too few to go by" } else { "" },
            worst.problem,
            worst.truth_bits
        )
    }

    /// Where the truth lies beside an estimate: from the least to the greatest error on any of the problems, its bias and two standard
    /// deviations, each in units of what is tolerated there, and half of what is tolerated at least. None if it refused anywhere.
    pub fn interval(&self, bits: f64) -> Option<(f64, f64)> {
        let (mut low, mut high) = (-LEAST_REACH, LEAST_REACH);
        for row in &self.of {
            let (bias, sd) = (row.bias_bits.filter(|_| row.refused == 0)?, row.sd_bits.unwrap_or(0.0));
            low = low.min((bias - NEARLY_ALL * sd) / row.tolerance());
            high = high.max((bias + NEARLY_ALL * sd) / row.tolerance());
        }
        let unit = super::summary::TOLERANCE.max(super::summary::TOLERANCE * bits);
        Some(((bits - high * unit).max(0.0), (bits - low * unit).max(0.0)))
    }
}

/// The class of so many, if that many were tried at all.
fn class(count: usize, ends: &[usize]) -> Option<usize> {
    ends.iter().position(|&end| count <= end)
}

fn problems<'a>(rows: &[&'a SummaryRow]) -> Vec<&'a str> {
    let mut problems: Vec<&str> = rows.iter().map(|row| row.problem.as_str()).collect();
    problems.sort_unstable();
    problems.dedup();
    problems
}

/// Numbers of rows that all problems were drawn with, ascending.
fn common_sizes(rows: &[&SummaryRow]) -> Vec<usize> {
    let all = problems(rows).len();
    let mut sizes: Vec<usize> = rows.iter().map(|row| row.rows).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let at = |size: usize| rows.iter().copied().filter(|row| row.rows == size).collect::<Vec<_>>();
    sizes.retain(|&size| problems(&at(size)).len() == all);
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
        let shape = Shape { kind: Kind::Continuous, columns: 2, classes: 0, rows: 3000 };
        assert_eq!(calibration.choice(shape).to_string(), "cca");
        assert_eq!(calibration.against(&"cca".parse().unwrap(), shape), None);
        assert_eq!(calibration.against(&"renyi".parse().unwrap(), shape), None);
        let doubt = calibration.against(&"ksg:k=5".parse().unwrap(), shape).unwrap();
        assert!(
            doubt.contains("on 1 of 2, too few to go by; worst: two, -0.50 bits of 2.00")
                && doubt.contains("said 7.0 bits"),
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
        for (kind, columns, classes, rows) in
            [(Kind::Continuous, 2, 0, 450), (Kind::Continuous, 100, 0, 50_000), (Kind::Labels, 3, 4, 700)]
        {
            let shape = Shape { kind, columns, classes, rows };
            let chosen = calibration.choice(shape);
            let like = calibration.like(shape);
            let trusted = |method: &str| named(&like, method).iter().filter(|row| row.is_trusted()).count();
            let most = names(&like).into_iter().map(trusted).max().unwrap();
            assert!(trusted(&chosen.to_string()) * 2 + 2 >= most, "{chosen} on {shape}");
        }
        // Beyond what was tried nothing is known, and of labels a probe bounds what there is.
        for (columns, classes, rows) in [(5000, 2, 2000), (3, 4, 100), (3, 5000, 9000), (4096, 2, 2000)] {
            let shape = Shape { kind: Kind::Labels, columns, classes, rows };
            assert!(calibration.record(&"ksg:k=3".parse().unwrap(), shape).is_none(), "{shape}");
            assert!(matches!(calibration.choice(shape), Method::Probe(_)), "{shape}");
        }
    }

    #[test]
    fn an_interval_reaches_as_far_as_the_worst_problem() {
        let calibration = calibration();
        let shape = Shape { kind: Kind::Continuous, columns: 2, classes: 0, rows: 500 };
        let record = calibration.record(&"ksg:k=3".parse().unwrap(), shape).unwrap();
        // Of two bits 0.5 too few and two standard deviations of 0.01, in tenths of the truth; of one bit 0.01 too many, which is less
        // than half of the tenth that is tolerated.
        let (lower, upper) = record.interval(1.0).unwrap();
        approx::assert_abs_diff_eq!(lower, 1.0 - 0.05, epsilon = 1e-9);
        approx::assert_abs_diff_eq!(upper, 1.0 + 0.26, epsilon = 1e-9);
        assert!(!record.is_trusted());
    }
}
