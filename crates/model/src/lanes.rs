//! One SIMD level for all kernels: AVX2 with FMA where the processor has it, eight portable lanes otherwise.
//!
//! AVX-512 is left alone on purpose: it gains under 10 % here, and with one level the same seed gives the same bytes on
//! every such processor. (The portable fallback rounds differently: it has no fused multiply-add.)

// What a kernel calls must be inlined into it, or it is compiled without the kernel's instruction set.
#![allow(clippy::inline_always)]

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
pub(crate) fn load<S: Simd>(simd: S, row: &[f32], at: usize) -> S::f32s {
    match row.get(at..at + S::F32_LANES) {
        Some(whole) => S::as_simd_f32s(whole).0[0],
        None => simd.partial_load_f32s(&row[at..]),
    }
}

/// Stores a register at `at`; what lies beyond the end of the row is dropped.
#[inline(always)]
pub(crate) fn store<S: Simd>(simd: S, row: &mut [f32], at: usize, values: S::f32s) {
    match row.get_mut(at..at + S::F32_LANES) {
        Some(whole) => S::as_mut_simd_f32s(whole).0[0] = values,
        None => simd.partial_store_f32s(&mut row[at..], values),
    }
}

/// Eight registers as rows of a square: rows become columns.
#[inline(always)]
pub(crate) fn transpose(rows: [[f32; REGISTER]; REGISTER]) -> [[f32; REGISTER]; REGISTER] {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = pulp::x86::V3::try_new() {
        return transpose_by_shuffles(avx2, rows);
    }
    let mut columns = [[0.0; REGISTER]; REGISTER];
    for i in 0..REGISTER {
        for k in 0..REGISTER {
            columns[k][i] = rows[i][k];
        }
    }
    columns
}

/// 24 shuffles, where a compiler left alone moves 64 numbers one by one.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn transpose_by_shuffles(avx2: pulp::x86::V3, rows: [[f32; REGISTER]; REGISTER]) -> [[f32; REGISTER]; REGISTER] {
    let avx = avx2.avx;
    let r: [std::arch::x86_64::__m256; REGISTER] = pulp::cast(rows);
    // Numbers i and i + 1 of two rows side by side, then of four rows; quarters of a register stay where they are.
    let mut two = r;
    for k in [0, 2, 4, 6] {
        two[k] = avx._mm256_unpacklo_ps(r[k], r[k + 1]);
        two[k + 1] = avx._mm256_unpackhi_ps(r[k], r[k + 1]);
    }
    let mut four = r;
    for k in [0, 4] {
        four[k] = avx._mm256_shuffle_ps::<0b01_00_01_00>(two[k], two[k + 2]);
        four[k + 1] = avx._mm256_shuffle_ps::<0b11_10_11_10>(two[k], two[k + 2]);
        four[k + 2] = avx._mm256_shuffle_ps::<0b01_00_01_00>(two[k + 1], two[k + 3]);
        four[k + 3] = avx._mm256_shuffle_ps::<0b11_10_11_10>(two[k + 1], two[k + 3]);
    }
    let mut eight = r;
    for k in 0..4 {
        eight[k] = avx._mm256_permute2f128_ps::<0x20>(four[k], four[k + 4]);
        eight[k + 4] = avx._mm256_permute2f128_ps::<0x31>(four[k], four[k + 4]);
    }
    pulp::cast(eight)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Transpose([[f32; REGISTER]; REGISTER]);

    impl WithSimd for Transpose {
        type Output = [[f32; REGISTER]; REGISTER];

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> Self::Output {
            transpose(self.0)
        }
    }

    #[test]
    fn rows_become_columns() {
        let rows = std::array::from_fn(|i| std::array::from_fn(|k| (10 * i + k) as f32));
        let columns = run(Transpose(rows));
        for i in 0..REGISTER {
            for k in 0..REGISTER {
                assert_eq!(columns[k][i], rows[i][k]);
            }
        }
    }
}
