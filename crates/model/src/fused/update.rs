//! Updates of the flat parameter leaf in one pass over its numbers; the formulas are those of [`crate::optimizer`].

use pulp::{Simd, WithSimd};

/// θ ← θ − ηg.
#[derive(Debug)]
pub struct Descend<'a> {
    /// θ.
    pub parameters: &'a mut [f32],
    /// g.
    pub gradient: &'a [f32],
    /// η.
    pub rate: f32,
}

impl WithSimd for Descend<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (p, g) in self.parameters.iter_mut().zip(self.gradient) {
            *p -= g * self.rate;
        }
    }
}

/// What Adam multiplies with at one step.
#[derive(Debug, Clone, Copy)]
pub struct AdamStep {
    /// β₁ and β₂.
    pub betas: (f32, f32),
    /// 1 − β₁ and 1 − β₂: of the doubles, since 1 − 0.999 keeps few digits in f32.
    pub complements: (f32, f32),
    /// 1 − β₂ᵗ.
    pub correction: f32,
    /// ε.
    pub epsilon: f32,
    /// η/(1 − β₁ᵗ).
    pub rate: f32,
}

/// m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − η m̂/(√v̂ + ε).
#[derive(Debug)]
pub struct Adam<'a> {
    /// θ.
    pub parameters: &'a mut [f32],
    /// g.
    pub gradient: &'a [f32],
    /// m.
    pub first: &'a mut [f32],
    /// v.
    pub second: &'a mut [f32],
    /// The step's numbers.
    pub step: AdamStep,
}

impl WithSimd for Adam<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let AdamStep { betas: (beta_1, beta_2), complements, correction, epsilon, rate } = self.step;
        let moments = self.first.iter_mut().zip(self.second.iter_mut());
        for ((p, &g), (m, v)) in self.parameters.iter_mut().zip(self.gradient).zip(moments) {
            *m = *m * beta_1 + g * complements.0;
            *v = *v * beta_2 + g * g * complements.1;
            *p -= *m / ((*v / correction).sqrt() + epsilon) * rate;
        }
    }
}
