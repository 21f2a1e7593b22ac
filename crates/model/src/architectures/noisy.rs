//! The noisy perceptron: t_l = φ(z_l) + σε_l with ε_l ~ N(0, I), in training and in measuring.
//!
//! Goldfeld et al. 2019 (arXiv 1810.05728): the noise makes T random given X, so that I(X;T) is finite, depends on the weights,
//! and is what the estimator `noisy:sigma=σ` finds. It is drawn anew for every pattern of every batch, from the replica's own
//! stream; the output layer has none. Measured are φ(z_l) of several passes, each with other noise below: the mixture that
//! p(T_l|x) is, but for the layer's own noise, which the estimator knows.

use burn::tensor::{Device, Tensor, TensorData};
use pulp::{Simd, WithSimd};
use rand::Rng;
use rand::rngs::ChaCha8Rng;

use crate::elementary::ln;
use crate::lanes;

/// σε for every hidden layer, [R, n_l, B] each, one stream for each replica.
pub fn draw(sigma: f64, hidden: &[usize], rows: usize, streams: &mut [ChaCha8Rng], device: &Device) -> Vec<Tensor<3>> {
    let units: usize = hidden.iter().sum();
    let mut bits = vec![0_u32; units * rows];
    let mut layers: Vec<Vec<f32>> = hidden.iter().map(|width| vec![0.0; streams.len() * width * rows]).collect();
    for (r, stream) in streams.iter_mut().enumerate() {
        // All at once: number by number takes as long as everything else here.
        stream.fill_bytes(pulp::bytemuck::cast_slice_mut(&mut bits));
        let mut from = 0;
        for (layer, width) in layers.iter_mut().zip(hidden) {
            let size = width * rows;
            let out = &mut layer[r * size..(r + 1) * size];
            lanes::run(Normals { bits: &bits[from..from + size], scale: sigma as f32, out });
            from += size;
        }
    }
    let tensor = |(values, &width)| Tensor::from_data(TensorData::new(values, [streams.len(), width, rows]), device);
    layers.into_iter().zip(hidden).map(tensor).collect()
}

/// Normal numbers times a scale, from uniform bits.
struct Normals<'a> {
    bits: &'a [u32],
    scale: f32,
    out: &'a mut [f32],
}

impl WithSimd for Normals<'_> {
    type Output = ();

    // A loop without branches: the compiler vectorises it at the kernel's level.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, &bits) in self.out.iter_mut().zip(self.bits) {
            *out = self.scale * normal(bits);
        }
    }
}

/// The normal number whose sign is the lowest bit and whose size has a tail probability given by the others: √2 erf⁻¹, by
/// Giles 2010, *Approximating the erfinv function*, in single precision; up to 6.2 in size.
#[allow(clippy::inline_always)]
#[inline(always)]
fn normal(bits: u32) -> f32 {
    const CENTRE: [f32; 9] = [
        2.810_226_4e-8,
        3.432_739_4e-7,
        -3.523_387_7e-6,
        -4.391_506_5e-6,
        2.185_808_7e-4,
        -1.253_725e-3,
        -4.177_681_6e-3,
        0.246_640_73,
        1.501_409_4,
    ];
    const TAIL: [f32; 9] = [
        -2.002_142_6e-4,
        1.009_505_6e-4,
        1.349_343_2e-3,
        -3.673_428_4e-3,
        5.739_507_7e-3,
        -7.622_461_3e-3,
        9.438_870_5e-3,
        1.001_674,
        2.832_976_8,
    ];
    // 1 − |x|, on ½, 1½, … of 2³¹ parts.
    let tail = ((bits >> 1) as i32 as f32 + 0.5) * (1.0 / 2_147_483_648.0);
    let w = -ln(tail * (2.0 - tail));
    let (near, far) = (w - 2.5, w.sqrt() - 3.0);
    let (mut centre, mut out) = (CENTRE[0], TAIL[0]);
    for k in 1..9 {
        centre = centre.mul_add(near, CENTRE[k]);
        out = out.mul_add(far, TAIL[k]);
    }
    let size = (1.0 - tail) * if w < 5.0 { centre } else { out } * std::f32::consts::SQRT_2;
    f32::from_bits(size.to_bits() ^ (bits << 31))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    #[test]
    fn quantiles_are_those_of_the_normal_distribution() {
        // Φ⁻¹ at 0.5, 0.75, 0.975, 0.999 and 1 − 10⁻⁷, from tables.
        for (p, quantile) in
            [(0.5, 0.0), (0.75, 0.674_489_75), (0.975, 1.959_964), (0.999, 3.090_232_3), (1.0 - 1e-7, 5.199_337_6)]
        {
            let tail: f64 = 2.0 * (1.0 - p) * 2_147_483_648.0;
            let bits = ((tail - 0.5_f64).round().min(2_147_483_647.0) as u32) << 1;
            approx::assert_abs_diff_eq!(normal(bits), quantile as f32, epsilon = 2e-4);
            assert_eq!(normal(bits | 1), -normal(bits));
        }
        assert!(normal(0).is_finite() && normal(u32::MAX).is_finite());
    }

    #[test]
    fn draws_have_the_moments_of_a_normal_and_their_own_stream() {
        let device = crate::Backend::ALL.iter().find_map(|backend| backend.open(0).ok()).unwrap().device().clone();
        let mut streams: Vec<ChaCha8Rng> = (0..2).map(|seed| stream(seed, Purpose::Noise)).collect();
        let layers = draw(0.5, &[5, 3], 20_000, &mut streams, &device);
        assert_eq!(layers.iter().map(Tensor::dims).collect::<Vec<_>>(), [[2, 5, 20_000], [2, 3, 20_000]]);
        let values = crate::architectures::mlp::to_vec(layers[0].clone().into_data());
        let mean = |power: i32| values.iter().map(|&v| f64::from(v).powi(power)).sum::<f64>() / values.len() as f64;
        assert!(mean(1).abs() < 0.005 && (mean(2) - 0.25).abs() < 0.004, "{} {}", mean(1), mean(2));
        assert!((mean(4) - 3.0 / 16.0).abs() < 0.01, "{}", mean(4));
        // A replica's noise does not depend on its neighbours.
        let alone = draw(0.5, &[5, 3], 20_000, &mut [stream(1, Purpose::Noise)], &device);
        assert_eq!(crate::architectures::mlp::to_vec(alone[0].clone().into_data()), values[values.len() / 2..]);
    }
}
