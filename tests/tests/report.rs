//! report.html, as a user makes it: from the results of runs, whatever they are called.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use infoplane_experiments::questions::QUESTIONS;
use infoplane_experiments::rows::read;
use infoplane_experiments::verdict::{ClaimRow, headline};
use serde_json::Value;

fn report(folder: &Path, page: &Path) -> Output {
    Command::new(infoplane_tests::program("report"))
        .arg(folder)
        .arg("--output")
        .arg(page)
        .output()
        .expect("report starts")
}

/// The data of a page.
fn data(page: &Path) -> Value {
    let page = fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("<script id=\"data\" type=\"application/json\">").expect("the page has data");
    let (json, _) = rest.split_once("</script>").unwrap();
    assert!(!json.contains(['<', '>', '&']), "something in the data means something to HTML");
    serde_json::from_str(json).unwrap()
}

fn answer<'a>(data: &'a Value, id: &str) -> &'a Value {
    data["questions"].as_array().unwrap().iter().find(|answer| answer["id"] == id).unwrap()
}

#[test]
fn a_run_ends_with_a_report_of_itself_and_its_tables_are_the_files() {
    let folder = tempfile::tempdir().unwrap();
    // A run may be called anything that a folder can.
    let run = folder.path().join("rq1/<script>alert(1)<script>");
    let rq1 = infoplane_tests::program("rq1");
    let output = Command::new(&rq1).args(["--preset", "smoke", "--output"]).arg(&run).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("report.html"));
    assert!(data(&run.join("report.html"))["planes"][0]["groups"].is_array());

    let page = folder.path().join("report.html");
    assert!(report(folder.path(), &page).status.success());
    assert!(fs::metadata(&page).unwrap().len() < 3_000_000);
    let text = fs::read_to_string(&page).unwrap();
    assert!(!text.contains("<script>alert"), "the name of a run became part of the page");
    let data = data(&page);
    let rq1 = answer(&data, "rq1");
    assert_eq!(rq1["run"], "rq1/<script>alert(1)<script>");
    assert_eq!(data["planes"][0]["run"], rq1["run"]);
    assert!(data["curves"]["o3-0.99"].as_array().unwrap().len() > 10);

    for table in rq1["tables"].as_array().unwrap() {
        let file = fs::read_to_string(run.join(table["file"].as_str().unwrap())).unwrap();
        let lines: Vec<String> = file.lines().skip(1).map(str::to_owned).collect();
        let quoted = |cell: &Value| match cell.as_str().unwrap() {
            text if text.contains(',') => format!("\"{text}\""),
            text => text.to_owned(),
        };
        let cells = |row: &Value| row.as_array().unwrap().iter().map(quoted).collect::<Vec<String>>().join(",");
        let shown: Vec<String> = table["rows"].as_array().unwrap().iter().map(cells).collect();
        assert_eq!(shown, lines);
    }
    // Nothing else was run: the page says which command would.
    for (id, command) in [("rq2", "just rq2"), ("rq3", "just rq3"), ("rq4", "just rq4"), ("rq5", "just rq5")] {
        let missing = answer(&data, id);
        assert!(missing["run"].is_null() && missing["command"] == command, "{missing}");
    }
    // The same results, the same bytes.
    let again = folder.path().join("again.html");
    assert!(report(folder.path(), &again).status.success());
    assert_eq!(fs::read(&page).unwrap(), fs::read(&again).unwrap());
}

#[test]
fn the_front_page_has_the_verdicts_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/reference");
    let page = folder.path().join("report.html");
    let output = report(&reference, &page);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let data = data(&page);
    for id in ["rq1", "rq2", "rq3", "rq4", "rq5"] {
        let verdict: Vec<ClaimRow> = read(&reference.join(id).join("verdict.csv")).unwrap();
        let answer = answer(&data, id);
        let headlines = answer["headlines"].as_array().unwrap();
        let question = QUESTIONS.iter().find(|question| question.id == id).unwrap();
        assert_eq!(headlines.len(), question.claims.len(), "a claim of {id} is not in its verdict");
        for (shown, claim) in headlines.iter().zip(question.claims) {
            let of = || verdict.iter().filter(|row| claim.is_of(row) && !row.is_control);
            assert_eq!((&shown["id"], &shown["asks"]), (&claim.id.into(), &claim.asks.into()));
            assert_eq!(shown["sentence"], headline(of()));
            let least = of().map(|row| row.value).fold(f64::INFINITY, f64::min);
            let ranges = shown["measured"].as_array().unwrap();
            // serde_json reads the last bit of a number less exactly than it writes it.
            let said = ranges.iter().map(|range| range["least"].as_f64().unwrap()).fold(f64::INFINITY, f64::min);
            assert!((said - least).abs() < 1e-12, "{shown}");
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        verdict.iter().for_each(|row| *counts.entry(row.outcome.to_string()).or_default() += 1);
        let count = |word: &str| counts.get(word).copied().unwrap_or(0);
        let expected = ["supported", "refuted", "undecided"].map(count);
        assert_eq!(answer["counts"], serde_json::json!(expected));
    }
}

#[test]
fn what_cannot_be_reported_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    let said = |folder: &Path| {
        let output = report(folder, &page);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && !text.contains("panicked"), "{text}");
        text
    };
    assert!(said(&folder.path().join("nothing")).contains("there is no folder"));
    let run = folder.path().join("rq1/default");
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("run.json"), "{").unwrap();
    assert!(said(folder.path()).contains("run.json is damaged"));
    fs::write(run.join("run.json"), "{\"question\": \"rq1\"}").unwrap();
    fs::write(run.join("information_plane.csv"), "dataset,epoch\no3,1\n").unwrap();
    assert!(said(folder.path()).contains("information_plane.csv is damaged"));
    // No results at all are no error: the page says how to make them.
    fs::remove_dir_all(folder.path().join("rq1")).unwrap();
    assert!(report(folder.path(), &page).status.success());
    assert!(data(&page)["planes"].as_array().unwrap().is_empty());
}
