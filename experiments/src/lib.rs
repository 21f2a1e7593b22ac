//! From a configuration to CSVs, figures and a verdict: the straight line every question shares.
//!
//! ```text
//! config → jobs (condition × block of replicas) → task → training yields snapshots → measure → rows → CSV → figures, verdict
//! ```
//!
//! | room | what is in it |
//! |---|---|
//! | [`config`] | defaults ← preset ← file ← flags, checked once |
//! | [`tasks`] | what is learned: patterns and the exact p(x, y) |
//! | [`jobs`], [`interrupt`] | independent pieces of a run, kept and sealed, merged in order; what Ctrl-C does |
//! | [`run`] | a grid of conditions, cut into jobs, trained and merged |
//! | [`slurm`] | a run as an array of a scheduler |
//! | [`training`] | one job: trains a block and measures its snapshots as they come |
//! | [`measure`] | a snapshot → rows of information and of losses |
//! | [`sources`] | the files that a run's numbers come from, by checksum |
//! | [`terminal`], [`exit`], [`quoting`], [`threads`] | what programs say, and how they end; names as text; fewer threads than asked for |
//! | [`progress`], [`watch`] | how far a run is: a bar, or the plane as it fills |
//! | [`rows`], [`results`], [`files`], [`version`] | the CSV files, the folder they lie in, files written whole, and which version wrote them |
//! | [`verdict`] | from a table to a word: claims, what intervals decide and why not, one sentence over all conditions |
//! | [`learning`] | whether networks have learned: if not, nothing is decided |
//! | [`trajectories`] | paths through the information plane, and their phases, from the CSV |
//! | [`bound`] | layers against the certified bound, and means of their tests |
//! | [`drawing`], [`figures`] | SVG and PNG; the figures that several questions share |
//! | [`questions`] | a folder each: settings, tables, figures, claims and rule; one list of them |
//! | [`program`] | a question from its settings to its words |
//! | [`report`] | one page of every finished run, from the CSV |
//! | [`methods`] | every estimator by name: formulas and neural bounds in one list |
//! | [`calibration`] | estimators on problems whose information is known |
//! | [`arrays`], [`joint_file`], [`estimation`] | anyone's data: .npy, .npz, tables, .safetensors, .mat, and what `estimate` makes of them |

pub mod arrays;
pub mod bound;
pub mod calibration;
pub mod config;
pub mod drawing;
pub mod estimation;
pub mod exit;
pub mod figures;
pub mod files;
pub mod ib_curve;
pub mod interrupt;
pub mod jobs;
pub mod joint_file;
pub mod learning;
pub mod measure;
pub mod methods;
pub mod program;
pub mod progress;
pub mod questions;
pub mod quoting;
pub mod report;
pub mod results;
pub mod rows;
pub mod run;
pub mod slurm;
pub mod sources;
pub mod tasks;
pub mod terminal;
pub mod threads;
pub mod training;
pub mod trajectories;
pub mod verdict;
pub mod version;
pub mod watch;
pub mod weights;

/// The recipes of docs/extending.md, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/extending.md")]
pub struct Extending;
