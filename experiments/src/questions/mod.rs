//! The questions: a folder each, and one list that programs, the page, README's table and the tests read.
//!
//! | file | what |
//! |---|---|
//! | [`question`] | what a question is |
//! | [`rq1`] … [`rq5`] | the paper's: settings, tables of their own, figures, claims and the rule that decides them |

pub mod question;
pub mod rq1;
pub mod rq2;
pub mod rq3;
pub mod rq4;
pub mod rq5;

pub use question::{About, Answer, NoFlags, Question};

/// Every question.
pub const QUESTIONS: [&About; 5] =
    [&rq1::Rq1::ABOUT, &rq2::Rq2::ABOUT, &rq3::Rq3::ABOUT, &rq4::Rq4::ABOUT, &rq5::Rq5::ABOUT];

/// The question of this name.
pub fn named(id: &str) -> Option<&'static About> {
    QUESTIONS.into_iter().find(|about| about.id == id)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::verdict::Claim;

    #[test]
    fn claims_have_names_of_their_own_and_belong_to_their_question() {
        let all: Vec<&Claim> = QUESTIONS.iter().flat_map(|question| question.claims).collect();
        for (k, claim) in all.iter().enumerate() {
            assert!(all[..k].iter().all(|other| other.id != claim.id), "{}", claim.id);
            assert!(claim.id.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", claim.id);
        }
        let belong = |question: &&About| question.claims.iter().all(|claim| claim.question == question.id);
        assert!(QUESTIONS.iter().all(belong));
    }

    #[test]
    fn every_question_has_a_program_a_recipe_and_its_settings() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let justfile = std::fs::read_to_string(here.join("../justfile")).unwrap();
        for id in QUESTIONS.map(|about| about.id) {
            let files = [format!("src/bin/{id}.rs"), format!("configs/{id}.toml")];
            assert!(files.iter().all(|file| here.join(file).exists()), "{files:?}");
            assert!(justfile.contains(&format!("\n{id} *ARGS:")), "justfile has no recipe {id}");
        }
        assert!(named("rq3").is_some() && named("rq0").is_none());
    }
}
