//! Where randomness comes from: one seed and one purpose name one portable stream.
//!
//! ChaCha8 (Bernstein 2008) with the seed as key and the purpose as stream number: the numbers are the same on every
//! machine, and drawing more for one purpose never changes another. burn's own generator is global to the process and its
//! layers draw lazily, so we never use it.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

/// What random numbers are for. The discriminant is the stream number: never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
#[non_exhaustive]
pub enum Purpose {
    /// Which patterns train.
    Split = 1,
    /// Training labels drawn from p(y|x).
    Labels = 2,
    /// Initial weights.
    Weights = 3,
    /// The order of patterns in each epoch.
    Shuffle = 4,
    /// Noise inside a network.
    Noise = 5,
    /// Bootstrap resampling.
    Bootstrap = 6,
    /// Monte-Carlo integration.
    MonteCarlo = 7,
    /// Which labels are replaced by noise, and by what.
    LabelNoise = 8,
    /// A generated task.
    Task = 9,
    /// Noise inside a network that is measured.
    MeasuredNoise = 10,
}

/// The stream of a seed for a purpose.
pub fn stream(seed: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(purpose as u64);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_keep_their_values() {
        // Results published with a seed must be found again: a change here is a breaking change.
        let first = |seed, purpose| stream(seed, purpose).next_u64();
        let streams = [(1, Purpose::Weights), (1, Purpose::Shuffle), (2, Purpose::Weights)];
        assert_eq!(
            streams.map(|(seed, purpose)| first(seed, purpose)),
            [10_481_881_765_394_875_549, 12_212_852_551_396_965_246, 4_253_261_984_703_750_484]
        );
    }
}
