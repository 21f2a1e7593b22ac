//! The divergence KL[q ‖ t] (nats).
//!
//! It is computed as Σ_y t_y g(q_y / t_y) with g(r) = r ln r − r + 1 ≥ 0: no cancellation where q ≈ t, so β KL keeps its
//! relative precision however large β is.

/// KL[q ‖ t] in nats, for t > 0 wherever q > 0.
pub(super) fn kl(q: &[f64], t: &[f64]) -> f64 {
    q.iter().zip(t).map(|(&q, &t)| if q > 0.0 { bregman(q, t) } else { t }).sum()
}

/// t g(q/t) with g(r) = r ln r − r + 1, for q, t > 0.
fn bregman(q: f64, t: f64) -> f64 {
    let difference = q - t;
    if difference.abs() < 0.02 * t {
        let d = difference / t;
        // Σ_{i≥2} (−d)^i / i(i−1): eight terms leave less than 1e-16 of the first.
        let tail = 1.0 / 42.0 - d * (1.0 / 56.0 - d * (1.0 / 72.0 - d / 90.0));
        t * (d * d * (0.5 - d * (1.0 / 6.0 - d * (1.0 / 12.0 - d * (1.0 / 20.0 - d * (1.0 / 30.0 - d * tail))))))
    } else {
        let ratio = q / t;
        q * if ratio.is_finite() { ratio.ln() } else { q.ln() - t.ln() } - difference
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn divergence_of_near_neighbours_keeps_its_relative_precision() {
        // KL[t + d ‖ t] = d²/2t(1−t) (1 + O(d)).
        let d = 1e-9;
        assert_relative_eq!(kl(&[0.3 + d, 0.7 - d], &[0.3, 0.7]), d * d / 0.42, max_relative = 1e-6);
        assert_relative_eq!(kl(&[0.0, 1.0], &[0.25, 0.75]), -(0.75_f64.ln()), max_relative = 1e-14);
        assert_relative_eq!(bregman(1.0199, 1.0), 1.0199_f64 * 1.0199_f64.ln() - 0.0199, max_relative = 1e-12);
        assert_relative_eq!(
            kl(&[0.5, 0.5], &[1e-309, 1.0]),
            0.5 * (0.25_f64.ln() + 309.0 * 10_f64.ln()),
            max_relative = 1e-12
        );
    }
}
