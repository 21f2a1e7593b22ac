//! At which epochs a network is measured.

use std::collections::BTreeSet;
use std::fmt;

/// At which epochs a network is measured, besides 0 and the last.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Epochs {
    /// Each of the first 20, then steps that grow by a twentieth: 21, 22, …, 40, 42, …: about 45 more for every tenfold of epochs.
    Growing,
    /// Every so many epochs; 0 counts as 1.
    Every(usize),
    /// Exactly these.
    These(BTreeSet<usize>),
}

impl Epochs {
    /// Whether an epoch is recorded, `last` being the one recorded before it.
    pub(crate) fn includes(&self, epoch: usize, last: usize) -> bool {
        match self {
            Self::Growing => epoch > last + last / 20,
            Self::Every(step) => epoch.is_multiple_of((*step).max(1)),
            Self::These(epochs) => epochs.contains(&epoch),
        }
    }
}

impl fmt::Display for Epochs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Growing => f.write_str("growing"),
            Self::Every(step) => write!(f, "every {step}"),
            Self::These(epochs) => write!(f, "{epochs:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_steps_are_single_epochs_first_and_a_twentieth_later() {
        let mut last = 0;
        let mut named = Vec::new();
        for epoch in 1..=1000 {
            if Epochs::Growing.includes(epoch, last) {
                named.push(epoch);
                last = epoch;
            }
        }
        assert_eq!(named[..24], [&(1..=20).collect::<Vec<_>>()[..], &[22, 24, 26, 28]].concat());
        assert!(named.windows(2).all(|pair| pair[1] - pair[0] <= 1 + pair[0] / 20));
        assert!((85..=95).contains(&named.len()), "{}", named.len());
    }
}
