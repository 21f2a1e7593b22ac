//! Cross-entropy of one replica and its gradient, over B rows at once.
//!
//! loss = −(1/B) Σ_k log p(y_k|x_k) in nats; ∂loss/∂z_ck = (p(c|x_k) − [c = y_k])/B. Softmax over C ≥ 2 logits; a single
//! logit is a sigmoid's, of the class 1: the softmax of (0, z).

use pulp::{Simd, WithSimd};

/// Rows worked on together; a multiple of every register width.
const CHUNK: usize = 16;

/// Loss and gradient of one replica.
#[derive(Debug)]
pub struct CrossEntropy<'a> {
    /// Logits, [C × B].
    pub logits: &'a [f32],
    /// Class of each row, as a float, [B].
    pub labels: &'a [f32],
    /// Gradient, written, [C × B].
    pub gradient: &'a mut [f32],
}

impl WithSimd for CrossEntropy<'_> {
    type Output = f32;

    // The loops over a chunk have a known length and no branches: the compiler vectorises them at the kernel's level.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let Self { logits, labels, gradient } = self;
        let rows = labels.len();
        let classes = logits.len() / rows;
        let share = 1.0 / rows as f32;
        let mut loss = 0.0_f64;
        for start in (0..rows).step_by(CHUNK) {
            let count = CHUNK.min(rows - start);
            let mut y = [0.0_f32; CHUNK];
            y[..count].copy_from_slice(&labels[start..start + count]);
            let z = |class: usize| {
                let mut z = [0.0_f32; CHUNK];
                z[..count].copy_from_slice(&logits[class * rows + start..class * rows + start + count]);
                z
            };
            // The implied logit 0 of a sigmoid's class 0 takes part like any other.
            let lone = classes == 1;
            let mut most = if lone { [0.0_f32; CHUNK] } else { [f32::NEG_INFINITY; CHUNK] };
            for class in 0..classes {
                let z = z(class);
                for k in 0..CHUNK {
                    most[k] = if z[k] > most[k] { z[k] } else { most[k] };
                }
            }
            let mut sum = [0.0_f32; CHUNK];
            let mut own = [0.0_f32; CHUNK];
            if lone {
                for k in 0..CHUNK {
                    sum[k] = exp(-most[k]);
                    own[k] = if y[k] == 0.0 { -most[k] } else { 0.0 };
                }
            }
            for class in 0..classes {
                let z = z(class);
                let number = if lone { 1.0 } else { class as f32 };
                for k in 0..CHUNK {
                    let u = z[k] - most[k];
                    sum[k] += exp(u);
                    own[k] += if y[k] == number { u } else { 0.0 };
                }
            }
            for class in 0..classes {
                let z = z(class);
                let number = if lone { 1.0 } else { class as f32 };
                let mut g = [0.0_f32; CHUNK];
                for k in 0..CHUNK {
                    let p = exp(z[k] - most[k]) / sum[k];
                    g[k] = share * (p - if y[k] == number { 1.0 } else { 0.0 });
                }
                gradient[class * rows + start..class * rows + start + count].copy_from_slice(&g[..count]);
            }
            let mut terms = [0.0_f32; CHUNK];
            for k in 0..CHUNK {
                terms[k] = ln(sum[k]) - own[k];
            }
            loss += terms[..count].iter().map(|&term| f64::from(term)).sum::<f64>();
        }
        (loss / rows as f64) as f32
    }
}

/// eˣ for x ≤ 0, within 1 unit in the last place or so (Cephes `expf`); 0 below −87, NaN of NaN.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // Adding 1.5·2²³ rounds to the nearest whole number.
    const ROUND: f32 = 12_582_912.0;
    let x = if x < -87.0 { -87.0 } else { x };
    let n = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, x));
    let mut p = 1.987_569_1e-4_f32;
    p = p.mul_add(r, 1.398_199_9e-3);
    p = p.mul_add(r, 8.333_452e-3);
    p = p.mul_add(r, 4.166_579_6e-2);
    p = p.mul_add(r, 0.166_666_65);
    p = p.mul_add(r, 0.5);
    let e = p.mul_add(r * r, r) + 1.0;
    e * f32::from_bits((((n as i32) + 127) << 23) as u32)
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
