//! From a table to a word: what every question's verdict is made of.
//!
//! | file | what |
//! |---|---|
//! | [`mod@outcome`] | supported, refuted, or undecided with its reason; what an interval decides |
//! | [`mod@intervals`] | a mean over networks, and how far it can be trusted |
//! | [`mod@claim`] | a claim, and its row of `verdict.csv` |
//! | [`mod@rule`] | thresholds, fixed before the run, and what else could be defended |
//! | [`mod@multiverse`] | the verdict under every combination of that |
//! | [`mod@correction`] | for many rows at once |
//! | [`mod@headline`] | one sentence over all conditions of a claim |
//! | [`mod@print`] | the verdict as a program says it |
//!
//! Nothing here knows a question: [`mod@crate::questions`] lists them.

pub mod claim;
pub mod correction;
pub mod headline;
pub mod intervals;
pub mod multiverse;
pub mod outcome;
pub mod print;
pub mod rule;

pub use claim::{Claim, ClaimRow, Place, Quantity};
pub use headline::{Reach, headline, reaches};
pub use intervals::{interval, share};
pub use multiverse::Universe;
pub use outcome::{Decision, Outcome, Why, above_zero, at_least, negative, reversed, within};
pub use rule::{Choice, Rule};
