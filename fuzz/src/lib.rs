//! What the targets share: our parsers read files, so the bytes of a test are one.

use std::path::PathBuf;

/// A file of this process with these bytes and this extension, in memory where the system has such a folder.
pub fn file(extension: &str, bytes: &[u8]) -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let path = folder.join(format!("infoplane-fuzz-{}.{extension}", std::process::id()));
    std::fs::write(&path, bytes).expect("a temporary file can be written");
    path
}
