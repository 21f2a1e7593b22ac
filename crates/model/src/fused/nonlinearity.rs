//! φ and φ′ of a register of lanes.
//!
//! tanh is the rational approximation of Eigen (odd degree 13 over even degree 6 on ±7.905), erf Eigen's of degree 13 over 8 on
//! ±4: within a few units in the last place of f32; tests measure it. NaNs pass through.

use pulp::Simd;

use crate::activation::{Activation, LEAKY_SLOPE};
use crate::elementary::{exp, ln};

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

/// ln(1 + e) for e in [0, 1]; where 1 + e has lost digits of e, its series.
#[inline(always)]
fn ln_1p(e: f32) -> f32 {
    if e < 1e-3 { e - 0.5 * e * e } else { ln(1.0 + e) }
}

/// A function of one number, lane by lane; without branches, a loop that vectorises.
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

/// φ and φ′ on registers. A loop over registers is made once for each (see [`each_activation`]), so that nothing is decided
/// inside it.
pub(super) trait Nonlinearity {
    /// Whether φ takes so few operations that it is applied to sums in their registers; longer ones would spill them.
    const SHORT: bool;
    /// φ(z).
    fn apply<S: Simd>(simd: S, z: S::f32s) -> S::f32s;
    /// g·φ′, with v = z where [`derivative_needs_net_input`], else v = φ(z).
    fn pull_back<S: Simd>(simd: S, v: S::f32s, g: S::f32s) -> S::f32s;
}

/// Calls `$function::<S, N>($arguments)` with the [`Nonlinearity`] N of an activation.
macro_rules! each_activation {
    ($activation:expr, $function:ident::<$simd:ident>($($argument:expr),* $(,)?)) => {{
        use $crate::fused::nonlinearity as n;
        match $activation {
            Activation::Tanh => $function::<$simd, n::Tanh>($($argument),*),
            Activation::Relu => $function::<$simd, n::Relu>($($argument),*),
            Activation::Linear => $function::<$simd, n::Linear>($($argument),*),
            Activation::Softsign => $function::<$simd, n::Softsign>($($argument),*),
            Activation::Softplus => $function::<$simd, n::Softplus>($($argument),*),
            Activation::LeakyRelu => $function::<$simd, n::LeakyRelu>($($argument),*),
            Activation::Gelu => $function::<$simd, n::Gelu>($($argument),*),
            Activation::Sigmoid => $function::<$simd, n::Sigmoid>($($argument),*),
        }
    }};
}
pub(super) use each_activation;

/// The nonlinearities, one type each: `Name: short { φ of (simd, z); φ′ of (simd, v, g) }`.
macro_rules! nonlinearities {
    ($($(#[$doc:meta])* $name:ident: $short:literal { ($s:ident, $z:ident) => $apply:expr, ($t:ident, $v:ident, $g:ident) => $pull_back:expr })*) => {$(
        $(#[$doc])*
        pub(super) struct $name;

        impl Nonlinearity for $name {
            const SHORT: bool = $short;

            #[inline(always)]
            fn apply<S: Simd>($s: S, $z: S::f32s) -> S::f32s {
                $apply
            }

            #[inline(always)]
            fn pull_back<S: Simd>($t: S, $v: S::f32s, $g: S::f32s) -> S::f32s {
                $pull_back
            }
        }
    )*};
}

nonlinearities! {
    /// φ′ = 1.
    Linear: true {
        (_s, z) => z,
        (_s, _t, g) => g
    }
    /// φ′ = 1 − t², rounded once.
    Tanh: false {
        (s, z) => tanh(s, z),
        (s, t, g) => s.mul_f32s(g, s.negate_mul_add_e_f32s(t, t, s.splat_f32s(1.0)))
    }
    /// φ′ = [t > 0].
    Relu: true {
        (s, z) => s.max_f32s(s.splat_f32s(0.0), z),
        (s, t, g) => s.select_f32s(s.greater_than_f32s(t, s.splat_f32s(0.0)), g, s.splat_f32s(0.0))
    }
    /// φ′ = 1/(1 + |z|)² = (1 − |t|)².
    Softsign: false {
        (s, z) => s.div_f32s(z, s.add_f32s(s.splat_f32s(1.0), s.abs_f32s(z))),
        (s, t, g) => {
            let root = s.sub_f32s(s.splat_f32s(1.0), s.abs_f32s(t));
            s.mul_f32s(g, s.mul_f32s(root, root))
        }
    }
    /// φ′ = σ(z).
    Softplus: false {
        (s, z) => each_lane(s, z, |z| z.max(0.0) + ln_1p(exp(-z.abs()))),
        (s, z, g) => s.mul_f32s(g, sigmoid(s, z))
    }
    /// φ′ = 1 above 0, the slope below.
    LeakyRelu: true {
        (s, z) => s.max_f32s(s.mul_f32s(s.splat_f32s(LEAKY_SLOPE as f32), z), z),
        (s, t, g) => {
            let small = s.mul_f32s(g, s.splat_f32s(LEAKY_SLOPE as f32));
            s.select_f32s(s.greater_than_f32s(t, s.splat_f32s(0.0)), g, small)
        }
    }
    /// φ = z·Φ(z), φ′ = Φ(z) + z·exp(−z²/2)/√(2π).
    Gelu: false {
        (s, z) => s.mul_f32s(z, normal_cdf(s, z)),
        (s, z, g) => {
            let density = each_lane(s, z, |z| z * exp(-0.5 * z * z) * 0.398_942_3);
            s.mul_f32s(g, s.add_f32s(normal_cdf(s, z), density))
        }
    }
    /// φ′ = t(1 − t).
    Sigmoid: false {
        (s, z) => sigmoid(s, z),
        (s, t, g) => s.mul_f32s(g, s.mul_f32s(t, s.sub_f32s(s.splat_f32s(1.0), t)))
    }
}
