//! Formats that are not read, told by what files begin with or, failing that, by what their names end in: each is refused with what
//! to write instead.
//!
//! What a file is called proves little: `torch.save(t, "t.npz")` writes a pickle, and a browser saves a spreadsheet as .csv.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::source;

/// What a file is instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// HDF5, as h5py writes it, and Keras for weights.
    Hdf5,
    /// HDF5, as MATLAB writes it.
    Matlab73,
    /// A whole model of Keras.
    Keras,
    /// A pickle of PyTorch.
    Torch,
    /// Another pickle.
    Pickle,
    /// A table of Parquet.
    Parquet,
    /// A table of Arrow, or Feather.
    Arrow,
    /// A spreadsheet.
    Spreadsheet,
    /// Objects of R.
    R,
    /// JSON.
    Json,
    /// What is read, under another name.
    Renamed(&'static str),
}

/// Refuses a file that is of such a format, whatever it is called.
///
/// # Errors
/// If it is, or cannot be read.
pub fn refuse(path: &Path) -> Result<()> {
    match of_content(path)? {
        Some(foreign) => bail!("{}: {}", path.display(), foreign.remedy(path)),
        None => Ok(()),
    }
}

impl Foreign {
    /// By what a name ends in, in small letters.
    pub fn of_name(extension: &str) -> Option<Self> {
        Some(match extension {
            "h5" | "hdf5" | "hdf" => Self::Hdf5,
            "keras" => Self::Keras,
            "pt" | "pth" | "ckpt" => Self::Torch,
            "pkl" | "pickle" | "joblib" => Self::Pickle,
            "parquet" => Self::Parquet,
            "feather" | "arrow" => Self::Arrow,
            "xlsx" | "xls" | "ods" => Self::Spreadsheet,
            "rds" | "rdata" | "rda" => Self::R,
            "json" | "jsonl" => Self::Json,
            _ => return None,
        })
    }

    /// What it is, and what to do.
    pub fn remedy(self, path: &Path) -> String {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        match self {
            Self::Hdf5 => format!(
                "it is an HDF5 file, which is not read; in Python, np.save(\"t.npy\", h5py.File(\"{file}\")[\"NAME\"][:])"
            ),
            Self::Matlab73 => format!(
                "it is a MATLAB file of version 7.3 (HDF5), which is not read; in MATLAB, save(file, names, '-v7'), or in Python, \
                 np.save(\"t.npy\", h5py.File(\"{file}\")[\"NAME\"][:].T)"
            ),
            Self::Keras => {
                "it is a model of Keras, not an array; np.save(\"t.npy\", model.predict(x)) keeps what a layer says, \
                            np.savez(\"weights.npz\", *model.get_weights()) the weights"
                    .to_owned()
            }
            Self::Torch => "it is a pickle of PyTorch (torch.save), which could run any program and is not read; \
                            np.save(\"t.npy\", tensor.detach().cpu().float().numpy()), or safetensors.torch.save_file"
                .to_owned(),
            Self::Pickle => {
                "it is a pickle, which could run any program and is not read; np.save(\"t.npy\", array), or in pandas \
                             frame.to_csv(\"t.csv\", index=False)"
                    .to_owned()
            }
            Self::Parquet => format!(
                "it is a Parquet table, which is not read; in pandas, pd.read_parquet(\"{file}\").to_csv(\"t.csv\", index=False)"
            ),
            Self::Arrow => format!(
                "it is an Arrow or Feather table, which is not read; in pandas, pd.read_feather(\"{file}\").to_csv(\"t.csv\", index=False)"
            ),
            Self::Spreadsheet => "it is a spreadsheet, which is not read; save the sheet as .csv".to_owned(),
            Self::R => "it holds R's own objects, which are not read; in R, write.csv(t, \"t.csv\", row.names = FALSE)"
                .to_owned(),
            Self::Json => format!(
                "JSON is not read; in pandas, pd.read_json(\"{file}\").to_csv(\"t.csv\", index=False), or np.save of an array of it"
            ),
            Self::Renamed(end) => format!("it is a .{end} file under another name; let its name end in .{end}"),
        }
    }
}

/// By what it begins with, and ends with where words could begin so.
fn of_content(path: &Path) -> Result<Option<Foreign>> {
    let explain = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut start = Vec::new();
    file.by_ref().take(520).read_to_end(&mut start).with_context(explain)?;
    let begins = |magic: &[u8]| start.starts_with(magic);
    let (end, packed) = source::extension(path);
    let is_hdf5 = [0, 512].into_iter().any(|at| start.get(at..at + 8) == Some(b"\x89HDF\r\n\x1a\n"));
    let found = if begins(b"MATLAB 7.3") || is_hdf5 && end == "mat" {
        Some(Foreign::Matlab73)
    } else if is_hdf5 {
        Some(Foreign::Hdf5)
    } else if begins(b"PK\x03\x04") {
        of_archive(file, &end)
    } else if begins(b"\x1f\x8b") && packed {
        of_packed(path).with_context(explain)?
    } else if is_pickle(&start) {
        // torch.save of old begins with a number of its own as the pickle's first object.
        Some(if begins(b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46") { Foreign::Torch } else { Foreign::Pickle })
    } else if begins(b"PAR1") && ends(&mut file, *b"PAR1").with_context(explain)? {
        Some(Foreign::Parquet)
    } else if begins(b"ARROW1\0\0") || begins(b"FEA1") && ends(&mut file, *b"FEA1").with_context(explain)? {
        Some(Foreign::Arrow)
    } else if begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        Some(Foreign::Spreadsheet)
    } else if begins(b"RDX2\n") || begins(b"RDX3\n") || begins(b"X\n\0\0") {
        Some(Foreign::R)
    } else if begins(b"\x93NUMPY") && end != "npy" {
        Some(Foreign::Renamed("npy"))
    } else {
        None
    };
    Ok(found)
}

/// A pickle of protocol 2 or later, and no safetensors file whose header is so long.
fn is_pickle(start: &[u8]) -> bool {
    matches!(start, [0x80, 2..=5, ..]) && start.get(4..9) != Some(b"\0\0\0\0{")
}

/// Which format of those that are zip archives; none if it is what its name says.
fn of_archive(file: File, end: &str) -> Option<Foreign> {
    let archive = ZipArchive::new(file).ok()?;
    let has = |is: fn(&str) -> bool| archive.file_names().any(is);
    if has(|name| name == "data.pkl" || name.ends_with("/data.pkl")) {
        Some(Foreign::Torch)
    } else if has(|name| name == "model.weights.h5") {
        Some(Foreign::Keras)
    } else if has(|name| name.starts_with("xl/") || name == "content.xml") {
        Some(Foreign::Spreadsheet)
    } else if end != "npz" && has(|name| Path::new(name).extension().is_some_and(|end| end == "npy")) {
        Some(Foreign::Renamed("npz"))
    } else {
        None
    }
}

/// R packs what it saves; of anything else that is packed, whoever reads it will say what is wrong.
fn of_packed(path: &Path) -> std::io::Result<Option<Foreign>> {
    let mut start = [0; 5];
    let is_r = MultiGzDecoder::new(File::open(path)?).read_exact(&mut start).is_ok()
        && (start.starts_with(b"RDX") || start.starts_with(b"X\n\0\0"));
    Ok(is_r.then_some(Foreign::R))
}

fn ends(file: &mut File, magic: [u8; 4]) -> std::io::Result<bool> {
    let mut last = [0; 4];
    file.seek(SeekFrom::End(-4))?;
    file.read_exact(&mut last)?;
    Ok(last == magic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, bytes: &[u8]) -> Option<Foreign> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        of_content(&path).unwrap()
    }

    #[test]
    fn what_only_begins_like_another_format_is_read() {
        // Columns of these names, a header of 1152 bytes, of 0x280 bytes, and fewer bytes than are looked at.
        assert_eq!(of("t.csv", b"PAR1,FEA1\n1,2\n"), None);
        assert_eq!(of("t.csv", b"FEA1,FEA2\n1,2\n"), None);
        assert_eq!(of("t.safetensors", b"\x80\x04\0\0\0\0\0\0{\"t\": ..."), None);
        assert_eq!(of("t.safetensors", b"\x80\x02\0\0\0\0\0\0{\"t\": ..."), None);
        assert_eq!(of("t.csv", b"1"), None);
        assert_eq!(of("t.csv", b"PAR"), None);
        assert_eq!(of("t.bin", b"\x93NUMPY\x01\0"), Some(Foreign::Renamed("npy")));
    }
}
