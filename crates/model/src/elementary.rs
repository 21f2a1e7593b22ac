//! eˣ and ln x in single precision, without branches: loops over them vectorise. (Cephes; Moshier 1989.)

// What a kernel calls must be inlined into it, or it is compiled without the kernel's instruction set.
#![allow(clippy::inline_always)]

/// eˣ for x ≤ 0, within 1 unit in the last place or so (Cephes `expf`); 0 below −87, NaN of NaN.
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // Adding 1.5·2²³ rounds to the nearest whole number and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, x));
    let mut p = 1.987_569_1e-4_f32;
    p = p.mul_add(r, 1.398_199_9e-3);
    p = p.mul_add(r, 8.333_452e-3);
    p = p.mul_add(r, 4.166_579_6e-2);
    p = p.mul_add(r, 0.166_666_65);
    p = p.mul_add(r, 0.5);
    let e = p.mul_add(r * r, r) + 1.0;
    // The low bits of the shifted number are n.
    e * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

/// ln x for normal x > 0, within 1 unit in the last place or so (Cephes `logf`); NaN of NaN.
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
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
