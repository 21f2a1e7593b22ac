//! One level of SIMD for every kernel, and the exponential of a register.

use pulp::{Simd, WithSimd};

/// Runs a kernel with AVX2 and FMA where the processor has them, else with four portable lanes. AVX-512 is left alone: with
/// one level the same data give the same bytes on every such processor.
#[inline]
pub(crate) fn run<K: WithSimd>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = pulp::x86::V3::try_new() {
        return Simd::vectorize(avx2, kernel);
    }
    Simd::vectorize(pulp::Scalar256b, kernel)
}

/// e^−708 is about the least normal number: what is smaller is not told apart from it.
const NOTHING: f64 = 708.0;

/// Coefficients of the polynomial of degree 10 nearest to eʳ on |r| ≤ ½ ln 2 in relative error (Remez's algorithm): 2.1·10⁻¹⁶.
const EXP: [f64; 11] = [
    1.0,
    1.000_000_000_000_006_4,
    0.499_999_999_999_972_86,
    0.166_666_666_665_576_56,
    0.041_666_666_668_427_42,
    0.008_333_333_384_696_422,
    0.001_388_888_849_890_477,
    0.000_198_411_713_450_239_35,
    2.480_191_981_786_98e-5,
    2.763_978_468_182_758e-6,
    2.748_842_976_426_718e-7,
];

/// eˣ for x up to 700, to 10⁻¹³ of itself at ±700 and to a few 10⁻¹⁶ near 0; what is below e^−708 is some number below 10⁻³⁰⁷.
///
/// eˣ = 2ⁿ·eʳ with n the whole number nearest to x / ln 2.
#[inline(always)]
pub(crate) fn exp<S: Simd>(simd: S, x: S::f64s) -> S::f64s {
    // Adding 1.5·2²⁰ leaves a number's whole part in the high word and its fraction in the low one; ½ more rounds.
    const SPLIT: f64 = 1_572_864.0;
    let lane = |value: f64| simd.splat_f64s(value);
    let x = simd.max_f64s(x, lane(-NOTHING));
    let shifted = pulp::cast(simd.mul_add_e_f64s(x, lane(std::f64::consts::LOG2_E), lane(SPLIT + 0.5)));
    let whole = simd.and_u64s(shifted, simd.splat_u64s(0xFFFF_FFFF_0000_0000));
    let n = simd.sub_f64s(pulp::cast(whole), lane(SPLIT));
    let r = simd.mul_add_e_f64s(n, lane(-std::f64::consts::LN_2), x);
    // Pairs, then pairs of pairs (Estrin's scheme): a chain of ten would wait on itself.
    let pair = |at: usize| simd.mul_add_e_f64s(r, lane(EXP[at + 1]), lane(EXP[at]));
    let square = simd.mul_f64s(r, r);
    let fourth = simd.mul_f64s(square, square);
    let low = simd.mul_add_e_f64s(square, pair(2), pair(0));
    let middle = simd.mul_add_e_f64s(square, pair(6), pair(4));
    let high = simd.mul_add_e_f64s(square, lane(EXP[10]), pair(8));
    let p = simd.mul_add_e_f64s(fourth, simd.mul_add_e_f64s(fourth, high, middle), low);
    // n is at the low end of the high word; 20 bits further up it adds to the exponent.
    let exponent = pulp::cast(simd.wrapping_dyn_shl_u32s(pulp::cast(whole), simd.splat_u32s(20)));
    pulp::cast(simd.add_u64s(pulp::cast(p), exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Exp<'a>(&'a mut [f64]);

    impl WithSimd for Exp<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let (registers, rest) = S::as_mut_simd_f64s(self.0);
            assert!(rest.is_empty());
            registers.iter_mut().for_each(|x| *x = exp(simd, *x));
        }
    }

    #[test]
    fn the_exponential_is_good_to_a_few_units_in_the_last_place() {
        let arguments: Vec<f64> = (-100_000..100_000).map(|i| 700.0 * f64::from(i) / 100_000.0).collect();
        let (mut wide, mut portable) = (arguments.clone(), arguments.clone());
        run(Exp(&mut wide));
        Simd::vectorize(pulp::Scalar256b, Exp(&mut portable));
        for (x, (a, b)) in arguments.iter().zip(wide.iter().zip(&portable)) {
            let tolerance = 1e-15 * (1.0 + x.abs() / 7.0);
            assert!((a / x.exp() - 1.0).abs() < tolerance && (b / x.exp() - 1.0).abs() < tolerance, "exp({x})");
        }
        let mut ends = [0.0, -1e9, f64::NEG_INFINITY, -707.9];
        run(Exp(&mut ends));
        assert_eq!(ends[0], 1.0);
        assert!(ends[1..].iter().all(|&end| (0.0..1e-307).contains(&end)), "{ends:?}");
    }
}
