//! What finite samples allow.
//!
//! - **Generalisation** (Shwartz-Ziv & Tishby 2017, arXiv 1703.00810, §2.4): a class of |H| hypotheses has
//!   ε² ≤ (ln |H| + ln 1/δ)/2m with probability 1 − δ; the paper replaces the 2^|X| labellings of X by the 2^(2^I(X;T)) of the
//!   typical cells of T. That step is a heuristic, not a theorem: it holds for a T fixed before the sample is drawn, with
//!   cells of equal probability.
//! - **Information** (Shamir, Sabato & Tishby 2010, Theor. Comput. Sci. 411): for an encoder p(t|x) fixed before the
//!   sample, with probability 1 − δ (nats)
//!   |I(T;Y) − Î(T;Y)| ≤ (3|T| + 2) ln m √(ln(4/δ)) / √(2m) + ((|T| + 1)(|Y| + 1) − 4)/m,
//!   since one sample moves at most 3|T| + 2 terms of the three entropies by ln m / m each (McDiarmid 1989), and each
//!   plug-in entropy is too small by at most (K − 1)/m on average (Paninski 2003). If T is a function of X, one sample
//!   moves no more than six terms, whatever |T|: [`information_error_of_function`].

/// The paper's bound on the generalisation error: ε ≤ √((2^{I(X;T)} + ln 1/δ) / 2m), with I(X;T) in bits, m training patterns,
/// and probability at least 1 − δ. Above 1 it says nothing.
pub fn generalisation_error(i_xt_bits: f64, m: usize, delta: f64) -> f64 {
    ((i_xt_bits.exp2() + (1.0 / delta).ln()) / (2.0 * m as f64)).sqrt()
}

/// Bits by which a plug-in I(T;Y) from m samples is off at most, with probability at least 1 − δ, for any encoder p(t|x)
/// into `n_t` values that was fixed before the sample.
pub fn information_error_bound(n_t: usize, n_y: usize, m: usize, delta: f64) -> f64 {
    deviation(3.0 * n_t as f64 + 2.0, m, delta) + bias(n_t, n_y, m)
}

/// The same where T is a function of X: one sample moves two terms of each of the three entropies.
pub fn information_error_of_function(n_t: usize, n_y: usize, m: usize, delta: f64) -> f64 {
    deviation(6.0, m, delta) + bias(n_t, n_y, m)
}

/// McDiarmid's deviation in bits where a sample moves so many terms by ln m / m.
fn deviation(terms: f64, m: usize, delta: f64) -> f64 {
    let m = m as f64;
    terms * m.log2() * ((4.0 / delta).ln() / (2.0 * m)).sqrt()
}

/// The sum of the three entropies' greatest biases in bits.
fn bias(n_t: usize, n_y: usize, m: usize) -> f64 {
    ((n_t as f64 + 1.0) * (n_y as f64 + 1.0) - 4.0) / m as f64 / std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JointDistribution;
    use ndarray::Array2;
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn a_bit_less_is_worth_twice_the_samples() {
        let (two, one) = (generalisation_error(12.0, 3482, 0.99), generalisation_error(11.0, 1741, 0.99));
        approx::assert_abs_diff_eq!(two, one, epsilon = 1e-4);
        assert!(generalisation_error(12.0, 3482, 0.05) > 0.7);
    }

    #[test]
    fn it_is_hoeffdings_bound_for_so_many_labellings() {
        // 16 cells, 2^16 labellings: ln |H| = 16 ln 2 ≤ 2^4.
        let hoeffding = ((16.0 * 2_f64.ln() + (1.0_f64 / 0.05).ln()) / 2000.0).sqrt();
        let papers = generalisation_error(4.0, 1000, 0.05);
        assert!(papers >= hoeffding && papers < 1.2 * hoeffding, "{papers} {hoeffding}");
    }

    #[test]
    fn plug_in_information_of_samples_stays_within_the_bound() {
        // T = a random function of X into 6 cells: p(t, y) is all that the estimate sees.
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (n_t, n_y, delta) = (6, 2, 0.05);
        let mut p = Array2::from_shape_fn((n_t, n_y), |_| rng.random_range(0.01..1.0_f64).powi(3));
        p /= p.sum();
        let truth = JointDistribution::new(p.view()).unwrap().mutual_information();
        for m in [30, 300, 3000] {
            let (mut worst, mut misses) = (0.0_f64, 0);
            for _ in 0..200 {
                let mut counts = Array2::<f64>::zeros((n_t, n_y));
                for _ in 0..m {
                    let mut left: f64 = rng.random();
                    let cell = p
                        .iter()
                        .position(|&p| {
                            left -= p;
                            left < 0.0
                        })
                        .unwrap_or(0);
                    counts[[cell / n_y, cell % n_y]] += 1.0 / f64::from(m);
                }
                let error = (JointDistribution::new(counts.view()).unwrap().mutual_information() - truth).abs();
                worst = worst.max(error);
                misses += usize::from(error > information_error_of_function(n_t, n_y, m as usize, delta));
            }
            assert!(misses <= 10, "m = {m}: outside in {misses} of 200");
            // The bound is not vacuous by orders of magnitude: it falls with m as the errors do.
            assert!(
                information_error_of_function(n_t, n_y, m as usize, delta) < 60.0 * worst,
                "m = {m}, worst {worst}"
            );
            assert!(
                information_error_bound(n_t, n_y, m as usize, delta)
                    > information_error_of_function(n_t, n_y, m as usize, delta)
            );
        }
    }
}
