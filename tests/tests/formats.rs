//! One array as real programs write it (tests/oracle/formats.py), through the one reader; and what its writers did not think of.

use std::fs;
use std::path::{Path, PathBuf};

use infoplane_experiments::arrays::labels::Rows;
use infoplane_experiments::arrays::{self, layers};
use infoplane_experiments::tasks::TaskSettings;
use ndarray::Array2;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/formats")
}

fn files(start: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with(start));
    files.sort();
    files
}

fn written(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn every_program_s_file_holds_the_same_numbers() {
    let expected: Array2<f64> = arrays::read(&folder().join("t_f8.npy")).unwrap();
    assert_eq!(expected.dim(), (20, 4));
    let files = files("t_");
    assert_eq!(files.len(), 21);
    for file in files {
        assert_eq!(arrays::read(&file).unwrap(), expected, "{}", file.display());
    }
    let named = PathBuf::from(format!("{}:dense/kernel:0", folder().join("t_named.npz").display()));
    assert_eq!(arrays::read(&named).unwrap(), expected);
}

#[test]
fn every_program_s_labels_are_the_same_classes() {
    let rows = Some(Rows { count: 20, under_numbers: true });
    let expected = arrays::read_labels(&folder().join("y_i8.npy"), rows).unwrap();
    let files = files("y_");
    assert_eq!(files.len(), 9);
    for file in files {
        let labels = arrays::read_labels(&file, rows).unwrap();
        assert_eq!(labels.class, expected.class, "{}", file.display());
        let words = file.to_string_lossy().contains("words") || file.to_string_lossy().contains("bytes");
        assert_eq!(labels.classes, if words { ["cat", "dog", "eel"] } else { ["0", "1", "2"] });
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_what_to_write_instead() {
    let remedies = [
        ("no_bfloat16.npy", "float32"),
        ("no_big.npy", "2^53"),
        ("no_cell.mat", "cell2mat"),
        ("no_complex.npy", "a.real"),
        ("no_decimal_comma.csv", "written with a point"),
        ("no_header_or_row.csv", "write names"),
        ("no_index.csv", "index=False"),
        ("no_objects.npy", "astype(str)"),
        ("no_records.npy", "each field"),
        ("no_struct.mat", "a = s.a"),
        ("no_two.npy", "np.savez"),
        ("no_utf16.csv", "UTF-8"),
    ];
    assert_eq!(files("no_").len(), remedies.len());
    for (name, remedy) in remedies {
        let error = format!("{:#}", arrays::read(&folder().join(name)).unwrap_err());
        assert!(error.contains(remedy) && !error.contains('\n'), "{name}: {error}");
    }
}

#[test]
fn layers_come_from_folders_archives_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["layer10.npy", "layer2.npy", "notes.md"] {
        fs::copy(self::folder().join("t_f8.npy"), folder.path().join(name)).unwrap();
    }
    // Twenty epochs of four rows of one column.
    let header = format!("{:<117}\n", "{'descr': '|u1', 'fortran_order': False, 'shape': (20, 4, 1), }");
    let numbers: Vec<u8> = (0..80).collect();
    let run = written(&folder, "run.npy", &[b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), &numbers].concat());
    let labels = |rows: usize| {
        let text: String = (0..rows).map(|row| ["0\n", "1\n"][row % 2]).collect();
        written(&folder, "y.csv", text.as_bytes())
    };
    let read = |layers: &[PathBuf], rows| {
        layers::read(layers, &labels(rows), None)
            .map(|read| read.layers.into_iter().map(|layer| layer.name).collect::<Vec<_>>())
    };
    assert_eq!(read(std::slice::from_ref(&run), 4).unwrap().len(), 20);
    assert!(read(std::slice::from_ref(&run), 4).unwrap()[3].ends_with("run.npy[3]"));
    fs::remove_file(&run).unwrap();
    fs::remove_file(folder.path().join("y.csv")).unwrap();
    let outside = tempfile::tempdir().unwrap();
    let y = written(&outside, "y.csv", "0\n1\n".repeat(10).as_bytes());
    let names: Vec<String> = layers::read(&[folder.path().to_owned()], &y, None)
        .unwrap()
        .layers
        .into_iter()
        .map(|layer| layer.name)
        .collect();
    assert!(names.len() == 2 && names[0].ends_with("layer2.npy") && names[1].ends_with("layer10.npy"), "{names:?}");
    let transposed = written(&outside, "t.csv", b"1,2,3,0\n4,5,6,0\n");
    let y = written(&outside, "y.csv", b"0\n1\n1\n0\n");
    let error = layers::read(&[transposed], &y, None).unwrap_err().to_string();
    assert!(error.contains("transposed"), "{error}");
}

#[test]
fn tables_that_are_none_are_refused_at_their_place() {
    let folder = tempfile::tempdir().unwrap();
    for (text, said) in [
        ("1,2\n3,4,5\n", "line 2 has 3 columns"),
        ("1,2\n\n# a comment\n3,x\n", "line 4, column 2 is `x`"),
        ("1,2\n3,\n", "line 2, column 2 is ``, a missing value"),
        ("1,2\n3,nan\n", "row 1, column 1 is NaN"),
        ("1,2\n3,1e999\n", "row 1, column 1 is inf"),
        ("a,b\n1,\"2\n3\"\n", "line 2 has a quote that does not end"),
        ("1,2\r3,4\r", "carriage returns"),
        ("\n\n", "no numbers"),
        ("# nothing\n", "no numbers"),
        ("V1 V2\n1 0.5 0.3\n2 0.1 0.7\n", "row.names = FALSE"),
        ("2000,2001,2003\n", "2000"),
        ("18446744073709551617,1\n1,2\n", "2^53"),
        ("1,x,2\n3,4,5\n", "column 2 is `x`"),
        ("0,1,x\n3,4,5\n", "column 3 is `x`"),
    ] {
        let path = written(&folder, "t.csv", text.as_bytes());
        match arrays::read(&path) {
            Err(error) => assert!(format!("{error:#}").contains(said), "{text:?}: {error:#}"),
            // One line of numbers is one row.
            Ok(matrix) => assert_eq!((matrix.dim(), text), ((1, 3), "2000,2001,2003\n")),
        }
    }
    let latin = written(&folder, "t.csv", b"caf\xe9\n1\n");
    assert!(arrays::read(&latin).unwrap_err().to_string().contains("UTF-8"));
    let cut = fs::read(self::folder().join("t_packed.csv.gz")).unwrap();
    let cut = written(&folder, "t.csv.gz", &cut[..cut.len() / 2]);
    assert!(format!("{:#}", arrays::read(&cut).unwrap_err()).contains("t.csv.gz"));
    let quoted = written(&folder, "t.csv", b"\"a, b\",c\n\"1\", 2 \n3,4\n");
    assert_eq!(arrays::read(&quoted).unwrap(), ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_what_may_never_end_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("a link.npy");
    std::os::unix::fs::symlink(self::folder().join("t_f8.npy"), &link).unwrap();
    assert_eq!(arrays::read(&link).unwrap().dim(), (20, 4));
    for (name, target) in [("zero.csv", "/dev/zero"), ("folder.csv", "/"), ("gone.csv", "/nowhere")] {
        let link = folder.path().join(name);
        std::os::unix::fs::symlink(target, &link).unwrap();
        assert!(arrays::read(&link).is_err(), "{name}");
    }
    let pipe = folder.path().join("pipe.npy");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(arrays::read(&pipe).unwrap_err().to_string().contains("pipe"));
}

#[test]
fn a_task_of_words_under_numbers_is_read_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<String> = (0..12).map(|k| format!("0.{k},1.{k},{}\n", ["ox", "cat"][k % 2])).collect();
    let rows = rows.concat();
    let path = written(&folder, "=pets.csv", format!("0,1,species\n{rows}").as_bytes());
    let settings = serde_json::json!({
        "dataset": path.to_str(), "labels": "soft", "i_xy_bits": 0.99, "label_noise": 0.0, "split": "random"
    });
    let task = serde_json::from_value::<TaskSettings>(settings).unwrap().load().unwrap();
    assert_eq!((task.name.as_str(), task.inputs.dim(), task.joint.n_y()), ("'=pets", (12, 2), 2));
    assert_eq!(task.joint.certain_label(0), Some(1));
    assert!(task.notes.iter().any(|note| note.contains("`0,1`, is taken for a header")), "{:?}", task.notes);
    assert!(task.notes.iter().any(|note| note.contains("2 classes (cat, ox)")), "{:?}", task.notes);
}
