//! Bounds against Gaussians, whose information is known.

use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::Backend;
use crate::random::{Purpose, stream};

const BOUNDS: [Bound; 5] = [Bound::InfoNce, Bound::InfoNceAnchor, Bound::Nwj, Bound::Mine, Bound::Smile { tau: 5.0 }];

/// n pairs of so many columns, each correlated by ρ.
fn gaussians(n: usize, columns: usize, rho: f64) -> (Array2<f64>, Array2<f64>) {
    let rng = &mut stream(5, Purpose::MonteCarlo);
    let a = Array2::from_shape_simple_fn((n, columns), || StandardNormal.sample(rng));
    let noise: Array2<f64> = Array2::from_shape_simple_fn((n, columns), || StandardNormal.sample(rng));
    let b = &a * rho + noise * (1.0 - rho * rho).sqrt();
    (a, b)
}

fn nats(n: usize, columns: usize, rho: f64, bound: Bound, seeds: &[u64]) -> Vec<f64> {
    let (a, b) = gaussians(n, columns, rho);
    let backend = Backend::ALL.into_iter().find(|backend| backend.is_compiled()).unwrap();
    let compute = backend.open(0).unwrap();
    let found = estimate(a.view(), b.view(), bound, CriticSettings::default(), seeds, &compute).unwrap();
    found.iter().map(|held_out| held_out.nats).collect()
}

#[test]
fn every_bound_comes_near_gaussians_from_below_and_finds_nothing_where_there_is_nothing() {
    let truth = -0.5 * (1.0 - 0.64_f64).ln();
    for bound in BOUNDS {
        let mean = |rho: f64| nats(2000, 1, rho, bound, &[1, 2, 3]).iter().sum::<f64>() / 3.0;
        let (some, none) = (mean(0.8), mean(0.0));
        assert!((truth - 0.12..truth + 0.08).contains(&some), "{bound:?}: {some} instead of {truth}");
        assert!(none.abs() < 0.03, "{bound:?}: {none} instead of 0");
    }
}

#[test]
fn infonce_stays_below_its_ceiling_whatever_the_truth() {
    // 5 columns of ρ = 0.999: 15.5 nats; 20 held-out rows: ln 20 = 3.0.
    let found = nats(100, 5, 0.999, Bound::InfoNce, &[1])[0];
    assert!(found > 1.0 && found <= 20_f64.ln(), "{found}");
}

#[test]
fn the_anchor_has_no_ceiling() {
    // 5 columns of ρ = 0.95: 5.8 nats; 100 held-out rows: ln 100 = 4.6.
    let of = |bound: Bound| nats(500, 5, 0.95, bound, &[1])[0];
    let (plain, anchored) = (of(Bound::InfoNce), of(Bound::InfoNceAnchor));
    assert!(plain < anchored && anchored < 7.0, "{plain} and {anchored}");
}

#[test]
fn a_seed_says_the_same_alone_and_in_company_and_others_say_other_things() {
    for bound in BOUNDS {
        let together = nats(300, 2, 0.7, bound, &[1, 2]);
        assert_eq!(together[1], nats(300, 2, 0.7, bound, &[2])[0]);
        assert_ne!(together[0], together[1]);
    }
}

#[test]
#[cfg(feature = "flex")]
fn fused_and_composed_layers_agree() {
    let (a, b) = gaussians(200, 2, 0.9);
    let compute = Backend::Flex.open(0).unwrap();
    let settings = CriticSettings { steps: 20, ..CriticSettings::default() };
    for bound in BOUNDS {
        let of = |compute: &Compute| estimate(a.view(), b.view(), bound, settings, &[1], compute).unwrap()[0].nats;
        let (fused, composed) = (of(&compute), of(&compute.clone().composed()));
        assert!((fused - composed).abs() < 1e-4, "{bound:?}: {fused} and {composed}");
    }
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let (a, b) = gaussians(40, 1, 0.5);
    let backend = Backend::ALL.into_iter().find(|backend| backend.is_compiled()).unwrap();
    let compute = backend.open(0).unwrap();
    let refused = |a: ArrayView2<f64>, b: ArrayView2<f64>| {
        estimate(a, b, Bound::Nwj, CriticSettings::default(), &[1], &compute).unwrap_err()
    };
    assert_eq!(refused(a.view(), b.view()), CriticError::TooFewRows(40));
    assert_eq!(refused(a.view(), b.slice(ndarray::s![..30, ..])), CriticError::Shapes(40, 1, 30, 1));
}
