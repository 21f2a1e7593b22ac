//! Which version wrote a file. A newer one may mean by it what this one does not know, so its files are refused.

use std::path::Path;

use anyhow::{Result, bail};

/// This version.
pub const HERE: &str = env!("CARGO_PKG_VERSION");

const MARK: &str = "# infoplane ";

/// TOML text under a first line, a comment, that says which version wrote it.
pub fn stamp(toml: &str) -> String {
    format!("{MARK}{HERE}\n{toml}")
}

/// The version that stamped a text, if one did.
pub fn of(text: &str) -> Option<&str> {
    Some(text.lines().next()?.strip_prefix(MARK)?.trim())
}

/// # Errors
/// If a newer version stamped the text.
pub fn refuse_newer(path: &Path, text: &str) -> Result<()> {
    match of(text) {
        Some(there) if numbers(there) > numbers(HERE) => bail!(
            "{} was written by infoplane {there}, which is newer than this {HERE} and may mean something else by it: use that \
             version or a later one",
            path.display()
        ),
        _ => Ok(()),
    }
}

/// Major, minor, patch; what follows the patch is not compared.
fn numbers(version: &str) -> [u64; 3] {
    let mut parts = version.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_newer_versions_are_refused() {
        let check = |text: &str| refuse_newer(Path::new("config.toml"), text).is_ok();
        assert!(check(&stamp("a = 1")) && check("a = 1") && check("") && check("# infoplane 0.0.9\n"));
        assert!(!check("# infoplane 99.0.0\na = 1") && !check("# infoplane 0.10.0-rc.1\n"));
        assert_eq!(of(&stamp("a = 1")), Some(HERE));
    }
}
