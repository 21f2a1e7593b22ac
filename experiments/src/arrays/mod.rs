//! Arrays from files: one format = one file.

pub mod mat;
