//! What finite samples allow, as the paper states it (arXiv 1703.00810, §2; Shamir, Sabato & Tishby 2010).

/// The paper's bound on the generalisation error: ε ≤ √((2^{I(X;T)} + ln 1/δ) / 2m), with I(X;T) in bits, m training patterns,
/// and probability at least 1 − δ. Above 1 it says nothing.
pub fn generalisation_error(i_xt_bits: f64, m: usize, delta: f64) -> f64 {
    ((i_xt_bits.exp2() + (1.0 / delta).ln()) / (2.0 * m as f64)).sqrt()
}

/// The order of the error of an estimate of I(T;Y) from m samples, |T||Y|/√m, in bits up to a constant.
pub fn information_error(n_t: usize, n_y: usize, m: usize) -> f64 {
    n_t as f64 * n_y as f64 / (m as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_less_is_worth_twice_the_samples() {
        let (two, one) = (generalisation_error(12.0, 3482, 0.99), generalisation_error(11.0, 1741, 0.99));
        approx::assert_abs_diff_eq!(two, one, epsilon = 1e-4);
        assert!(generalisation_error(12.0, 3482, 0.05) > 0.7);
        approx::assert_abs_diff_eq!(information_error(2, 2, 10_000), 0.04, epsilon = 1e-15);
    }
}
