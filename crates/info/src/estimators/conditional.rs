//! Conditional information I(A;B|C): what A says of B to whom knows C.
//!
//! Nearest neighbours: Frenzel & Pompe 2007 (Phys. Rev. Lett. 99, 204101), maximum norm, in nats:
//! ψ(k) + ⟨ψ(n_c + 1) − ψ(n_ac + 1) − ψ(n_bc + 1)⟩, n the rows strictly nearer than the k-th neighbour in (a, b, c). Biased towards 0
//! as C has more columns. Discrete: H(A,C) + H(B,C) − H(A,B,C) − H(C) of symbols as they are.
//!
//! Scales, copies and ties as in [`super::ksg`].

use ndarray::{Array1, ArrayView2, Axis};
use statrs::function::gamma::digamma;

use super::columns::Columns;
use super::ksg::{Ksg, REPEATED, by_values, check_pair, without_copies};
use super::neighbours::Neighbours;
use super::{Estimate, EstimateError};
use crate::partition::Partition;

/// I(A;B|C) in bits of rows [n × d_a], [n × d_b] and [n × d_c], by nearest neighbours.
///
/// # Errors
/// As [`Ksg`]'s information of a pair.
pub(super) fn nearest(
    ksg: &Ksg,
    a: ArrayView2<f64>,
    b: ArrayView2<f64>,
    given: ArrayView2<f64>,
) -> Result<Estimate, EstimateError> {
    check_pair(a, b, ksg.k)?;
    check_pair(a, given, ksg.k)?;
    let a_given = ndarray::concatenate(Axis(1), &[a, given])
        .map_err(|_| EstimateError::PairRows { first: a.nrows(), second: given.nrows() })?;
    let (kept, repeats) = if ksg.standardise { without_copies(a_given.view(), b) } else { (None, false) };
    if let Some(kept) = kept {
        let once = |side: ArrayView2<f64>| side.select(Axis(0), &kept);
        return nearest(ksg, once(a).view(), once(b).view(), once(given).view());
    }
    let columns = |side: ArrayView2<f64>, seed: u64| {
        if !ksg.standardise {
            return Columns::new(side);
        }
        let scaled = Columns::standardised(side);
        if repeats && ksg.noise > 0.0 {
            scaled.with_noise(ksg.noise, &by_values(a_given.view(), b), seed)
        } else {
            scaled
        }
    };
    let (a, b, c) = (columns(a, 1), columns(b, 2), columns(given, 3));
    let (ac, bc) = (a.beside(&c), b.beside(&c));
    let terms = Neighbours::new([&ac, &bc, &c], ksg.k).of_each_row(|_, near| {
        let radius = near.joint.kth_nearest(ksg.k);
        // The row itself is nearer too.
        let [ac, bc, c] = near.each.map(|side| digamma(side.below(radius) as f64));
        (radius > 0.0).then_some(c - (ac + bc))
    });
    let terms: Option<Vec<f64>> = terms.into_iter().collect();
    let terms = terms.ok_or(REPEATED)?;
    let mean = terms.iter().sum::<f64>() / terms.len() as f64;
    Ok(Estimate::point((digamma(ksg.k as f64) + mean) / std::f64::consts::LN_2))
}

/// I(A;B|C) in bits of symbols: equal rows are one.
///
/// # Errors
/// If the samples have other numbers of rows.
pub(super) fn of_symbols(
    a: ArrayView2<f64>,
    b: ArrayView2<f64>,
    given: ArrayView2<f64>,
) -> Result<Estimate, EstimateError> {
    check_pair(a, b, 1)?;
    check_pair(a, given, 1)?;
    let [a, b, c] = [a, b, given].map(Partition::of_rows);
    let p = Array1::from_elem(c.cell().len(), 1.0 / c.cell().len() as f64);
    let h = |partition: &Partition| partition.entropy(p.view());
    let (ac, bc) = (a.refine(&c), b.refine(&c));
    Ok(Estimate::point((h(&ac) + h(&bc) - h(&ac.refine(&b)) - h(&c)).max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::super::Estimator;
    use super::super::plugin::Plugin;
    use super::*;
    use ndarray::Array2;
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn gaussians_have_that_of_their_partial_correlation_in_any_units() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let c = Array2::from_shape_simple_fn((1500, 1), &mut normal);
        // A and B share C, and beside it a noise: their partial correlation is ½, I(A;B|C) = −½ log₂ ¾ = 0.2075 bits.
        let shared = Array2::from_shape_simple_fn((1500, 1), &mut normal);
        let own = |normal: &mut dyn FnMut() -> f64| &c + &shared + Array2::from_shape_simple_fn((1500, 1), normal);
        let (a, b) = (own(&mut normal), own(&mut normal));
        let bits = |a: &Array2<f64>, b: &Array2<f64>, c: &Array2<f64>| {
            Ksg::default().conditional(a.view(), b.view(), c.view()).unwrap().bits
        };
        let found = bits(&a, &b, &c);
        assert!((found - 0.2075).abs() < 0.06, "{found}");
        approx::assert_abs_diff_eq!(bits(&(&a * 1e6), &b, &(&c * 1e-6)), found, epsilon = 1e-9);
        // Given what they share beside C too, nothing is left.
        let all = ndarray::concatenate![Axis(1), c, shared];
        assert!(bits(&a, &b, &all).abs() < 0.06);
        assert!(Ksg::default().pair(a.view(), b.view()).unwrap().bits > 1.5 * found);
    }

    #[test]
    fn a_sum_modulo_two_is_known_only_with_the_other() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut bit = || f64::from(rng.random_range(0..2_u32));
        let (a, c) =
            (Array2::from_shape_simple_fn((800, 1), &mut bit), Array2::from_shape_simple_fn((800, 1), &mut bit));
        let b = ndarray::Zip::from(&a).and(&c).map_collect(|&a: &f64, &c: &f64| (a + c) % 2.0);
        let plugin = Plugin { correction: None, symbols: None };
        assert!(plugin.conditional(a.view(), b.view(), c.view()).unwrap().bits > 0.98);
        assert!(plugin.pair(a.view(), b.view()).unwrap().bits < 0.02);
        assert!(super::super::gaussian::Gaussian.conditional(a.view(), b.view(), c.view()).is_err());
    }
}
