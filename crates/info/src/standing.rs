//! What a number is worth: how it stands to the information it is about.

use std::fmt;

use crate::information::Estimate;

/// Bits short of H(X) within which a layer is saturated: a tenth of the rows in pairs, the others alone.
pub const NEARLY: f64 = 0.1;
/// Rounding of sums of logarithms.
const ROUNDING: f64 = 1e-9;

/// On which side of a bound the information lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// There is at least so much.
    Lower,
    /// There is at most so much.
    Upper,
}

/// What a method makes of T before it measures that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The bins its units fall in.
    Bins,
    /// Fewer digits.
    Quantised,
    /// T and noise.
    Noise,
}

/// What a number is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Measured: nothing speaks against it.
    Measured,
    /// Measured, but of something made of T.
    MeasuredOf(Form),
    /// At the most that this method can say of so many rows, whatever the layer does; what that is.
    Saturated(String),
    /// A bound; on which side, and what makes it one.
    Bound(Side, String),
    /// Not to be trusted; why.
    Doubtful(String),
}

impl Standing {
    /// The word for it in a table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::MeasuredOf(Form::Bins) => "measured of T in bins",
            Self::MeasuredOf(Form::Quantised) => "measured of T quantised",
            Self::MeasuredOf(Form::Noise) => "measured of T with noise",
            Self::Saturated(_) => "saturated",
            Self::Bound(Side::Lower, _) => "lower bound",
            Self::Bound(Side::Upper, _) => "upper bound",
            Self::Doubtful(_) => "not to be trusted",
        }
    }

    /// What stands behind the word; empty of what is measured.
    pub fn because(&self) -> &str {
        match self {
            Self::Measured => "",
            Self::MeasuredOf(Form::Bins) => "bins keep a part of what T knows, and say something else at every width",
            Self::MeasuredOf(Form::Quantised) => "T itself, with all its digits, may know more",
            Self::MeasuredOf(Form::Noise) => "T itself, without that noise, may know more",
            Self::Saturated(why) | Self::Bound(_, why) | Self::Doubtful(why) => why,
        }
    }

    /// Of I(X;T) of a layer in cells, both in bits: saturated, if it is within [`NEARLY`] of all of H(X), so that nearly every x has a
    /// cell of its own. I(T;Y) is then all that X knows of Y, whatever the layer does.
    pub fn saturation(i_xt_bits: f64, h_x_bits: f64) -> Self {
        if i_xt_bits.is_finite() && h_x_bits > 2.0 && i_xt_bits > h_x_bits - NEARLY {
            return Self::Saturated(format!(
                "nearly every row has a cell of its own ({i_xt_bits:.2} of {h_x_bits:.2} bits), as in any layer that keeps rows apart"
            ));
        }
        Self::Measured
    }

    /// What speaks against a number by itself: more than the most there can be, in bits, or less than nothing, by more than `error`.
    /// What is above the most by no more is at it: saturated.
    pub fn within(estimate: Estimate, most: f64, what_most: &str, error: f64) -> Self {
        let bits = estimate.bits;
        if bits.is_nan() {
            return Self::Doubtful("it is no number".to_owned());
        }
        let error = estimate.standard_error.map_or(error, |own| error.max(2.0 * own));
        if bits > most + ROUNDING && bits <= most + error {
            return Self::Saturated(format!("it is at {what_most} = {most:.4} bits, all there is, within its error"));
        }
        if bits > most + ROUNDING {
            return Self::Doubtful(format!("it is above {what_most} = {most:.4} bits, more than there can be"));
        }
        if bits < -error {
            return Self::Doubtful("it is below 0, which information never is, by more than its error".to_owned());
        }
        Self::Measured
    }

    /// The one that says more against the number; of two alike the first.
    #[must_use]
    pub fn or_worse(self, other: Self) -> Self {
        let rank = |standing: &Self| match standing {
            Self::Measured => 0,
            Self::MeasuredOf(_) => 1,
            Self::Bound(..) => 2,
            Self::Saturated(_) => 3,
            Self::Doubtful(_) => 4,
        };
        if rank(&other) > rank(&self) { other } else { self }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Measured => f.write_str("measured"),
            Self::MeasuredOf(_) | Self::Saturated(_) => write!(f, "{}: {}", self.word(), self.because()),
            Self::Bound(Side::Lower, why) => write!(f, "a lower bound: {why}"),
            Self::Bound(Side::Upper, why) => write!(f, "an upper bound: {why}"),
            Self::Doubtful(why) => write!(f, "not to be trusted, because {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_not_measured() {
        let of = |bits: f64| Standing::within(Estimate::point(bits), 1.0, "H(Y)", 0.05);
        assert_eq!((of(0.5), of(1.0), of(-0.04)), (Standing::Measured, Standing::Measured, Standing::Measured));
        assert!(matches!(of(1.03), Standing::Saturated(_)));
        assert!(of(1.1).to_string().contains("above H(Y) = 1.0000"));
        assert!(of(-0.1).because().contains("below 0") && of(f64::NAN).because().contains("no number"));
        assert!(matches!(of(f64::INFINITY), Standing::Doubtful(_)));
        let noisy = Estimate { standard_error: Some(0.1), ..Estimate::point(-0.15) };
        assert_eq!(Standing::within(noisy, 1.0, "H(Y)", 0.05), Standing::Measured);
    }

    #[test]
    fn layers_that_keep_all_rows_apart_are_saturated() {
        assert!(matches!(Standing::saturation(8.99, 9.0), Standing::Saturated(_)));
        assert_eq!(Standing::saturation(7.0, 9.0), Standing::Measured);
        assert_eq!(Standing::saturation(f64::INFINITY, 9.0), Standing::Measured);
        let doubt = Standing::Doubtful(String::new());
        assert_eq!(Standing::saturation(9.0, 9.0).or_worse(doubt.clone()), doubt);
    }
}
