//! Cross-entropy of one replica and its gradient, over many patterns at once.
//!
//! loss = −(1/B) Σ_k log p(y_k|x_k) in nats; ∂loss/∂z_ck = (p(c|x_k) − [c = y_k])/B. Softmax over C ≥ 2 logits; a single
//! logit is a sigmoid's, of the class 1: the softmax of (0, z).

use pulp::{Simd, WithSimd};

use super::product::Features;

/// Patterns worked on together; a multiple of every register width.
const CHUNK: usize = 16;

/// Loss and gradient of one replica: gives Σ_k −log p(y_k|x_k) in nats.
#[derive(Debug)]
pub struct CrossEntropy<'a> {
    /// Logits, [C × patterns].
    pub logits: Features<'a>,
    /// Class of each pattern, as a float, [patterns].
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
                g[k] = self.share * (g[k] / sum[k] - if y[k] == number { 1.0 } else { 0.0 });
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

/// eˣ for x ≤ 0, within 1 unit in the last place or so (Cephes `expf`); 0 below −87, NaN of NaN.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // Adding 1.5·2²³ rounds to the nearest whole number and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, x));
    let mut p = 1.987_569_1e-4_f32;
    p = p.mul_add(r, 1.398_199_9e-3);
    p = p.mul_add(r, 8.333_452e-3);
    p = p.mul_add(r, 4.166_579_6e-2);
    p = p.mul_add(r, 0.166_666_65);
    p = p.mul_add(r, 0.5);
    let e = p.mul_add(r * r, r) + 1.0;
    // The low bits of the shifted number are n.
    e * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

/// ln x for normal x > 0, within 1 unit in the last place or so (Cephes `logf`); NaN of NaN.
#[inline(always)]
fn ln(x: f32) -> f32 {
    const SQRT_HALF_BITS: i32 = 0x3f35_04f3;
    let bits = x.to_bits() as i32;
    let exponent = (bits - SQRT_HALF_BITS) >> 23;
    let m = f32::from_bits((bits - (exponent << 23)) as u32) - 1.0;
    let e = exponent as f32;
    let square = m * m;
    let mut p = 7.037_683_6e-2_f32;
    p = p.mul_add(m, -0.115_146_1);
    p = p.mul_add(m, 0.116_769_98);
    p = p.mul_add(m, -0.124_201_41);
    p = p.mul_add(m, 0.142_493_23);
    p = p.mul_add(m, -0.166_680_57);
    p = p.mul_add(m, 0.200_007_15);
    p = p.mul_add(m, -0.249_999_94);
    p = p.mul_add(m, 0.333_333_3);
    let ln = m + (p * m * square + e * -2.121_944_4e-4 - 0.5 * square) + e * 0.693_359_4;
    // The bits above have hidden a NaN.
    if x.is_nan() { x } else { ln }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_ln_are_good_to_two_units_in_the_last_place() {
        let off = |got: f32, want: f64| ((f64::from(got) - want) / want).abs() / f64::from(f32::EPSILON);
        for i in 0..200_000 {
            let x = -85.0 * i as f32 / 200_000.0;
            assert!(off(exp(x), f64::from(x).exp()) < 2.0, "exp({x})");
            let s = 1.0 + 9.0 * i as f32 / 200_000.0;
            assert!((f64::from(ln(s)) - f64::from(s).ln()).abs() < 2.0 * f64::from(f32::EPSILON), "ln({s})");
        }
        assert!(exp(-1e30) < 2e-38 && exp(f32::NAN).is_nan() && ln(f32::NAN).is_nan());
    }
}
