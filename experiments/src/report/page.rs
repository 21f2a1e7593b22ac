//! The page: `page/` has its text, style and programs; the data go in as JSON that cannot be mistaken for anything else.
//!
//! Whatever a user named (runs, conditions, estimators) is text in that JSON, and the programs only ever set it as text.

use anyhow::Result;
use serde::Serialize;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
const CHART_JS: &str = include_str!("vendor/chart.umd.min.js");
const LICENCE: &str = include_str!("vendor/LICENSE");
/// In the order they need each other.
const PROGRAMS: [&str; 7] = [
    include_str!("page/elements.js"),
    include_str!("page/charts.js"),
    include_str!("page/tables.js"),
    include_str!("page/front.js"),
    include_str!("page/plane.js"),
    include_str!("page/panels.js"),
    include_str!("page/main.js"),
];

/// The whole page.
///
/// # Errors
/// If the data cannot be written as JSON.
pub fn html(data: &impl Serialize) -> Result<String> {
    let programs = format!("\"use strict\";\n(() => {{\n{}\n}})();", PROGRAMS.concat());
    // The map is a file that is not there; a browser's developer tools would ask the disk for it.
    let chart_js = CHART_JS.split("//# sourceMappingURL").next().unwrap_or_default();
    let parts = [
        ("/* style */", STYLE),
        ("/* data */", &json(data)?),
        ("/* licence */", LICENCE.trim()),
        ("/* chart.js */", chart_js.trim()),
        ("/* programs */", &programs),
    ];
    // Each part is put in where its mark stands in what is left of the page: marks inside parts are not looked for.
    let (mut page, mut rest) = (String::new(), PAGE);
    for (mark, part) in parts {
        let Some((before, after)) = rest.split_once(mark) else { anyhow::bail!("page.html has lost its {mark}") };
        page.push_str(before);
        page.push_str(part);
        rest = after;
    }
    page.push_str(rest);
    Ok(page)
}

/// JSON that can stand in a script element: no character in it means anything to HTML. (All of these stand only in strings.)
fn json(data: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(data)?;
    Ok(text
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_leave_its_place() {
        let nasty = "</script><script>alert(1)</script><!-- /* programs */ & \u{2028}";
        let page = html(&[nasty]).unwrap();
        assert!(!page.contains("alert(1)</script>") && !page.contains("<script>alert"));
        let start = page.find("type=\"application/json\">").unwrap() + "type=\"application/json\">".len();
        let text = &page[start..start + page[start..].find("</script>").unwrap()];
        assert!(!text.contains(['<', '>', '&']));
        assert_eq!(serde_json::from_str::<Vec<String>>(text).unwrap(), [nasty]);
        // The programs stand where they belong, once.
        assert_eq!(page.matches("\"use strict\";\n(() => {").count(), 1);
    }

    #[test]
    fn nothing_is_fetched() {
        let page = html(&0).unwrap();
        assert!(page.contains("default-src 'none'"));
        assert!(!PAGE.contains("src=") && !STYLE.contains("url(") && !page.contains("sourceMappingURL"));
        assert_eq!(PROGRAMS.concat().matches("</script").count() + CHART_JS.matches("</script").count(), 0);
    }
}
