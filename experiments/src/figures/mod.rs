//! Figures of tables that several questions have, made from rows of the CSV files alone. Those of one question stand with it.

pub mod bound;
pub mod calibration;
pub mod compression;
pub mod convergence;
pub mod gaps;
pub mod information_plane;
pub mod multiverse;
pub mod paths;
pub mod trajectories;
