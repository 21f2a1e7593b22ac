//! Second views of what neighbours say of data, in which information is the same, or cannot be more. Where one says more, the first missed
//! something, and its number is not to be trusted.
//!
//! - *Some of the columns* say no more than all (data processing), and structure too fine for neighbours in all columns may be plain in
//!   one. All choices of up to four columns, else each by itself.
//! - *Ranks*: monotone maps of columns change no information (normal scores of each column). Heavy tails and steep maps hide it.
//! - *Principal components*: rotation changes no information. A direction in which the layer varies little is as long there as any other.
//! - *The nearest neighbour alone* sees finer; where it says more, or where many more neighbours say much less, the number depends on how
//!   far neighbours reach, and would go on rising with more rows.
//! - *A probe*, of labels: its lower confidence limit is below the truth whatever the data are.
//!
//! Columns whose values repeat, or lie on a grid, have no ranks and no reach to speak of, and those two are not asked there. Differences
//! are judged beside their standard error over rows. How often each fires where the number is right, and where it is wrong, is
//! in docs/estimators.md.

use infoplane_info::description::{Description, Values};
use infoplane_info::estimators::cca::normal_scores;
use infoplane_info::estimators::ksg::Ksg;
use infoplane_info::estimators::lnc::Lnc;
use infoplane_info::estimators::mixed_ksg::MixedKsg;
use infoplane_info::estimators::{EstimateError, EstimatorKind};
use infoplane_info::principal_components::principal_components;
use infoplane_info::{Estimator, Sample, Standing};
use ndarray::{Array2, ArrayView2, Axis};

use crate::methods::Method;
use crate::methods::probe::Probe;

/// What is tolerated, in bits or as a share of the estimate.
const TOLERATED: f64 = 0.1;
/// Some of the columns may say so much of that more: neighbours in few columns are the better.
const OF_COLUMNS: f64 = 0.7;
/// Bits below which what three times as many neighbours may say less is no smaller share.
const OF_MORE: f64 = 0.6;
/// Of a class there are so many times as many rows as neighbours at least, or how many neighbours are looked at matters by itself.
const OF_CLASS: usize = 10;
/// Standard errors that are no chance.
const BEYOND_CHANCE: f64 = 3.0;
/// Rows at which views cost little; what speaks against the number is then asked of all.
const MOST_ROWS: usize = 10_000;
/// Columns of which all choices are tried, and of which each is.
const ALL_CHOICES: usize = 4;
const EACH: usize = 16;

/// Of labels: what speaks against the number of `method`, whose interval for the truth ends at `upper`.
pub fn of_labels(method: &Method, sample: &Sample, upper: f64, described: &Description) -> Option<Standing> {
    if !is_of_neighbours(method) {
        return None;
    }
    let is_smooth = is_smooth(described);
    let doubt = |sample: &Sample| {
        let t = sample.t;
        let of_class = t.nrows() / sample.joint.n_y().max(1);
        let first = method.pointwise(sample).ok()?;
        let views = Views { method, first: &first, of: &|method, [t, _]| method.pointwise(&Sample { t, ..*sample }) };
        let choices = choices(t.ncols()).into_iter().map(|columns| [t.select(Axis(1), &columns), none()]);
        views
            .columns(choices)
            .or_else(|| if is_smooth { views.ranks([t, none().view()]) } else { None })
            .or_else(|| views.components([Some(principal_components(t)?), None], [t, t]))
            .or_else(|| if is_smooth { views.reach([t, t], of_class) } else { None })
    };
    let n = sample.t.nrows();
    let found = if n <= MOST_ROWS {
        doubt(sample)
    } else {
        let few = sample.select(&evenly(n)).ok()?;
        doubt(&few.sample()).and_then(|_| doubt(sample))
    };
    found.or_else(|| {
        let few = sample.select(&evenly(n)).ok()?;
        let lower = Probe::default().estimate(&few.sample()).ok()?.i_ty.lower?;
        (lower > upper).then(|| {
            Standing::Doubtful(format!(
                "a probe reads at least {lower:.4} bits off rows it has not seen, with 95 % confidence, and this number's interval ends at \
                 {upper:.4}"
            ))
        })
    })
}

/// Of two samples.
pub fn of_pair(method: &Method, [a, b]: [ArrayView2<f64>; 2], described: [&Description; 2]) -> Option<Standing> {
    if !is_of_neighbours(method) {
        return None;
    }
    let is_smooth = described.into_iter().all(is_smooth);
    let doubt = |[a, b]: [ArrayView2<f64>; 2]| {
        let first = method.pointwise_of_pair(a, b).ok()?;
        let views = Views { method, first: &first, of: &|method, [a, b]| method.pointwise_of_pair(a, b) };
        let of_a = choices(a.ncols()).into_iter().map(|columns| [a.select(Axis(1), &columns), b.to_owned()]);
        let of_b = choices(b.ncols()).into_iter().map(|columns| [a.to_owned(), b.select(Axis(1), &columns)]);
        views
            .columns(of_a.chain(of_b))
            .or_else(|| if is_smooth { views.ranks([a, b]) } else { None })
            .or_else(|| {
                let [one, other] = [a, b].map(principal_components);
                if one.is_none() && other.is_none() { None } else { views.components([one, other], [a, b]) }
            })
            .or_else(|| if is_smooth { views.reach([a, b], a.nrows()) } else { None })
    };
    let n = a.nrows();
    if n <= MOST_ROWS {
        return doubt([a, b]);
    }
    let few = [a, b].map(|side| side.select(Axis(0), &evenly(n)));
    doubt([few[0].view(), few[1].view()]).and_then(|_| doubt([a, b]))
}

/// Whether no column is of values that repeat, or lie on a grid.
fn is_smooth(described: &Description) -> bool {
    described.of_each[Values::Discrete as usize] == 0
}

fn is_of_neighbours(method: &Method) -> bool {
    matches!(method, Method::Formula(EstimatorKind::Ksg(_) | EstimatorKind::MixedKsg(_) | EstimatorKind::Lnc(_)))
}

fn none() -> Array2<f64> {
    Array2::zeros((0, 0))
}

/// At most [`MOST_ROWS`] of n rows, from first to last.
fn evenly(n: usize) -> Vec<usize> {
    let most = n.min(MOST_ROWS);
    (0..most).map(|at| at * n / most).collect()
}

/// Choices of columns that are some and not all.
fn choices(columns: usize) -> Vec<Vec<usize>> {
    match columns {
        0 | 1 => Vec::new(),
        2..=ALL_CHOICES => (1..(1_usize << columns) - 1)
            .map(|choice| (0..columns).filter(|column| choice >> column & 1 == 1).collect())
            .collect(),
        _ => (0..columns.min(EACH)).map(|column| vec![column]).collect(),
    }
}

/// The method with other numbers of neighbours: one, and about three times as many, which is said.
fn reaches(method: &Method, columns: usize) -> Option<(usize, [Option<Method>; 2])> {
    let Method::Formula(kind) = method else { return None };
    let of = |k: usize| match kind {
        EstimatorKind::Ksg(ksg) => EstimatorKind::Ksg(Ksg { k, ..*ksg }),
        EstimatorKind::MixedKsg(mixed) => EstimatorKind::MixedKsg(MixedKsg { k, ..*mixed }),
        // One neighbour fills no box.
        EstimatorKind::Lnc(_) if k == 1 => EstimatorKind::Ksg(Ksg { k, ..Ksg::default() }),
        EstimatorKind::Lnc(lnc) => EstimatorKind::Lnc(Lnc { k: Some(k), ..*lnc }),
        other => other.clone(),
    };
    let k = match kind {
        EstimatorKind::Ksg(ksg) => ksg.k,
        EstimatorKind::MixedKsg(mixed) => mixed.k,
        EstimatorKind::Lnc(lnc) => lnc.k.unwrap_or_else(|| (2 * columns).max(5)),
        _ => return None,
    };
    let more = 3 * k + 1;
    Some((more, [(k > 1).then(|| Method::Formula(of(1))), Some(Method::Formula(of(more)))]))
}

/// What each row says, by a method, of two sides, or of the first and labels.
type OfRows<'a> = &'a dyn Fn(&Method, [ArrayView2<f64>; 2]) -> Result<Vec<Option<f64>>, EstimateError>;

/// A number, row by row, to which others are held.
struct Views<'a> {
    method: &'a Method,
    first: &'a [Option<f64>],
    of: OfRows<'a>,
}

/// A second number less the first, both in bits.
struct Difference {
    first: f64,
    second: f64,
    error: f64,
}

impl Difference {
    /// Whether the second is more, by so much of what is tolerated.
    fn is_more(&self, share: f64) -> bool {
        let tolerated = TOLERATED * self.first.max(1.0);
        self.second - self.first > (share * tolerated).max(BEYOND_CHANCE * self.error)
    }
}

impl Views<'_> {
    /// Over the rows of which both say something.
    fn beside(&self, second: &[Option<f64>]) -> Option<Difference> {
        let both: Vec<(f64, f64)> = self.first.iter().zip(second).filter_map(|(a, b)| Some(((*a)?, (*b)?))).collect();
        // A view of other rows is none of the same data.
        if both.len() < 2 || both.len() < self.first.iter().flatten().count() {
            return None;
        }
        let n = both.len() as f64;
        let (first, second) =
            both.iter().fold((0.0, 0.0), |(one, other), (first, second)| (one + first / n, other + second / n));
        let square: f64 = both.iter().map(|(a, b)| (b - a - (second - first)).powi(2)).sum();
        Some(Difference { first, second, error: square.sqrt() / n })
    }

    fn by(&self, method: &Method, sides: [ArrayView2<f64>; 2]) -> Option<Difference> {
        self.beside(&(self.of)(method, sides).ok()?)
    }

    fn columns(&self, choices: impl Iterator<Item = [Array2<f64>; 2]>) -> Option<Standing> {
        choices.filter_map(|[a, b]| self.by(self.method, [a.view(), b.view()])).find(|d| d.is_more(OF_COLUMNS)).map(|d| {
            Standing::Doubtful(format!(
                "of some of the columns it says {:.4} bits, of all of them {:.4}, and all say no less: what there is is too fine, or the \
                 columns too many, for so few rows",
                d.second, d.first
            ))
        })
    }

    fn ranks(&self, sides: [ArrayView2<f64>; 2]) -> Option<Standing> {
        let [a, b] = sides.map(normal_scores);
        self.by(self.method, [a.view(), b.view()]).filter(|d| d.is_more(1.0)).map(|d| {
            Standing::Doubtful(format!(
                "of the columns' ranks it says {:.4} bits, of their values {:.4}, and information does not change where a column is \
                 stretched: heavy tails, or a steep scale; give logarithms or ranks",
                d.second, d.first
            ))
        })
    }

    fn components(&self, rotated: [Option<Array2<f64>>; 2], sides: [ArrayView2<f64>; 2]) -> Option<Standing> {
        let [a, b] = &rotated;
        let [of_a, of_b] = sides;
        let rotated = [a.as_ref().map_or(of_a, |a| a.view()), b.as_ref().map_or(of_b, |b| b.view())];
        self.by(self.method, rotated).filter(|d| d.is_more(1.0)).map(|d| {
            Standing::Doubtful(format!(
                "of the principal components it says {:.4} bits, of the columns themselves {:.4}, and information does not change under \
                 rotation: some directions that vary little say much",
                d.second, d.first
            ))
        })
    }

    /// `of_class` rows share a label, or are all there are.
    fn reach(&self, sides: [ArrayView2<f64>; 2], of_class: usize) -> Option<Standing> {
        let columns = sides.iter().map(ArrayView2::ncols).sum();
        let (reach, [one, more]) = reaches(self.method, columns)?;
        let finer =
            one.and_then(|one| self.by(&one, sides)).filter(|d| d.is_more(1.0)).map(|d| (d.first, d.second, "one"));
        let coarser = || {
            let d = self.by(&more?, sides).filter(|_| of_class >= OF_CLASS * reach)?;
            let tolerated = TOLERATED * d.first.max(OF_MORE);
            let is_less = d.first - d.second > tolerated.max(BEYOND_CHANCE * d.error);
            is_less.then_some((d.first, d.second, "three times as many"))
        };
        finer.or_else(coarser).map(|(first, second, how_many)| {
            Standing::Doubtful(format!(
                "it depends on how many neighbours are looked at: {how_many} say {second:.4} bits, not {first:.4}; what there is is too fine \
                 for so few rows, and more would say more"
            ))
        })
    }
}
