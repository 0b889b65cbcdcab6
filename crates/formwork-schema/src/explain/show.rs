//! The description as a tree for people.

#![expect(
    clippy::indexing_slicing,
    reason = "values, objects and arrays are numbered as they are worked out"
)]

use std::fmt;

use super::{
    Explain, ExplainedArray, ExplainedNumbers, ExplainedObject, ExplainedStrings, ExplainedValue,
};

/// Pointers of one value that are shown.
const MAX_POINTERS: usize = 3;

impl fmt::Display for Explain {
    /// Every value is shown where it is met first, by its number; after that
    /// the number refers back to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tree = Tree {
            explain: self,
            shown: vec![false; self.values.len()],
            lines: Vec::new(),
        };
        tree.draw();
        for (depth, line) in &tree.lines {
            writeln!(f, "{:1$}{line}", "", 2 * depth)?;
        }
        if !self.never.is_empty() {
            writeln!(f, "no value satisfies")?;
        }
        for pointer in &self.never {
            writeln!(f, "  {}", place(pointer))?;
        }
        if !self.annotations.is_empty() {
            writeln!(f, "annotations")?;
        }
        for annotation in &self.annotations {
            let at = place(&annotation.pointer);
            writeln!(
                f,
                "  at {at}: `{}` {}",
                annotation.keyword, annotation.reason
            )?;
        }
        Ok(())
    }
}

fn place(pointer: &str) -> &str {
    match pointer {
        "" => "the root",
        pointer => pointer,
    }
}

struct Tree<'a> {
    explain: &'a Explain,
    shown: Vec<bool>,
    lines: Vec<(usize, String)>,
}

/// What is still to be drawn, the next one last: a value under a heading, or a
/// line.
enum Todo {
    Value(usize, String, usize),
    Line(usize, String),
}

impl Tree<'_> {
    /// Without recursion, as values may be nested deeply.
    fn draw(&mut self) {
        let mut open = vec![Todo::Value(0, String::new(), self.explain.root)];
        while let Some(todo) = open.pop() {
            let mut below = Vec::new();
            match todo {
                Todo::Line(depth, line) => self.lines.push((depth, line)),
                Todo::Value(depth, heading, id) => self.value(depth, &heading, id, &mut below),
            }
            open.extend(below.into_iter().rev());
        }
    }

    fn value(&mut self, depth: usize, heading: &str, id: usize, below: &mut Vec<Todo>) {
        let Some(value) = self.explain.values.get(id) else {
            return;
        };
        let brief = match (value.is_any, value.min_bytes) {
            (true, _) => Some("anything"),
            (_, None) => Some("nothing"),
            _ => None,
        };
        if let Some(brief) = brief {
            self.lines.push((depth, format!("{heading}{brief}")));
            return;
        }
        if std::mem::replace(&mut self.shown[id], true) {
            self.lines.push((depth, format!("{heading}#{id} again")));
            return;
        }
        let origin = origin(value);
        self.lines.push((depth, format!("{heading}#{id}{origin}")));
        let line = |text: String| Todo::Line(depth + 1, text);
        let words = [
            (value.null, "null"),
            (value.bools[0], "false"),
            (value.bools[1], "true"),
        ];
        let words = words.iter().filter(|(may, _)| *may).map(|&(_, word)| word);
        below.extend(words.map(|word| line(word.to_owned())));
        below.extend(
            value
                .strings
                .iter()
                .map(|strings| line(strings.to_string())),
        );
        below.extend(
            value
                .numbers
                .iter()
                .map(|numbers| line(numbers.to_string())),
        );
        for array in &value.arrays {
            below.push(line(array.to_string()));
            for (at, &item) in array.prefix.iter().enumerate() {
                below.push(Todo::Value(depth + 2, format!("item {at}: "), item));
            }
            for &item in &array.items {
                let heading = match array.prefix[..] {
                    [] => "items: ",
                    _ => "further items: ",
                };
                below.push(Todo::Value(depth + 2, heading.to_owned(), item));
            }
        }
        for object in &value.objects {
            below.push(line(object.to_string()));
            members(object, depth + 2, below);
        }
    }
}

fn members(object: &ExplainedObject, depth: usize, below: &mut Vec<Todo>) {
    for member in &object.members {
        let required = if member.required { " (required)" } else { "" };
        let heading = format!("{:?}{required}: ", member.name);
        if member.values.is_empty() {
            below.push(Todo::Line(depth, format!("{heading}must not come")));
        }
        let values = member.values.iter();
        below.extend(values.map(|&id| Todo::Value(depth, heading.clone(), id)));
    }
    for (names, values) in &object.others {
        let heading = match names {
            None => "other names: ".to_owned(),
            Some(names) => format!("{names} other names: "),
        };
        let values = values.iter();
        below.extend(values.map(|&id| Todo::Value(depth, heading.clone(), id)));
    }
}

fn origin(value: &ExplainedValue) -> String {
    let shown: Vec<&str> = value
        .pointers
        .iter()
        .take(MAX_POINTERS)
        .map(|pointer| place(pointer))
        .collect();
    let more = value.pointers.len() - shown.len();
    let between = if value.is_joint { " and " } else { ", " };
    match (shown.is_empty(), more) {
        (true, _) => String::new(),
        (_, 0) => format!(" from {}", shown.join(between)),
        _ => format!(" from {} and {more} more", shown.join(between)),
    }
}

/// `3 to 5 items` and the like; nothing if there is no bound.
fn count(min: u32, max: Option<u32>, what: &str) -> Option<String> {
    let what = match (min, max) {
        (_, Some(1)) | (1, None) => what.trim_end_matches('s'),
        _ => what,
    };
    match (min, max) {
        (0, None) => None,
        (min, None) => Some(format!("at least {min} {what}")),
        (0, Some(max)) => Some(format!("at most {max} {what}")),
        (min, Some(max)) if min == max => Some(format!("{min} {what}")),
        (min, Some(max)) => Some(format!("{min} to {max} {what}")),
    }
}

fn not(holds: bool) -> &'static str {
    if holds { "" } else { "not " }
}

fn join(kind: &str, parts: Vec<String>) -> String {
    match parts[..] {
        [] => kind.to_owned(),
        _ => format!("{kind}: {}", parts.join(", ")),
    }
}

impl fmt::Display for ExplainedStrings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.words.map(|words| format!("one of {words}")));
        parts.extend(count(self.min, self.max, "characters"));
        let matches = self.matches.iter();
        parts.extend(matches.map(|(name, holds)| format!("{}{name}", not(*holds))));
        if self.excluded > 0 {
            parts.push(format!("none of {}", self.excluded));
        }
        if self.states > 1 {
            parts.push(format!("{} states", self.states));
        }
        f.write_str(&join("string", parts))
    }
}

impl fmt::Display for ExplainedNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.set.map(|set| format!("one of {set}")));
        let bound = |bound: &Option<(String, bool)>, sign: char| {
            let (value, exclusive) = bound.as_ref()?;
            let equal = if *exclusive { "" } else { "=" };
            Some(format!("{sign}{equal} {value}"))
        };
        parts.extend(bound(&self.low, '>'));
        parts.extend(bound(&self.high, '<'));
        let multiples = self.multiples.iter();
        parts.extend(multiples.map(|(of, holds)| format!("{}multiple of {of}", not(*holds))));
        if self.excluded > 0 {
            parts.push(format!("none of {}", self.excluded));
        }
        if self.states > 0 {
            parts.push(format!("{} states", self.states));
        }
        let kind = if self.integers { "integer" } else { "number" };
        f.write_str(&join(kind, parts))
    }
}

impl fmt::Display for ExplainedArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(count(self.min, self.max, "items"));
        if self.unique {
            parts.push("all different".to_owned());
        }
        let counters = self.counters;
        parts.extend(counters.map(|states| format!("`contains` counted in {states} states")));
        f.write_str(&join("array", parts))
    }
}

impl fmt::Display for ExplainedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(count(self.min, self.max, "members"));
        if self.duties > 0 {
            parts.push(format!("members of {} kinds have to come", self.duties));
        }
        if self.others.is_empty() {
            parts.push("no other names".to_owned());
        }
        f.write_str(&join("object", parts))
    }
}
