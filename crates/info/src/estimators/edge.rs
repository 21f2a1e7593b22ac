//! EDGE: the information of a dependence graph between buckets of the two variables.
//!
//! Noshad, Zeng & Hero 2019 (arXiv 1801.09125): rows fall in buckets ⌊(v + b)/ε⌋ of each column; with N_i, M_j and N_ij rows in
//! the buckets of A, of B and of both, Î = Σ_ij (N_ij/N) log₂(N N_ij/N_i M_j): hashed binning, in O(N). The estimate is the
//! median of ten, with shifts b that go once across a bucket and widths ε up to 1.1 times the least.
//!
//! Widths follow the authors' code, version 4.4.1: of each column 18·d/(1 + ln d)·0.4·γ times the mean distance to its k-th
//! neighbour, k = ⌊0.43 N^(2/3 + 0.17 d/(d+1)) e^(−1/max(10⁴, d⁴))⌋, first with γ = 1, then once more with
//! γ = 2^(½/Î − √(2Î)), so that strong dependence gets narrow buckets. Columns beyond six are first projected on
//! min(d, ⌊log₂(N/10)⌋) random directions (p-stable hashing).
//! Where we differ: buckets are told apart exactly (no second hash); neighbours' distances are over all rows instead of 500
//! drawn; terms are not cut to at least 0.001, which makes independent variables look dependent; the 10⁻⁴ that is added to a
//! distance is one of the column's standard deviation, so that the unit of the data, as it should be, is without effect.
//!
//! The widths are wide: of 5000 pairs of Gaussians with 0.32, 1.20 and 2.83 bits it sees 0.15, 1.02 and 2.2. As any plug-in it
//! is also biased upwards by about (buckets of both − of each)/2N. Labels are their own buckets. Without --x every
//! row is an input of its own, and I(X;T) the entropy of T's buckets.

use std::fmt;

use ndarray::{Array2, ArrayView1, ArrayView2};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::ksg::check_pair;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::partition::Partition;
use crate::refinement::Refinement;

/// Members of the ensemble.
const MEMBERS: usize = 10;
/// Columns beyond which rows are projected.
const MOST_COLUMNS: usize = 6;

/// Buckets by locality-sensitive hashing.
///
/// # Example
/// ```
/// use infoplane_info::estimators::edge::Edge;
/// use infoplane_info::Estimator;
/// use ndarray::Array2;
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
/// use rand_distr::{Distribution, StandardNormal};
///
/// // 1000 pairs of correlation 0.8: I = −½ log₂(1 − 0.64) = 0.737 bits.
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
/// let a = Array2::from_shape_simple_fn((1000, 1), &mut normal);
/// let b = a.mapv(|a| 0.8 * a + 0.6 * normal());
/// let information = Edge { seed: 0 }.pair(a.view(), b.view())?;
/// // Its buckets are wide (see above).
/// assert!((0.4..0.8).contains(&information.bits));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Seed of the projections.
    pub seed: u64,
}

impl Edge {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        Ok(Self { seed: settings.take("seed")?.unwrap_or(0) })
    }

    /// The median of the ensemble's informations, after one correction of the widths.
    fn median(self, a: ArrayView2<f64>, b: &Side) -> f64 {
        let a = Side::Continuous(Hash::new(a, self.seed));
        let of = |gamma: f64| {
            let mut bits: Vec<f64> = (0..MEMBERS)
                .map(|member| {
                    let (a, b) = (a.buckets(gamma, member), b.buckets(gamma, member));
                    information(&a, &b)
                })
                .collect();
            bits.sort_by(f64::total_cmp);
            f64::midpoint(bits[MEMBERS / 2 - 1], bits[MEMBERS / 2])
        };
        let first = of(1.0).max(0.01);
        // Beyond 2⁵ of the first width everything is one bucket.
        of((0.5 / first - (2.0 * first).sqrt()).min(5.0).exp2())
    }
}

/// A variable whose buckets are wanted.
enum Side {
    Continuous(Hash),
    Discrete(Partition),
}

/// Columns with their widths at γ = 1.
struct Hash {
    values: Array2<f64>,
    widths: Vec<f64>,
}

impl Hash {
    fn new(sample: ArrayView2<f64>, seed: u64) -> Self {
        let (n, d) = sample.dim();
        let values = if d > MOST_COLUMNS { project(sample, seed) } else { sample.to_owned() };
        let kept = values.ncols() as f64;
        let factor = 0.4 * 18.0 * kept / (1.0 + (d as f64).ln());
        let power = 2.0 / 3.0 + 0.17 * kept / (kept + 1.0);
        let k = (0.43 * (n as f64).powf(power) * (-1.0 / kept.powi(4).max(1e4)).exp()) as usize;
        let k = k.clamp(1, n - 1);
        let width = |column: ArrayView1<f64>| factor * (mean_reach(column, k) + 1e-4 * column.std(0.0));
        let widths =
            values.columns().into_iter().map(width).map(|width| if width > 0.0 { width } else { 1.0 }).collect();
        Self { values, widths }
    }
}

impl Side {
    fn buckets(&self, gamma: f64, member: usize) -> Partition {
        let hash = match self {
            Self::Discrete(partition) => return partition.clone(),
            Self::Continuous(hash) => hash,
        };
        let share = member as f64 / MEMBERS as f64;
        let stretch = gamma * (1.0 + 0.1 * member as f64 / (MEMBERS - 1) as f64);
        let mut refinement = Refinement::new(hash.values.nrows());
        for (column, width) in hash.values.columns().into_iter().zip(&hash.widths) {
            let bucket = |value: &f64| (value / (width * stretch) + share).floor();
            refinement.split_by(&column.iter().map(bucket).collect::<Vec<_>>());
        }
        refinement.finish()
    }
}

/// Σ (N_ij/N) log₂(N N_ij/N_i M_j) = H(A) + H(B) − H(A, B) of buckets.
fn information(a: &Partition, b: &Partition) -> f64 {
    let n = a.cell().len();
    let p = ndarray::Array1::from_elem(n, 1.0 / n as f64);
    (a.entropy(p.view()) + b.entropy(p.view()) - a.refine(b).entropy(p.view())).max(0.0)
}

/// The mean distance of a value to the k-th nearest of its column.
fn mean_reach(column: ArrayView1<f64>, k: usize) -> f64 {
    let mut sorted = column.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (mut low, mut sum) = (0, 0.0);
    for (place, &value) in sorted.iter().enumerate() {
        // The k + 1 nearest, itself included, are a window that only moves up.
        while low + k + 1 < sorted.len() && sorted[low + k + 1] - value < value - sorted[low] || low + k < place {
            low += 1;
        }
        sum += (value - sorted[low]).max(sorted[low + k] - value);
    }
    sum / sorted.len() as f64
}

/// On random directions, each column at its own scale.
fn project(sample: ArrayView2<f64>, seed: u64) -> Array2<f64> {
    let (n, d) = sample.dim();
    let directions = d.min((n as f64 / 10.0).log2().floor().max(1.0) as usize);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let scales: Vec<f64> = sample.columns().into_iter().map(|column| column.std(0.0)).collect();
    let weights = Array2::from_shape_fn((d, directions), |(column, _)| {
        let weight: f64 = StandardNormal.sample(&mut rng);
        weight / (if scales[column] > 0.0 { scales[column] } else { 1.0 } * (d as f64).sqrt())
    });
    sample.dot(&weights)
}

impl Estimator for Edge {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let labels: Vec<u64> = sample.labels()?.into_iter().map(|label| label as u64).collect();
        check_pair(sample.t, sample.t, 1)?;
        let x = match sample.inputs {
            Some(x) => Side::Continuous(Hash::new(x, self.seed + 1)),
            None => Side::Discrete(Partition::from_labels(&(0..labels.len() as u64).collect::<Vec<_>>())),
        };
        let y = Side::Discrete(Partition::from_labels(&labels));
        let of = |side: &Side| Estimate::point(self.median(sample.t, side));
        Ok(Information { i_xt: of(&x), i_ty: of(&y) })
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        check_pair(a, b, 1)?;
        Ok(Estimate::point(self.median(a, &Side::Continuous(Hash::new(b, self.seed + 1)))))
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seed == 0 { Ok(()) } else { write!(f, "seed={}", self.seed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_by_hand() {
        let column = ndarray::array![0.0, 1.0, 3.0, 7.0];
        // k = 1: 1, 1, 2, 4; k = 2: 3, 2, 3, 6.
        assert_eq!((mean_reach(column.view(), 1), mean_reach(column.view(), 2)), (2.0, 3.5));
    }

    #[test]
    fn the_unit_of_the_data_is_without_effect() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        for columns in [2, 8] {
            let a = Array2::from_shape_simple_fn((500, columns), &mut normal);
            let b = a.mapv(|a| a + 0.5 * normal());
            let bits = |unit: f64| Edge { seed: 0 }.pair((&a * unit).view(), (&b / unit).view()).unwrap().bits;
            // Powers of two scale exactly.
            assert_eq!((bits(1.0), bits(1.0)), (bits(1.0 / 4096.0), bits(8192.0)));
            assert!(bits(1.0) > 0.3);
        }
        let constant = Array2::from_elem((500, 1), 3.0);
        assert_eq!(Edge { seed: 0 }.pair(constant.view(), constant.view()).unwrap().bits, 0.0);
    }

    #[test]
    fn gaussians_come_out_as_the_recipe_has_them_and_independent_ones_near_nothing() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let a = Array2::from_shape_simple_fn((5000, 1), &mut normal);
        // The recipe in numpy on 5000 other pairs. The truths are 0, 0.32, 1.20 and 2.83 bits.
        for (rho, recipe) in [(0.0_f64, 0.0), (0.6, 0.152), (0.9, 1.024), (0.99, 2.211)] {
            let b = Array2::from_shape_fn((5000, 1), |(i, _)| rho * a[[i, 0]] + (1.0 - rho * rho).sqrt() * normal());
            let got = Edge { seed: 0 }.pair(a.view(), b.view()).unwrap().bits;
            assert!((got - recipe).abs() < 0.06, "{got} instead of {recipe}");
        }
    }
}
