//! One level of SIMD for every kernel.

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
