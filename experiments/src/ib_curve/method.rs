//! Which bottleneck: `ib`, `deterministic` or `generalised:alpha=…`.

use std::fmt;
use std::str::FromStr;

/// A bottleneck that `ib-curve` knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// Tishby, Pereira & Bialek 1999: I(X;T) − β I(T;Y), with a certificate.
    Ib,
    /// Strouse & Schwab 2017: H(T) − β I(T;Y); exact for binary Y.
    Deterministic,
    /// Strouse & Schwab 2017: H(T) − α H(T|X) − β I(T;Y); the best of several starts.
    Generalised {
        /// 1: the bottleneck; 0: the deterministic bottleneck.
        alpha: f64,
    },
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Ib => f.write_str("ib"),
            Self::Deterministic => f.write_str("deterministic"),
            Self::Generalised { alpha } => write!(f, "generalised:alpha={alpha}"),
        }
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ib" => Ok(Self::Ib),
            "deterministic" => Ok(Self::Deterministic),
            _ => match text.strip_prefix("generalised:alpha=").map(str::parse::<f64>) {
                Some(Ok(alpha)) if (0.0..=1.0).contains(&alpha) => Ok(Self::Generalised { alpha }),
                Some(_) => Err("alpha lies between 0 (the deterministic bottleneck) and 1 (the bottleneck)".to_owned()),
                None => Err("choose ib, deterministic or generalised:alpha=0.5".to_owned()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_others_are_refused() {
        for name in ["ib", "deterministic", "generalised:alpha=0.5"] {
            assert_eq!(name.parse::<Method>().unwrap().to_string(), name);
        }
        for name in ["", "dib", "generalised", "generalised:alpha=2", "generalised:alpha=nan", "generalised:beta=1"] {
            assert!(name.parse::<Method>().is_err(), "{name}");
        }
    }
}
