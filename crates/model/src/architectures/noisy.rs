//! The noisy perceptron: t_l = φ(z_l) + σε_l with ε_l ~ N(0, I), in training and in measuring.
//!
//! Goldfeld et al. 2019 (arXiv 1810.05728): the noise makes T random given X, so that I(X;T) is finite, depends on the weights,
//! and is what the estimator `noisy:sigma=σ` finds. It is drawn anew for every pattern of every batch, from the replica's own
//! stream; the output layer has none. Measured are φ(z_l) of several passes, each with other noise below: the mixture that
//! p(T_l|x) is, but for the layer's own noise, which the estimator knows.

use burn::tensor::{Device, Tensor, TensorData};
use pulp::{Simd, WithSimd, bytemuck};
use rand::Rng;
use rand::rngs::ChaCha8Rng;

use crate::elementary::ln;
use crate::lanes::{self, REGISTER};

/// σε for every hidden layer, [R, n_l, B] each, one stream for each replica.
pub fn draw(sigma: f64, hidden: &[usize], rows: usize, streams: &mut [ChaCha8Rng], device: &Device) -> Vec<Tensor<3>> {
    let mut layers: Vec<Vec<f32>> = hidden.iter().map(|width| vec![0.0; streams.len() * width * rows]).collect();
    for (r, stream) in streams.iter_mut().enumerate() {
        let mut bits = Xoshiro::from(stream);
        for (layer, width) in layers.iter_mut().zip(hidden) {
            let size = width * rows;
            let out = &mut layer[r * size..(r + 1) * size];
            lanes::run(Normals { bits: &mut bits, scale: sigma as f32, out });
        }
    }
    let tensor = |(values, &width)| Tensor::from_data(TensorData::new(values, [streams.len(), width, rows]), device);
    layers.into_iter().zip(hidden).map(tensor).collect()
}

/// Eight generators xoshiro128++ side by side (Blackman & Vigna 2021), a register of each word of their state. A stream starts
/// them for each batch, and they give as many bits as the batch's noise needs in a fraction of ChaCha8's time.
struct Xoshiro([[u32; REGISTER]; 4]);

impl Xoshiro {
    fn from(stream: &mut ChaCha8Rng) -> Self {
        let mut state = [[0; REGISTER]; 4];
        stream.fill_bytes(bytemuck::bytes_of_mut(&mut state));
        Self(state)
    }

    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn next(&mut self) -> [u32; REGISTER] {
        let [a, b, c, d] = &mut self.0;
        let mut bits = [0; REGISTER];
        for i in 0..REGISTER {
            bits[i] = a[i].wrapping_add(d[i]).rotate_left(7).wrapping_add(a[i]);
            let shifted = b[i] << 9;
            c[i] ^= a[i];
            d[i] ^= b[i];
            b[i] ^= c[i];
            a[i] ^= d[i];
            c[i] ^= shifted;
            d[i] = d[i].rotate_left(11);
        }
        bits
    }
}

/// Normal numbers times a scale.
struct Normals<'a> {
    bits: &'a mut Xoshiro,
    scale: f32,
    out: &'a mut [f32],
}

impl WithSimd for Normals<'_> {
    type Output = ();

    // Loops over a register without branches: the compiler vectorises them at the kernel's level.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (pairs, rest) = self.out.as_chunks_mut::<{ 2 * REGISTER }>();
        for out in pairs {
            *out = pairs_of(self.bits, self.scale);
        }
        let last = rest.len();
        rest.copy_from_slice(&pairs_of(self.bits, self.scale)[..last]);
    }
}

/// Eight numbers and their eight partners. (No closure: it would be compiled without the kernel's instruction set.)
#[allow(clippy::inline_always)]
#[inline(always)]
fn pairs_of(bits: &mut Xoshiro, scale: f32) -> [f32; 2 * REGISTER] {
    let (radii, angles) = (bits.next(), bits.next());
    let mut pairs = [0.0; 2 * REGISTER];
    for i in 0..REGISTER {
        let [a, b] = normals(radii[i], angles[i]);
        pairs[i] = scale * a;
        pairs[i + REGISTER] = scale * b;
    }
    pairs
}

/// Two normal numbers from uniform bits: a radius √(−2 ln u) and an angle (Box & Muller 1958), up to 6.6 in size.
#[allow(clippy::inline_always)]
#[inline(always)]
fn normals(radius: u32, angle: u32) -> [f32; 2] {
    // u on ½, 1½, … of 2³¹ parts.
    let u = ((radius >> 1) as i32 as f32 + 0.5) * (1.0 / 2_147_483_648.0);
    let r = (-2.0 * ln(u)).max(0.0).sqrt();
    // The highest bits are an angle between ±π/4; one more turns it round, and one mirrors it at the diagonal.
    let a = (angle as i32 >> 2) as f32 * (std::f32::consts::FRAC_PI_4 / 536_870_912.0);
    let square = a * a;
    // Cephes `sinf` and `cosf`.
    let sin = (-1.951_529_6e-4_f32).mul_add(square, 8.332_161e-3).mul_add(square, -0.166_666_55);
    let sin = (r * a).mul_add(sin * square, r * a);
    let cos = 2.443_315_7e-5_f32.mul_add(square, -1.388_731_6e-3).mul_add(square, 4.166_664_6e-2);
    let cos = r * (cos * square).mul_add(square, (-0.5_f32).mul_add(square, 1.0));
    let cos = f32::from_bits(cos.to_bits() ^ (angle << 31));
    let mirrored = angle & 2 == 0;
    [if mirrored { sin } else { cos }, if mirrored { cos } else { sin }]
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "flex")]
    use crate::architectures::Architecture;
    use crate::backend::to_vec;
    #[cfg(feature = "flex")]
    use crate::evaluation::tests::small;
    use crate::random::{Purpose, stream};

    #[test]
    fn eight_generators_are_xoshiro128_plus_plus() {
        // The authors' own sequence from the state 1, 2, 3, 4.
        let mut generators = Xoshiro([1, 2, 3, 4].map(|word| [word; REGISTER]));
        for bits in [641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295] {
            assert_eq!(generators.next(), [bits; REGISTER]);
        }
    }

    #[test]
    fn pairs_are_independent_and_normal() {
        let mut bits = Xoshiro::from(&mut stream(1, Purpose::Noise));
        let mut values = vec![0.0; 2_000_000];
        lanes::run(Normals { bits: &mut bits, scale: 1.0, out: &mut values });
        // The share of sizes below quantiles of the normal distribution: three times its standard error.
        for (quantile, share) in [(0.125_661, 0.1), (0.674_490, 0.5), (1.959_964, 0.95), (3.290_527, 0.999)] {
            let below = values.iter().filter(|v| v.abs() < quantile).count() as f64 / values.len() as f64;
            let error = (share * (1.0 - share) / values.len() as f64).sqrt();
            assert!((below - share).abs() < 3.0 * error, "{below} of sizes are below {quantile}");
        }
        // Both of a pair come from one radius: neither they nor their sizes may know of each other.
        let pairs = || {
            values
                .as_chunks::<{ 2 * REGISTER }>()
                .0
                .iter()
                .flat_map(|pair| (0..REGISTER).map(|i| (pair[i], pair[i + REGISTER])))
        };
        let mean =
            |of: fn((f32, f32)) -> f32| pairs().map(|pair| f64::from(of(pair))).sum::<f64>() / pairs().count() as f64;
        assert!(mean(|(a, b)| a * b).abs() < 0.003);
        assert!((mean(|(a, b)| a * a * b * b) - 1.0).abs() < 0.009);
        assert!(mean(|(a, _)| a).abs() < 0.003 && mean(|(_, b)| b).abs() < 0.003);
    }

    #[test]
    fn every_bit_gives_a_finite_number() {
        for radius in [0, 1, 2, u32::MAX] {
            for angle in [0, 1, 2, 3, 1 << 31, u32::MAX] {
                let [a, b] = normals(radius, angle).map(f64::from);
                assert!(a.is_finite() && b.is_finite());
                let u = (f64::from(radius >> 1) + 0.5) / 2_147_483_648.0;
                approx::assert_abs_diff_eq!(a.hypot(b), (-2.0 * u.ln()).sqrt(), epsilon = 1e-3);
            }
        }
    }

    #[test]
    fn draws_have_the_moments_of_a_normal_and_their_own_stream() {
        let device = crate::Backend::ALL.iter().find_map(|backend| backend.open(0).ok()).unwrap().device().clone();
        let mut streams: Vec<ChaCha8Rng> = (0..2).map(|seed| stream(seed, Purpose::Noise)).collect();
        let layers = draw(0.5, &[5, 3], 20_000, &mut streams, &device);
        assert_eq!(layers.iter().map(Tensor::dims).collect::<Vec<_>>(), [[2, 5, 20_000], [2, 3, 20_000]]);
        let values = to_vec(layers[0].clone().into_data());
        let mean = |power: i32| values.iter().map(|&v| f64::from(v).powi(power)).sum::<f64>() / values.len() as f64;
        assert!(mean(1).abs() < 0.005 && (mean(2) - 0.25).abs() < 0.004, "{} {}", mean(1), mean(2));
        assert!((mean(4) - 3.0 / 16.0).abs() < 0.01, "{}", mean(4));
        // A replica's noise does not depend on its neighbours.
        let alone = draw(0.5, &[5, 3], 20_000, &mut [stream(1, Purpose::Noise)], &device);
        assert_eq!(to_vec(alone[0].clone().into_data()), values[values.len() / 2..]);
    }

    #[test]
    #[cfg(feature = "flex")]
    fn a_noisy_layer_hands_on_what_it_has_and_its_noise() {
        let network = small(&[4, 4], Architecture::Noisy { sigma: 0.5, draws: 2 });
        let compute = crate::Backend::Flex.open(0).unwrap();
        let x: Vec<f32> = (0..3 * 40).map(|i| (i as f32 * 0.37).sin()).collect();
        let p = network.stack().n_parameters();
        let parameters = || {
            let initial = TensorData::new(network.initial_parameters(1), [1, p]);
            Tensor::<2>::from_data(initial, compute.device())
        };
        let noise = network.noise(40, &mut [stream(1, Purpose::Noise)], &compute);
        let (_, quiet) = network.measure(&x, parameters(), &[], &compute).remove(0);
        let (z, noisy) = network.measure(&x, parameters(), &noise, &compute).remove(0);
        // The first layer's own noise is not in what is measured of it; the second's net input has it.
        assert_eq!(quiet[..160], noisy[..160]);
        let noise = to_vec(noise[0].clone().into_data());
        let second = network.stack().layers().nth(1).unwrap();
        let weights = network.initial_parameters(1);
        for k in 0..40 {
            for j in 0..4 {
                let sum: f32 =
                    (0..4).map(|i| weights[second.kernel()][i * 4 + j] * (noisy[i * 40 + k] + noise[i * 40 + k])).sum();
                approx::assert_abs_diff_eq!(z[160 + j * 40 + k], sum + weights[second.biases()][j], epsilon = 1e-5);
            }
        }
    }
}
