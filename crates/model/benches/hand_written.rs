//! What one would write by hand: one network, plain loops over blocks of 64 patterns that the compiler vectorises, tanh and softmax
//! by the formulas of the fused kernels' own approximations; no framework, no shuffling, no gathering. A mark to beat, not a limit.

use pulp::{Simd, WithSimd};

const BLOCK: usize = 64;
type Lanes = [f32; BLOCK];

/// One step of gradient descent of a tanh network with two classes.
pub struct Step<'a> {
    /// Widths, input to output.
    pub widths: &'a [usize],
    /// W [in × out] row by row, then b, layer by layer; changed.
    pub parameters: &'a mut [f32],
    /// Inputs, [F × B].
    pub x: &'a [f32],
    /// Classes, [B].
    pub labels: &'a [f32],
    /// Learning rate.
    pub rate: f32,
}

// What a kernel calls must be inlined into it, or it is compiled without the kernel's instruction set.
#[allow(clippy::inline_always)]
#[inline(always)]
fn tanh(z: f32) -> f32 {
    const P: [f32; 7] =
        [-2.760_768_5e-16, 2.000_188e-13, -8.604_672e-11, 5.122_297_1e-8, 1.485_722_4e-5, 6.372_619_3e-4, 4.893_525e-3];
    const Q: [f32; 4] = [1.198_258_4e-6, 1.185_347_1e-4, 2.268_434_6e-3, 4.893_525_3e-3];
    let z = if z > 7.905_311_6 { 7.905_311_6 } else { z };
    let z = if z < -7.905_311_6 { -7.905_311_6 } else { z };
    let square = z * z;
    let (mut p, mut q) = (P[0], Q[0]);
    for c in &P[1..] {
        p = p.mul_add(square, *c);
    }
    for c in &Q[1..] {
        q = q.mul_add(square, *c);
    }
    z * p / q
}

impl WithSimd for Step<'_> {
    type Output = ();

    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { widths, parameters, x, labels, rate } = self;
        let (layers, batch) = (widths.len() - 1, labels.len());
        let mut offsets = vec![0; layers + 1];
        for l in 0..layers {
            offsets[l + 1] = offsets[l] + (widths[l] + 1) * widths[l + 1];
        }
        let mut t: Vec<Vec<Lanes>> = widths.iter().map(|&width| vec![[0.0; BLOCK]; width]).collect();
        let mut delta = t.clone();
        let mut sums = vec![[0.0_f32; BLOCK]; parameters.len()];
        for start in (0..batch).step_by(BLOCK) {
            let count = BLOCK.min(batch - start);
            for (feature, block) in t[0].iter_mut().enumerate() {
                *block = [0.0; BLOCK];
                block[..count].copy_from_slice(&x[feature * batch + start..feature * batch + start + count]);
            }
            for l in 0..layers {
                let (inputs, outputs) = (widths[l], widths[l + 1]);
                let (w, b) = parameters[offsets[l]..offsets[l + 1]].split_at(inputs * outputs);
                let (below, above) = t.split_at_mut(l + 1);
                for j in 0..outputs {
                    let mut z = [b[j]; BLOCK];
                    for i in 0..inputs {
                        let (weight, x) = (w[i * outputs + j], &below[l][i]);
                        for k in 0..BLOCK {
                            z[k] = x[k].mul_add(weight, z[k]);
                        }
                    }
                    if l + 1 < layers {
                        for k in 0..BLOCK {
                            z[k] = tanh(z[k]);
                        }
                    }
                    above[0][j] = z;
                }
            }
            // The softmax of two classes is a sigmoid of their difference.
            let (first, second) = (t[layers][0], t[layers][1]);
            for k in 0..BLOCK {
                let p = 0.5 * tanh(0.5 * (second[k] - first[k])) + 0.5;
                let y = if k < count { labels[start + k] } else { p };
                delta[layers][1][k] = (p - y) / batch as f32;
                delta[layers][0][k] = -delta[layers][1][k];
            }
            for l in (0..layers).rev() {
                let (inputs, outputs) = (widths[l], widths[l + 1]);
                let w = &parameters[offsets[l]..offsets[l + 1]];
                let (below, above) = delta.split_at_mut(l + 1);
                for j in 0..outputs {
                    let d = &above[0][j];
                    for i in 0..inputs {
                        let (sum, x) = (&mut sums[offsets[l] + i * outputs + j], &t[l][i]);
                        for k in 0..BLOCK {
                            sum[k] = x[k].mul_add(d[k], sum[k]);
                        }
                    }
                    let sum = &mut sums[offsets[l] + inputs * outputs + j];
                    for k in 0..BLOCK {
                        sum[k] += d[k];
                    }
                }
                if l > 0 {
                    for i in 0..inputs {
                        let mut back = [0.0_f32; BLOCK];
                        for j in 0..outputs {
                            let weight = w[i * outputs + j];
                            for k in 0..BLOCK {
                                back[k] = above[0][j][k].mul_add(weight, back[k]);
                            }
                        }
                        let t = &t[l][i];
                        for k in 0..BLOCK {
                            back[k] *= 1.0 - t[k] * t[k];
                        }
                        below[l][i] = back;
                    }
                }
            }
        }
        for (parameter, sum) in parameters.iter_mut().zip(&sums) {
            *parameter -= rate * sum.iter().sum::<f32>();
        }
    }
}
