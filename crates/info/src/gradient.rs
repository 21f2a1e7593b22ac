//! Gradient signal-to-noise: how far the mini-batch gradients of an epoch agree.
//!
//! Over the B mini-batches of an epoch, with gradients g_b of one layer's weights W: the norm of their mean ‖⟨g⟩‖ and of their
//! standard deviation ‖σ(g)‖ (Frobenius; population standard deviation, entry by entry), both divided by ‖W‖, and their
//! ratio, the signal-to-noise ratio. Drift: SNR ≫ 1; diffusion: SNR ≪ 1.
//! Shwartz-Ziv & Tishby 2017 (arXiv 1703.00810), §3.3 and figure 4.

/// First and second moments of gradients, entry by entry, accumulated in f64.
///
/// # Example
/// ```
/// use infoplane_info::gradient::GradientMoments;
///
/// let mut moments = GradientMoments::new(2);
/// moments.add(&[3.0, 4.0]);
/// moments.add(&[3.0, 2.0]);
/// let norms = moments.norms(0..2).unwrap();
/// assert_eq!((norms.mean, norms.std, norms.snr()), (18_f64.sqrt(), 1.0, Some(18_f64.sqrt())));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GradientMoments {
    batches: usize,
    sum: Vec<f64>,
    squares: Vec<f64>,
}

/// The two norms of one layer and their ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GradientNorms {
    /// ‖⟨g⟩‖.
    pub mean: f64,
    /// ‖σ(g)‖.
    pub std: f64,
}

impl GradientMoments {
    /// No gradients yet, of so many entries.
    pub fn new(entries: usize) -> Self {
        Self { batches: 0, sum: vec![0.0; entries], squares: vec![0.0; entries] }
    }

    /// Adds the gradient of one mini-batch.
    ///
    /// # Panics
    /// If it has another number of entries.
    pub fn add(&mut self, gradient: &[f32]) {
        assert_eq!(gradient.len(), self.sum.len(), "gradients of one network have one length");
        self.batches += 1;
        for ((sum, square), &g) in self.sum.iter_mut().zip(&mut self.squares).zip(gradient) {
            let g = f64::from(g);
            *sum += g;
            *square += g * g;
        }
    }

    /// Number of entries of each gradient.
    pub fn entries(&self) -> usize {
        self.sum.len()
    }

    /// Number of mini-batches added.
    pub fn batches(&self) -> usize {
        self.batches
    }

    /// The norms over a range of entries: one layer's weights. None before the first mini-batch.
    pub fn norms(&self, entries: std::ops::Range<usize>) -> Option<GradientNorms> {
        (self.batches > 0).then(|| {
            let n = self.batches as f64;
            let (mut mean_squares, mut variances) = (0.0, 0.0);
            for (sum, squares) in self.sum[entries.clone()].iter().zip(&self.squares[entries]) {
                let mean = sum / n;
                mean_squares += mean * mean;
                // Rounding can carry the variance of equal gradients a little below 0.
                variances += (squares / n - mean * mean).max(0.0);
            }
            GradientNorms { mean: mean_squares.sqrt(), std: variances.sqrt() }
        })
    }
}

impl GradientNorms {
    /// ‖⟨g⟩‖ / ‖σ(g)‖; infinite without noise, none where there is neither.
    pub fn snr(self) -> Option<f64> {
        (self.mean > 0.0 || self.std > 0.0).then(|| self.mean / self.std)
    }
}

/// Where drift turns into diffusion: the place, after the greatest ratio, that best parts ratios of at least 1 before it from
/// ratios below 1 from it on (fewest on the wrong side; the first of equals). None if no ratio reaches 1 (there was no drift),
/// or nothing is gained by any parting (it never ended). A single ratio that dips below 1 by chance moves it little.
pub fn transition(snr: &[f64]) -> Option<usize> {
    let peak = (0..snr.len()).fold(0, |best, k| if snr[k] > snr[best] { k } else { best });
    if snr.get(peak).is_none_or(|&ratio| ratio < 1.0) {
        return None;
    }
    let drifting = |from: usize, to: usize| snr[from..to].iter().filter(|&&ratio| ratio >= 1.0).count();
    let right = |cut: usize| drifting(peak, cut) + (snr.len() - cut - drifting(cut, snr.len()));
    // The cut at the end, which no parting may merely equal, says that the drift never ended.
    let never = snr.len();
    let best = (peak + 1..never).fold(never, |best, cut| if right(cut) > right(best) { cut } else { best });
    (best < never).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    #[test]
    fn two_batches_by_hand() {
        let mut moments = GradientMoments::new(3);
        assert_eq!(moments.norms(0..3), None);
        moments.add(&[1.0, 4.0, 7.0]);
        moments.add(&[3.0, 4.0, 7.0]);
        let norms = moments.norms(0..2).unwrap();
        assert_abs_diff_eq!(norms.mean, 20_f64.sqrt(), epsilon = 1e-15);
        assert_abs_diff_eq!(norms.std, 1.0, epsilon = 1e-15);
        assert_abs_diff_eq!(norms.snr().unwrap(), 20_f64.sqrt(), epsilon = 1e-15);
        assert_eq!(moments.norms(2..3).unwrap().snr(), Some(f64::INFINITY));
    }

    #[test]
    fn the_transition_follows_the_greatest_ratio() {
        assert_eq!(transition(&[0.4, 0.9, 3.0, 1.2, 0.8, 1.1, 0.2]), Some(4));
        assert_eq!(transition(&[0.4, 0.9, 0.3]), None);
        assert_eq!(transition(&[0.4, 3.0, 2.0]), None);
        assert_eq!(transition(&[f64::INFINITY, 2.0, 0.5]), Some(2));
        // One dip is not the end of the drift.
        assert_eq!(transition(&[5.0, 4.0, 0.9, 3.0, 2.0, 3.0, 0.5, 0.2]), Some(6));
        assert_eq!(transition(&[5.0, 0.9, 3.0, 2.0]), None);
        assert_eq!(transition(&[]), None);
    }

    #[test]
    fn a_small_noise_on_a_large_signal_keeps_five_digits() {
        let mut moments = GradientMoments::new(1);
        for k in 0..14 {
            moments.add(&[1.0 + 1e-4 * (k % 2) as f32]);
        }
        let step = f64::from(1.0_f32 + 1e-4) - 1.0;
        let norms = moments.norms(0..1).unwrap();
        assert_abs_diff_eq!(norms.std / (step / 2.0), 1.0, epsilon = 1e-5);
    }
}
