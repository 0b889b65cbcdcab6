//! Character classes in brackets.

use super::edge::Edge;
use super::escape::Escaped;
use super::{RegexFault, Translator};

impl Translator<'_> {
    /// A class, after its opening bracket.
    pub(super) fn class(&mut self, start: usize) -> Result<(), RegexFault> {
        self.out.push('[');
        let mut edge = None;
        let mut note = |kind: Edge| edge = Some(edge.map_or(kind, |edge: Edge| edge.or(kind)));
        if self.eat("^") {
            self.out.push('^');
            note(Edge::Unknown);
        }
        let mut first = true;
        loop {
            let from = self.at;
            self.mark(from)?;
            if !first && self.eat("]") {
                break;
            }
            first = false;
            let low = self.member(start)?;
            let rest = self.rest();
            if !rest.starts_with('-') || rest.starts_with("-]") {
                match low {
                    Escaped::Char(c) => {
                        note(self.edge_of_range(c, c));
                        self.push_range(c, c);
                    }
                    Escaped::Set(members) => {
                        note(self.edge_of(&members));
                        self.out.push_str(&members);
                    }
                }
                continue;
            }
            self.at += 1;
            match (low, self.member(start)?) {
                (Escaped::Char(lo), Escaped::Char(hi)) if lo <= hi => {
                    note(self.edge_of_range(lo, hi));
                    self.push_range(lo, hi);
                }
                (Escaped::Char(_), Escaped::Char(_)) => {
                    return self.malformed(from, "the range ends before it starts");
                }
                _ => return self.malformed(from, "the end of a range has to be a character"),
            }
        }
        self.out.push(']');
        self.read(edge.unwrap_or(Edge::Unknown));
        Ok(())
    }

    pub(super) fn member(&mut self, start: usize) -> Result<Escaped, RegexFault> {
        let from = self.at;
        match self.bump() {
            Some('\\') => self.escaped(from, true),
            Some(c) => Ok(Escaped::Char(c)),
            None => self.malformed(start, "the class has no closing `]`"),
        }
    }
}
