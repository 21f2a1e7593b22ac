//! Reads arrays from files.
pub mod mat;
