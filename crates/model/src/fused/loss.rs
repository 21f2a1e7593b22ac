//! Cross-entropy of one replica and its gradient, over many patterns at once.
//!
//! loss = −(1/B) Σ_k log p(y_k|x_k) in nats; ∂loss/∂z_ck = (p(c|x_k) − [c = y_k])/B. Softmax over C ≥ 2 logits; a single
//! logit is a sigmoid's, of the class 1: the softmax of (0, z).

use pulp::{Simd, WithSimd};

use super::product::Features;
use crate::elementary::{exp, ln};

/// Patterns worked on together; a multiple of every register width.
const CHUNK: usize = 16;
/// Derivatives smaller than this are 0: no sum in single precision feels them, and what lies below them in the network would be
/// subnormal numbers, which some processors multiply a hundred times slower (ReLU networks sure of their patterns took 11 times
/// as long on an Intel Xeon; docs/speed.md).
const FAINT: f32 = 1e-30;

/// Loss and gradient of one replica: gives Σ_k −log p(y_k|x_k) in nats.
#[derive(Debug)]
pub struct CrossEntropy<'a> {
    /// Logits, [C × patterns].
    pub logits: Features<'a>,
    /// Class of each pattern, as a float, \[patterns].
    pub labels: &'a [f32],
    /// 1/B: the share of a pattern in the mean.
    pub share: f32,
    /// Gradient of the mean, written; as many numbers as C features of the logits' stride.
    pub gradient: &'a mut [f32],
}

impl WithSimd for CrossEntropy<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> f64 {
        let patterns = self.labels.len();
        let whole = patterns - patterns % CHUNK;
        let mut losses = [0.0; CHUNK];
        for start in (0..whole).step_by(CHUNK) {
            self.chunk(start, CHUNK, &mut losses);
        }
        if whole < patterns {
            self.chunk(whole, patterns - whole, &mut losses);
        }
        losses.iter().sum()
    }
}

impl CrossEntropy<'_> {
    // The loops have a known length and no branches: the compiler vectorises them at the kernel's level. Inlined twice, for
    // whole chunks and for the rest.
    #[inline(always)]
    fn chunk(&mut self, start: usize, count: usize, losses: &mut [f64; CHUNK]) {
        let stride = self.logits.stride;
        let classes = self.gradient.len() / stride;
        // The implied logit 0 of a sigmoid's class 0 takes part like any other.
        let lone = classes == 1;
        let first = if lone { 1.0 } else { 0.0 };
        let y = padded(self.labels, start, count);
        let mut most = if lone { [0.0_f32; CHUNK] } else { [f32::NEG_INFINITY; CHUNK] };
        for class in 0..classes {
            let z = padded(self.logits.values, class * stride + start, count);
            for k in 0..CHUNK {
                most[k] = if z[k] > most[k] { z[k] } else { most[k] };
            }
        }
        let (mut sum, mut own) = ([0.0_f32; CHUNK], [0.0_f32; CHUNK]);
        if lone {
            for k in 0..CHUNK {
                sum[k] = exp(-most[k]);
                own[k] = if y[k] == 0.0 { -most[k] } else { 0.0 };
            }
        }
        for class in 0..classes {
            let number = first + class as f32;
            let mut e = padded(self.logits.values, class * stride + start, count);
            for k in 0..CHUNK {
                let u = e[k] - most[k];
                e[k] = exp(u);
                sum[k] += e[k];
                own[k] += if y[k] == number { u } else { 0.0 };
            }
            self.gradient[class * stride + start..class * stride + start + count].copy_from_slice(&e[..count]);
        }
        for class in 0..classes {
            let number = first + class as f32;
            let mut g = padded(self.gradient, class * stride + start, count);
            for k in 0..CHUNK {
                let own = self.share * (g[k] / sum[k] - if y[k] == number { 1.0 } else { 0.0 });
                g[k] = if own.abs() < FAINT { 0.0 } else { own };
            }
            self.gradient[class * stride + start..class * stride + start + count].copy_from_slice(&g[..count]);
        }
        for k in 0..CHUNK {
            own[k] = ln(sum[k]) - own[k];
        }
        for k in 0..count {
            losses[k] += f64::from(own[k]);
        }
    }
}

/// `count` numbers from `start`, then zeros.
#[inline(always)]
fn padded(values: &[f32], start: usize, count: usize) -> [f32; CHUNK] {
    let mut chunk = [0.0; CHUNK];
    chunk[..count].copy_from_slice(&values[start..start + count]);
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes;

    #[test]
    fn derivatives_are_zero_or_far_from_subnormal() {
        // From open to sure: the second class leads by up to 200.
        let rows = 100;
        let mut logits = vec![0.0; rows];
        logits.extend((0..rows).map(|k| 2.0 * k as f32));
        let labels = vec![1.0; rows];
        let mut gradient = vec![0.0; 2 * rows];
        let logits = Features { values: &logits, stride: rows };
        lanes::run(CrossEntropy { logits, labels: &labels, share: 1e-3, gradient: &mut gradient });
        assert!(gradient.iter().all(|g| *g == 0.0 || g.abs() >= FAINT));
        assert!(gradient[..30].iter().all(|g| *g > 0.0) && gradient[50..rows].iter().all(|g| *g == 0.0));
    }
}
