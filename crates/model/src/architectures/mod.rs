//! One architecture = one file.
//!
//! | file | what |
//! |---|---|
//! | [`mlp`] | fully connected layers with one activation: the paper's |

pub mod mlp;
