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
//! | [`terminal`], [`quoting`], [`threads`] | what programs say, and how they end; names as text; fewer threads than asked for |
//! | [`progress`], [`watch`] | how far a run is: a bar, or the plane as it fills |
//! | [`rows`], [`results`], [`version`] | the CSV files, the folder they lie in, and which version wrote it |
//! | [`verdict`] | from a table to a word: claims, what intervals decide and why not, one sentence over all conditions |
//! | [`learning`] | whether networks have learned: if not, nothing is decided |
//! | [`questions`] | the five questions and their claims: one list |
//! | [`trajectories`] | RQ1: phases and the verdict, from the CSV |
//! | [`sgd_phases`] | RQ2: transitions, causes, diffusion and the verdict, from the CSV |
//! | [`bound`] | RQ3 (and RQ5): layers against the certified bound, their tests, and the verdict |
//! | [`depth`] | RQ4: depths made comparable, times to thresholds, relaxation and the verdict, from the CSV |
//! | [`sample_size`] | RQ5: end points, over-compression, finite-sample bounds and the verdict, from the CSV |
//! | [`figures`] | SVG and PNG, from the CSV |
//! | [`report`] | one page of every finished run, from the CSV |
//! | [`methods`] | every estimator by name: formulas and neural bounds in one list |
//! | [`calibration`] | estimators on problems whose information is known |
//! | [`arrays`], [`joint_file`], [`estimation`] | anyone's data: .npy, .npz, tables, .safetensors, .mat, and what `estimate` makes of them |

pub mod arrays;
pub mod bound;
pub mod calibration;
pub mod config;
pub mod depth;
pub mod estimation;
pub mod figures;
pub mod ib_curve;
pub mod interrupt;
pub mod jobs;
pub mod joint_file;
pub mod learning;
pub mod measure;
pub mod methods;
pub mod progress;
pub mod questions;
pub mod quoting;
pub mod report;
pub mod results;
pub mod rows;
pub mod run;
pub mod sample_size;
pub mod sgd_phases;
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
