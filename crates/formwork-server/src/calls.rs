//! Answers with calls of tools, taken apart while they are written.

use crate::tools::{BEFORE_ARGUMENTS, BEFORE_NAME, BEGIN, END};

/// A part of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// Text beside calls.
    Content(String),
    /// A call of a tool of this name begins.
    Call(String),
    /// More of the arguments of the last call.
    Arguments(String),
}

/// Reads an answer in the form of [`tools`](crate::tools).
#[derive(Default)]
pub(crate) struct Calls {
    /// What was not told yet.
    held: String,
    state: State,
    /// The number of calls so far.
    pub(crate) count: usize,
}

#[derive(Default)]
enum State {
    /// In free text.
    #[default]
    Content,
    /// Behind what begins a call.
    Name,
    /// In the arguments: open brackets, and where in a string.
    Arguments { depth: usize, string: Option<bool> },
    /// Behind the arguments.
    End,
}

impl Calls {
    /// Reads on. Linear in the text.
    pub(crate) fn push(&mut self, text: &str) -> Vec<Part> {
        self.held.push_str(text);
        let mut parts = Vec::new();
        while self.read(&mut parts) {}
        parts
    }

    /// What is left, at the end.
    pub(crate) fn finish(&mut self) -> Vec<Part> {
        let rest = std::mem::take(&mut self.held);
        let is_content = matches!(self.state, State::Content);
        match is_content && !self.is_between(&rest) {
            true => vec![Part::Content(rest)],
            false => Vec::new(),
        }
    }

    /// White space behind a call belongs to no text.
    fn is_between(&self, text: &str) -> bool {
        text.is_empty() || (self.count > 0 && text.trim().is_empty())
    }

    /// Goes on as far as one state lasts; whether there may be more.
    fn read(&mut self, parts: &mut Vec<Part>) -> bool {
        match self.state {
            State::Content => {
                let begun = self.held.find(BEGIN);
                let end = begun.unwrap_or_else(|| self.held.len() - begun_marker(&self.held));
                let content = self.held.get(..end).unwrap_or_default();
                if self.is_between(content) && begun.is_none() {
                    return false;
                }
                if !self.is_between(content) {
                    parts.push(Part::Content(content.to_owned()));
                }
                self.held.drain(..end);
                if begun.is_some() {
                    self.held.drain(..BEGIN.len());
                    self.state = State::Name;
                }
                begun.is_some()
            }
            State::Name => {
                let Some(end) = self.held.find(BEFORE_ARGUMENTS) else {
                    return false;
                };
                let name = self.held.get(..end).unwrap_or_default();
                let name = name.strip_prefix(BEFORE_NAME).unwrap_or(name).to_owned();
                self.held.drain(..end + BEFORE_ARGUMENTS.len());
                parts.push(Part::Call(name));
                self.count += 1;
                self.state = State::Arguments {
                    depth: 0,
                    string: None,
                };
                true
            }
            State::Arguments { depth, string } => self.arguments(depth, string, parts),
            State::End => {
                let Some(at) = self.held.find(END) else {
                    return false;
                };
                self.held.drain(..at + END.len());
                self.state = State::Content;
                true
            }
        }
    }

    /// Arguments are JSON: they end before a bracket that none of theirs opened.
    fn arguments(
        &mut self,
        mut depth: usize,
        mut string: Option<bool>,
        parts: &mut Vec<Part>,
    ) -> bool {
        let mut end = None;
        for (at, byte) in self.held.bytes().enumerate() {
            string = match (string, byte) {
                (Some(true), _) => Some(false),
                (Some(false), b'\\') => Some(true),
                (Some(false), b'"') => None,
                (Some(false), _) => Some(false),
                (None, b'"') => Some(false),
                (None, b'{' | b'[') => {
                    depth += 1;
                    None
                }
                (None, b'}' | b']') if depth == 0 => {
                    end = Some(at);
                    break;
                }
                (None, b'}' | b']') => {
                    depth -= 1;
                    None
                }
                (None, _) => None,
            };
        }
        let rest = self.held.split_off(end.unwrap_or(self.held.len()));
        let arguments = std::mem::replace(&mut self.held, rest);
        if !arguments.is_empty() {
            parts.push(Part::Arguments(arguments));
        }
        self.state = match end {
            Some(_) => State::End,
            None => State::Arguments { depth, string },
        };
        end.is_some()
    }
}

/// So many bytes at the end may be the beginning of [`BEGIN`].
fn begun_marker(text: &str) -> usize {
    let mut begun = (1..BEGIN.len()).rev();
    let found = begun.find(|&n| BEGIN.get(..n).is_some_and(|begin| text.ends_with(begin)));
    found.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The content, and the calls.
    fn joined(parts: &[Part]) -> (String, Vec<(String, String)>) {
        let mut content = String::new();
        let mut calls: Vec<(String, String)> = Vec::new();
        for part in parts {
            match part {
                Part::Content(text) => content.push_str(text),
                Part::Call(name) => calls.push((name.clone(), String::new())),
                Part::Arguments(text) => calls.last_mut().expect("a call").1.push_str(text),
            }
        }
        (content, calls)
    }

    #[test]
    fn any_cut_gives_the_same_parts() {
        let one = r#"{"a": "} </tool_call> \" \\", "b": [{}, "é"]}"#;
        let call = |name: &str, arguments: &str| {
            format!("{BEGIN}{BEFORE_NAME}{name}{BEFORE_ARGUMENTS}{arguments}}}\n{END}")
        };
        for (text, content, calls) in [
            ("just <tool text".to_owned(), "just <tool text", vec![]),
            ("<tool_cal".to_owned(), "<tool_cal", vec![]),
            ("  ".to_owned(), "  ", vec![]),
            (
                format!("so: {}\n{}\n", call("f", one), call("g-1", "17")),
                "so: ",
                vec![("f", one), ("g-1", "17")],
            ),
            (
                format!("{} and < {} end", call("f", "{}"), call("f", "\"x\"")),
                " and <  end",
                vec![("f", "{}"), ("f", "\"x\"")],
            ),
            // Cut at the most tokens.
            (
                format!("{BEGIN}{BEFORE_NAME}f{BEFORE_ARGUMENTS}{{\"a"),
                "",
                vec![("f", "{\"a")],
            ),
            (format!("{BEGIN}{BEFORE_NAME}f"), "", vec![]),
        ] {
            let chars: Vec<char> = text.chars().collect();
            for size in 1..=chars.len() {
                let mut reader = Calls::default();
                let mut parts = Vec::new();
                for part in chars.chunks(size) {
                    parts.extend(reader.push(&part.iter().collect::<String>()));
                }
                parts.extend(reader.finish());
                let (found, made) = joined(&parts);
                assert_eq!(found, content, "{text:?} by {size}");
                let made: Vec<(&str, &str)> =
                    made.iter().map(|(name, text)| (&**name, &**text)).collect();
                assert_eq!(made, calls, "{text:?} by {size}");
            }
        }
    }
}
