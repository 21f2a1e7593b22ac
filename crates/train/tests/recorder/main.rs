//! The recorder against our own engine, against what users do wrong, and with models that nobody here wrote.

mod engine;
mod folder;
mod paper;
mod refusals;
mod stranger;
mod untouched;
