//! φ and φ′ of a register of lanes.
//!
//! tanh is the rational approximation of Eigen (odd degree 13 over even degree 6 on ±7.905), erf Eigen's of degree 13 over 8 on
//! ±4: within a few units in the last place of f32; tests measure it. NaNs pass through.

use pulp::Simd;

use crate::activation::{Activation, LEAKY_SLOPE};

const TANH_P: [f32; 7] =
    [-2.760_768_5e-16, 2.000_188e-13, -8.604_672e-11, 5.122_297_1e-8, 1.485_722_4e-5, 6.372_619_3e-4, 4.893_525e-3];
const TANH_Q: [f32; 4] = [1.198_258_4e-6, 1.185_347_1e-4, 2.268_434_6e-3, 4.893_525_3e-3];
const ERF_P: [f32; 7] =
    [-2.726_142e-10, 2.770_681_4e-8, -2.101_024e-6, -5.692_506_4e-5, -7.349_906e-4, -2.954_6e-3, -1.609_603_4e-2];
const ERF_Q: [f32; 5] = [-1.456_607_2e-5, -2.133_740_6e-4, -1.682_827e-3, -7.373_329e-3, -1.426_473_9e-2];

/// Which of z and t = φ(z) the derivative is taken from.
pub(super) fn derivative_needs_net_input(activation: Activation) -> bool {
    matches!(activation, Activation::Gelu | Activation::Softplus)
}

#[inline(always)]
fn horner<S: Simd, const N: usize>(simd: S, coefficients: [f32; N], x: S::f32s) -> S::f32s {
    let mut sum = simd.splat_f32s(coefficients[0]);
    for &c in &coefficients[1..] {
        sum = simd.mul_add_e_f32s(sum, x, simd.splat_f32s(c));
    }
    sum
}

/// z cut to ±limit. The order of operands lets NaN through.
#[inline(always)]
fn cut<S: Simd>(simd: S, z: S::f32s, limit: f32) -> S::f32s {
    simd.min_f32s(simd.splat_f32s(limit), simd.max_f32s(simd.splat_f32s(-limit), z))
}

#[inline(always)]
fn tanh<S: Simd>(simd: S, z: S::f32s) -> S::f32s {
    let z = cut(simd, z, 7.905_311_6);
    let square = simd.mul_f32s(z, z);
    simd.div_f32s(simd.mul_f32s(z, horner(simd, TANH_P, square)), horner(simd, TANH_Q, square))
}

#[inline(always)]
fn sigmoid<S: Simd>(simd: S, z: S::f32s) -> S::f32s {
    let half = simd.splat_f32s(0.5);
    simd.mul_add_e_f32s(half, tanh(simd, simd.mul_f32s(half, z)), half)
}

/// Φ(z) of the standard normal distribution.
#[inline(always)]
fn normal_cdf<S: Simd>(simd: S, z: S::f32s) -> S::f32s {
    let x = cut(simd, simd.mul_f32s(z, simd.splat_f32s(std::f32::consts::FRAC_1_SQRT_2)), 4.0);
    let square = simd.mul_f32s(x, x);
    let erf = simd.div_f32s(simd.mul_f32s(x, horner(simd, ERF_P, square)), horner(simd, ERF_Q, square));
    let half = simd.splat_f32s(0.5);
    simd.mul_add_e_f32s(half, erf, half)
}

/// A function of one number, lane by lane: for the rare activations whose functions have no short approximation.
#[inline(always)]
fn each_lane<S: Simd>(simd: S, z: S::f32s, f: impl Fn(f32) -> f32) -> S::f32s {
    let mut lanes = [0.0_f32; 16];
    let lanes = &mut lanes[..S::F32_LANES];
    simd.partial_store_f32s(lanes, z);
    for lane in lanes.iter_mut() {
        *lane = f(*lane);
    }
    simd.partial_load_f32s(lanes)
}

/// φ(z).
#[inline(always)]
pub(super) fn apply<S: Simd>(simd: S, activation: Activation, z: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    match activation {
        Activation::Tanh => tanh(simd, z),
        Activation::Relu => simd.max_f32s(zero, z),
        Activation::Linear => z,
        Activation::Softsign => simd.div_f32s(z, simd.add_f32s(simd.splat_f32s(1.0), simd.abs_f32s(z))),
        Activation::Softplus => each_lane(simd, z, |z| z.max(0.0) + (-z.abs()).exp().ln_1p()),
        Activation::LeakyRelu => simd.max_f32s(simd.mul_f32s(simd.splat_f32s(LEAKY_SLOPE as f32), z), z),
        Activation::Gelu => simd.mul_f32s(z, normal_cdf(simd, z)),
        Activation::Sigmoid => sigmoid(simd, z),
    }
}

/// g·φ′, from z where [`derivative_needs_net_input`], else from t = φ(z).
#[inline(always)]
pub(super) fn pull_back<S: Simd>(simd: S, activation: Activation, z_or_t: S::f32s, g: S::f32s) -> S::f32s {
    let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
    let v = z_or_t;
    match activation {
        Activation::Tanh => simd.mul_f32s(g, simd.sub_f32s(one, simd.mul_f32s(v, v))),
        Activation::Relu => simd.select_f32s(simd.greater_than_f32s(v, zero), g, zero),
        Activation::Linear => g,
        Activation::Softsign => {
            // φ′ = 1/(1 + |z|)² = (1 − |t|)².
            let root = simd.sub_f32s(one, simd.abs_f32s(v));
            simd.mul_f32s(g, simd.mul_f32s(root, root))
        }
        Activation::Softplus => simd.mul_f32s(g, sigmoid(simd, v)),
        Activation::LeakyRelu => {
            let small = simd.mul_f32s(g, simd.splat_f32s(LEAKY_SLOPE as f32));
            simd.select_f32s(simd.greater_than_f32s(v, zero), g, small)
        }
        Activation::Gelu => {
            // φ′ = Φ(z) + z·exp(−z²/2)/√(2π).
            let density = each_lane(simd, v, |z| z * (-0.5 * z * z).exp() * 0.398_942_3);
            simd.mul_f32s(g, simd.add_f32s(normal_cdf(simd, v), density))
        }
        Activation::Sigmoid => simd.mul_f32s(g, simd.mul_f32s(v, simd.sub_f32s(one, v))),
    }
}
