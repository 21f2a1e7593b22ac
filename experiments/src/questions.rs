//! The questions: one list that programs, the page and the tests read.

use crate::bound::verdict as rq3;
use crate::depth::verdict as rq4;
use crate::sample_size::verdict as rq5;
use crate::sgd_phases::verdict as rq2;
use crate::trajectories::verdict as rq1;
use crate::verdict::Claim;

/// A question, before anything was measured.
#[derive(Debug)]
pub struct Question {
    /// Its name, like rq1.
    pub id: &'static str,
    /// What is asked.
    pub title: &'static str,
    /// What the paper says, and where.
    pub paper: &'static str,
    /// The command that answers it.
    pub command: &'static str,
    /// Its claims, as a reader should meet them.
    pub claims: &'static [Claim],
    /// The tables of its runs that the page shows, beside `verdict.csv`.
    pub tables: &'static [&'static str],
}

/// Every question of the paper.
pub const QUESTIONS: [Question; 5] = [
    Question {
        id: "rq1",
        title: "Do layers follow predictable trajectories: fit, then compress?",
        paper: "Every layer first fits (I(T;Y) rises), then compresses (I(X;T) falls), along a path that all networks \
                share (§3.3, figures 2 and 3).",
        command: "just rq1",
        claims: &rq1::CLAIMS,
        tables: &["phases.csv"],
    },
    Question {
        id: "rq2",
        title: "Does the drift→diffusion transition of SGD cause compression?",
        paper: "The mean of the mini-batch gradients falls below their standard deviation; there compression begins, driven \
                by the noise (§3.4, figure 4).",
        command: "just rq2",
        claims: &rq2::CLAIMS,
        tables: &["causes.csv", "diffusion.csv"],
    },
    Question {
        id: "rq3",
        title: "Do converged layers lie on the Information Bottleneck bound?",
        paper: "They do, each at a β of its own, and satisfy its self-consistent equations (§3.5, figure 6).",
        command: "just rq3",
        claims: &rq3::CLAIMS,
        tables: &["gaps.csv", "criticality.csv", "transitions.csv"],
    },
    Question {
        id: "rq4",
        title: "What do more hidden layers buy?",
        paper: "Far fewer epochs to the same goal, since relaxation takes a time exponential in what is compressed and layers \
                share it (§3.5, figure 5).",
        command: "just rq4",
        claims: &rq4::CLAIMS,
        tables: &["depth.csv", "survival.csv", "relaxation_laws.csv", "learning_rates.csv"],
    },
    Question {
        id: "rq5",
        title: "What does the size of the training sample do?",
        paper: "More data moves converged layers up along the bound; small samples over-compress (§3.6, figures 3 and 7).",
        command: "just rq5",
        claims: &rq5::CLAIMS,
        tables: &["samples.csv"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_have_names_of_their_own_and_belong_to_their_question() {
        let all: Vec<&Claim> = QUESTIONS.iter().flat_map(|question| question.claims).collect();
        for (k, claim) in all.iter().enumerate() {
            assert!(all[..k].iter().all(|other| other.id != claim.id), "{}", claim.id);
            assert!(claim.id.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", claim.id);
        }
        let belong = |question: &Question| question.claims.iter().all(|claim| claim.question == question.id);
        assert!(QUESTIONS.iter().all(belong));
    }
}
