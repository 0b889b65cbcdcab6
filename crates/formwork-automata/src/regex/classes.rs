//! Character classes in brackets.

use super::error::RegexError;
use super::escapes::Escaped;
use super::parser::Parser;
use crate::charset::CharSet;

impl Parser<'_> {
    /// A class, from its opening bracket on. An opening bracket inside stands for itself.
    pub(super) fn class(&mut self) -> Result<CharSet, RegexError> {
        let start = self.at;
        self.at += 1;
        let negated = self.eat("^");
        let mut members = Members::default();
        loop {
            let from = self.at;
            if self.eat("]") {
                break;
            }
            let low = self.class_atom(start)?;
            let rest = self.rest();
            if !rest.starts_with('-') || rest.starts_with("-]") {
                members.add(low);
                continue;
            }
            self.at += 1;
            let high = self.class_atom(start)?;
            match (low, high) {
                (Escaped::Point(lo), Escaped::Point(hi)) if lo <= hi => {
                    members.ranges.push((lo, hi))
                }
                (Escaped::Point(_), Escaped::Point(_)) => {
                    return Err(RegexError::syntax(
                        from,
                        "a range of characters is out of order",
                    ));
                }
                // Annex B: a class beside the dash makes it a member like others.
                (low, high) => {
                    members.add(low);
                    members.add(Escaped::Point('-' as u32));
                    members.add(high);
                }
            }
        }
        let set = members.into_set();
        Ok(if negated { set.complement() } else { set })
    }

    fn class_atom(&mut self, start: usize) -> Result<Escaped, RegexError> {
        match self.bump() {
            Some('\\') => self.escaped(true),
            Some(c) => Ok(Escaped::Point(c as u32)),
            None => Err(RegexError::syntax(start, "unclosed character class")),
        }
    }
}

#[derive(Default)]
struct Members {
    ranges: Vec<(u32, u32)>,
}

impl Members {
    fn add(&mut self, member: Escaped) {
        match member {
            Escaped::Point(c) => self.ranges.push((c, c)),
            Escaped::Set(set) => self.ranges.extend_from_slice(set.ranges()),
        }
    }

    fn into_set(self) -> CharSet {
        CharSet::from_ranges(self.ranges)
    }
}
