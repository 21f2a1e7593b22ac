//! Tests over the whole workspace, in `tests/`: end to end, golden values, properties and statistics across crates.
//!
//! Programs are tested as users run them, so this crate can build them: cargo does not build another package's programs
//! for a test.

#[cfg(target_os = "linux")]
pub mod disk;

use std::path::PathBuf;
use std::process::Command;

/// The path of one of the workspace's programs, built in the profile of this test (a moment's check if it is up to date).
///
/// # Panics
/// If it cannot be built.
pub fn program(name: &str) -> PathBuf {
    // target/<profile>/deps/<this test>
    let this = std::env::current_exe().expect("a test has a path");
    let profile = this.ancestors().nth(2).expect("tests lie in target/<profile>/deps").to_owned();
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // From the root, whose default members are built with the same features as for the tests: what they have built is used again.
    build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).args(["build", "--quiet", "--bin", name]);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo starts").success(), "{name} does not build");
    profile.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
