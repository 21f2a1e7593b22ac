//! Information: numbers in bits, with what is known about their error.

/// I(X;T) and I(T;Y).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Information {
    /// I(X;T).
    pub i_xt: Estimate,
    /// I(T;Y).
    pub i_ty: Estimate,
}

/// A number in bits, with what is known about its error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate, in bits.
    pub bits: f64,
    /// A lower bound in bits, where the method has one.
    pub lower: Option<f64>,
    /// An upper bound in bits, where the method has one.
    pub upper: Option<f64>,
    /// A standard error in bits, where the method has one.
    pub standard_error: Option<f64>,
}

impl Estimate {
    /// A number without a known error.
    pub fn point(bits: f64) -> Self {
        Self { bits, lower: None, upper: None, standard_error: None }
    }

    /// Infinite, and known to be: a continuous variable and a function of it.
    pub fn infinite() -> Self {
        Self { bits: f64::INFINITY, lower: Some(f64::INFINITY), upper: None, standard_error: None }
    }

    /// Exact for the discrete variable it is about: nothing was sampled.
    pub fn exact(bits: f64) -> Self {
        Self { bits, lower: Some(bits), upper: Some(bits), standard_error: None }
    }
}
