//! How what users named reaches a shell, a terminal, Slurm and a spreadsheet: as text that does nothing there. (The report's page has its own
//! way: it sets names as text, never as HTML.)

use std::borrow::Cow;

/// A word as a POSIX shell reads it back.
pub fn shell(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''")).into()
    }
}

/// A value in a `#SBATCH` line: in quotes, with the backslashes that Slurm takes away.
pub fn sbatch(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\""))
}

/// Text as a terminal shows it: characters that would move the cursor, change colours or turn the direction of writing are shown as
/// `\u{1b}`. Line ends and tabs stay.
pub fn terminal(text: &str) -> Cow<'_, str> {
    let acts = |c: char| c.is_control() && !['\n', '\t'].contains(&c) || turns(c);
    if !text.contains(acts) {
        return text.into();
    }
    let show = |c: char| if acts(c) { c.escape_unicode().to_string() } else { c.to_string() };
    text.chars().map(show).collect::<Vec<_>>().concat().into()
}

/// Marks that change the direction of writing, so that a line reads as another.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text in a table: what a spreadsheet would take for a formula has an apostrophe before it, which it takes for text.
pub fn cell(text: &str) -> Cow<'_, str> {
    let text = terminal(text);
    if is_formula(&text) { format!("'{text}").into() } else { text }
}

/// Whether a spreadsheet would take a cell for a formula.
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_do_nothing_where_they_are_shown() {
        assert_eq!(shell("--preset"), "--preset");
        assert_eq!(shell("grid.activations=[\"tanh\"]"), "'grid.activations=[\"tanh\"]'");
        assert_eq!(shell("it's"), r"'it'\''s'");
        assert_eq!(shell("$(rm x)"), "'$(rm x)'");
        assert_eq!(sbatch("a\"b\\c"), r#""a\"b\\c""#);
        assert_eq!(terminal("plain\tand\nlines ü"), "plain\tand\nlines ü");
        assert_eq!(terminal("\u{1b}[31mred\u{9b}\u{202e}"), r"\u{1b}[31mred\u{9b}\u{202e}");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("a=1"), "a=1");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[cfg(unix)]
        #[test]
        fn a_shell_reads_back_every_word(word in "[^\\x00]{0,20}") {
            let output = std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", shell(&word))).output().unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&output.stdout), word);
        }
    }
}
