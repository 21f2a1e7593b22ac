//! Nearest neighbours in the maximum norm: what the k-nearest-neighbour estimators ask about each row.
//!
//! How far is the k-th neighbour in all samples together, and how many rows lie within that reach in each? One column answers by its
//! numbers in order ([`Sorted`]), a few by a tree ([`KdTree`]), many by comparing all rows ([`super::all_rows`]). The answers are
//! the same to the last bit; the way is chosen by the data ([`how`]).

use rayon::prelude::*;

use super::all_rows::{at_most, distances, kth_smallest, raise};
use super::columns::Columns;
use super::kd_tree::KdTree;
use super::sorted::Sorted;

/// Some samples of the same rows.
#[derive(Debug)]
pub struct Neighbours<'a, const S: usize> {
    samples: [&'a Columns; S],
    how: How<S>,
}

/// How questions are answered.
#[derive(Debug)]
enum How<const S: usize> {
    /// By comparing a row with all others.
    AllRows,
    /// From samples that were put in order beforehand.
    InOrder { each: [Order; S], joint: Order },
}

/// A sample put in order.
#[derive(Debug)]
enum Order {
    Sorted(Sorted),
    Tree(KdTree),
}

/// What lies about a row.
#[derive(Debug)]
pub struct Near<'a, const S: usize> {
    /// In each sample by itself.
    pub each: [About<'a>; S],
    /// In all together: the greatest of those distances.
    pub joint: About<'a>,
}

/// What lies about a row in one space.
#[derive(Debug, Clone, Copy)]
pub struct About<'a>(Known<'a>);

#[derive(Debug, Clone, Copy)]
enum Known<'a> {
    /// The distances to all rows, 0 to itself.
    Distances(&'a [f64]),
    /// Which row it is of a sample in order.
    InOrder(&'a Order, usize),
}

impl<const S: usize> How<S> {
    #[cfg(test)]
    fn in_order(samples: [&Columns; S]) -> Self {
        Self::InOrder { each: samples.map(Order::of), joint: Order::of_all(&samples) }
    }
}

impl<'a, const S: usize> Neighbours<'a, S> {
    /// About the `k`-th nearest will be asked for.
    pub fn new(samples: [&'a Columns; S], k: usize) -> Self {
        Self { samples, how: how(samples, k) }
    }

    /// What `of_row` makes of each row; in parallel, the answers in row order.
    pub fn of_each_row<T: Send>(&self, of_row: impl Fn(usize, &Near<S>) -> T + Sync) -> Vec<T> {
        let n = self.samples[0].rows();
        let How::InOrder { joint, .. } = &self.how else {
            return self.of_rows(&(0..n).collect::<Vec<_>>(), of_row);
        };
        // Neighbours one after the other find in the cache what the one before has read.
        let order = joint.rows();
        let mut answers: Vec<Option<T>> = std::iter::repeat_with(|| None).take(n).collect();
        for (&row, answer) in order.iter().zip(self.of_rows(order, of_row)) {
            answers[row] = Some(answer);
        }
        answers.into_iter().flatten().collect()
    }

    /// The same of some rows, in the order given.
    fn of_rows<T: Send>(&self, rows: &[usize], of_row: impl Fn(usize, &Near<S>) -> T + Sync) -> Vec<T> {
        let rows = rows.par_iter();
        match &self.how {
            How::AllRows => {
                let room = || vec![0.0; self.samples[0].rows()];
                let rooms = || ([(); S].map(|()| room()), room());
                let near = |(each, joint): &mut ([Vec<f64>; S], Vec<f64>), &row: &usize| {
                    joint.fill(0.0);
                    for (sample, out) in self.samples.iter().zip(each.iter_mut()) {
                        distances(sample, row, out);
                        raise(out, joint);
                    }
                    let about = |distances| About(Known::Distances(distances));
                    of_row(row, &Near { each: each.each_ref().map(|each| about(each)), joint: about(joint) })
                };
                rows.map_init(rooms, near).collect()
            }
            How::InOrder { each, joint } => {
                let near = |row| Near { each: each.each_ref().map(|order| order.about(row)), joint: joint.about(row) };
                rows.map(|&row| of_row(row, &near(row))).collect()
            }
        }
    }
}

/// The quicker way: in order, if few rows need to be compared, as some rows show. Columns that depend on one another are easier
/// than as many that do not, so their number alone does not decide.
///
/// Microseconds a row of Gaussians, k = 3, one thread of a busy machine (`RAYON_NUM_THREADS=1 cargo test --release -p infoplane-info
/// what_each_way_costs -- --ignored --nocapture`; ρ² is the share of variance that a sample's columns have in common):
///
/// | rows | columns | ρ | rows compared | in order | all rows |
/// |---|---|---|---|---|---|
/// | 1,000 | 1 + 1 | 0 | 50 | 0.3 | 3.5 |
/// | | 5 + 5 | 0 | 1,431 | 3.0 | 5.2 |
/// | | 20 + 20 | 0 | 2,752 | 14 | 10 |
/// | 10,000 | 1 + 1 | 0 | 34 | 0.4 | 33 |
/// | | 5 + 5 | 0 | 3,853 | 18 | 55 |
/// | | 10 + 10 | 0 | 12,981 | 79 | 83 |
/// | | 10 + 10 | 0.9 | 6,821 | 48 | 90 |
/// | | 20 + 20 | 0 | 22,596 | 514 | 156 |
/// | 100,000 | 1 + 1 | 0 | 41 | 0.9 | 508 |
/// | | 5 + 5 | 0 | 10,393 | 71 | 666 |
/// | | 10 + 10 | 0 | 65,917 | 2,236 | 1,646 |
/// | | 10 + 10 | 0.9 | 31,893 | 840 | 1,733 |
/// | | 20 + 20 | 0.9 | 76,769 | 3,453 | 2,938 |
fn how<const S: usize>(samples: [&Columns; S], k: usize) -> How<S> {
    let n = samples[0].rows();
    #[cfg(test)]
    match tests::FORCED.get() {
        Some(tests::Way::AllRows) => return How::AllRows,
        Some(tests::Way::InOrder) => return How::in_order(samples),
        None => {}
    }
    let tried: Vec<usize> = (0..TRIED.min(n)).map(|at| at * n / TRIED.min(n)).collect();
    let numbers = samples.iter().map(|sample| n * sample.iter().len()).sum::<usize>();
    let comparison = if numbers <= NEAR_BY { COMPARISON.0 } else { COMPARISON.1 };
    let is_quicker = |compared: usize| compared as f64 / tried.len() as f64 * comparison + QUESTION < n as f64;
    let joint = Order::of_all(&samples);
    let reach: Vec<f64> = tried.iter().map(|&row| joint.about(row).kth_nearest(k)).collect();
    let compared =
        |order: &Order| tried.iter().zip(&reach).map(|(&row, &reach)| order.compared(row, reach)).sum::<usize>();
    let in_all = compared(&joint);
    // Where that is too much already, the samples need not be put in order.
    if !is_quicker(in_all) {
        return How::AllRows;
    }
    let each = samples.map(Order::of);
    if is_quicker(in_all + each.iter().map(compared).sum::<usize>()) {
        How::InOrder { each, joint }
    } else {
        How::AllRows
    }
}

/// Rows that are tried.
const TRIED: usize = 16;
/// The time that a row takes which is compared in a leaf, in units of that of a row compared among all: of samples that stay in a
/// cache, and of greater ones.
const COMPARISON: (f64, f64) = (0.7, 1.8);
/// Numbers that stay in a cache.
const NEAR_BY: usize = 500_000;
/// The time that questions take by themselves, in the same units.
const QUESTION: f64 = 50.0;

impl About<'_> {
    /// The distance to the k-th nearest other row; infinite if there are fewer.
    pub fn kth_nearest(&self, k: usize) -> f64 {
        match self.0 {
            // The row itself is the very nearest.
            Known::Distances(distances) => kth_smallest(distances, k + 1),
            Known::InOrder(Order::Sorted(sorted), row) => sorted.kth_nearest(row, k),
            Known::InOrder(Order::Tree(tree), row) => tree.kth_nearest(row, k),
        }
    }

    /// How many rows lie at most so far, the row itself included.
    pub fn at_most(&self, radius: f64) -> usize {
        match self.0 {
            Known::Distances(distances) => at_most(distances, radius),
            Known::InOrder(Order::Sorted(sorted), row) => sorted.within(row, radius).len(),
            Known::InOrder(Order::Tree(tree), row) => tree.at_most(row, radius),
        }
    }

    /// How many rows lie strictly nearer, the row itself included.
    pub fn below(&self, radius: f64) -> usize {
        self.at_most(radius.next_down())
    }

    /// The rows that lie at most so far, the row itself included, ascending.
    pub fn within(&self, radius: f64) -> Vec<usize> {
        let mut rows = match self.0 {
            Known::Distances(distances) => (0..distances.len()).filter(|&row| distances[row] <= radius).collect(),
            Known::InOrder(Order::Sorted(sorted), row) => sorted.within(row, radius).to_vec(),
            Known::InOrder(Order::Tree(tree), row) => tree.within(row, radius),
        };
        rows.sort_unstable();
        rows
    }
}

impl Order {
    fn of(sample: &Columns) -> Self {
        sample.only().map_or_else(|| Self::Tree(KdTree::new(sample)), |column| Self::Sorted(Sorted::new(column)))
    }

    /// Of samples together.
    fn of_all(samples: &[&Columns]) -> Self {
        match samples {
            [sample, other] if let (Some(column), Some(classes)) = (sample.only(), other.classes()) => {
                Self::Sorted(Sorted::in_groups(column, classes.to_vec()))
            }
            _ => Self::of(&Columns::together(samples)),
        }
    }

    fn about(&self, row: usize) -> About<'_> {
        About(Known::InOrder(self, row))
    }

    /// How many rows are compared to count those within a radius.
    fn compared(&self, row: usize, radius: f64) -> usize {
        match self {
            Self::Sorted(_) => 0,
            Self::Tree(tree) => tree.compared(row, radius),
        }
    }

    /// The rows, neighbours beside neighbours.
    fn rows(&self) -> &[usize] {
        match self {
            Self::Sorted(sorted) => sorted.rows(),
            Self::Tree(tree) => tree.rows(),
        }
    }
}

#[cfg(test)]
#[path = "neighbours_tests.rs"]
mod tests;
