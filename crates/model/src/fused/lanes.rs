//! One SIMD level for all kernels: AVX2 with FMA where the processor has it, eight portable lanes otherwise.
//!
//! AVX-512 is left alone on purpose: it gains under 10 % here, and with one level the same seed gives the same bytes on
//! every such processor. (The portable fallback rounds differently: it has no fused multiply-add.)

use pulp::{Simd, WithSimd};

/// Numbers in a register of that level.
pub const REGISTER: usize = 8;

/// Runs a kernel at that level.
#[inline]
pub fn run<K: WithSimd>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = pulp::x86::V3::try_new() {
        return Simd::vectorize(avx2, kernel);
    }
    Simd::vectorize(pulp::Scalar256b, kernel)
}

/// A register of the values at `at`; zeros beyond the end of the row.
#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, row: &[f32], at: usize) -> S::f32s {
    match row.get(at..at + S::F32_LANES) {
        Some(whole) => S::as_simd_f32s(whole).0[0],
        None => simd.partial_load_f32s(&row[at..]),
    }
}

/// Stores a register at `at`; what lies beyond the end of the row is dropped.
#[inline(always)]
pub(super) fn store<S: Simd>(simd: S, row: &mut [f32], at: usize, values: S::f32s) {
    match row.get_mut(at..at + S::F32_LANES) {
        Some(whole) => S::as_mut_simd_f32s(whole).0[0] = values,
        None => simd.partial_store_f32s(&mut row[at..], values),
    }
}
