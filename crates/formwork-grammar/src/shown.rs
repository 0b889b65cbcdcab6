//! Text of strangers in messages.

use std::fmt;

/// Characters of a name that are shown.
const NAME: usize = 200;
/// Characters of a sentence that are shown.
const SENTENCE: usize = 1_000;

/// A name as messages quote it: its first 200 characters, and no control characters, which
/// could write lines of their own to a log.
pub fn shown_name(name: &str) -> impl fmt::Display + '_ {
    Shown(name, NAME)
}

/// The same of a sentence that quotes names: its first 1,000 characters.
pub fn shown_sentence(sentence: &str) -> impl fmt::Display + '_ {
    Shown(sentence, SENTENCE)
}

struct Shown<'a>(&'a str, usize);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        let mut chars = self.0.chars();
        for char in chars.by_ref().take(self.1) {
            match char.is_control() {
                true => char.escape_default().try_for_each(|c| f.write_char(c))?,
                false => f.write_char(char)?,
            }
        }
        match chars.next() {
            Some(_) => f.write_char('…'),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_strange_texts() {
        assert_eq!(shown_name("naïve").to_string(), "naïve");
        assert_eq!(shown_name("a\n\u{1b}[0m").to_string(), r"a\n\u{1b}[0m");
        let long = shown_name(&"ü".repeat(300)).to_string();
        assert_eq!(long.chars().count(), NAME + 1);
        assert!(long.ends_with('…'));
        assert_eq!(shown_name(&"ü".repeat(NAME)).to_string(), "ü".repeat(NAME));
        assert_eq!(shown_sentence(&long).to_string(), long);
    }
}
