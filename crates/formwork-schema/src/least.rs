//! How short a text can be at least: a lower bound on the bytes of every value.
//!
//! The engine steers by upper bounds, which estimate invented names and rare
//! characters. A text that is as short as this bound is a shortest one. What is
//! not looked at only makes the bound smaller: `uniqueItems`, which duties a
//! member pays, and how many short names there are.

#![expect(
    clippy::indexing_slicing,
    reason = "states are numbers of the same automaton"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::array::Array;
use crate::object::{Member, Object, Values};
use crate::shape::{EMPTY, Shapes, Value, ValueId};
use crate::text::Text;

impl Shapes {
    /// No text of a value is shorter than this many bytes.
    pub(crate) fn least_bytes(&self, root: ValueId) -> u32 {
        let mut least: Vec<u32> = self.values.iter().map(scalar_bytes).collect();
        // As when measuring: sizes of ever deeper values, until none shrinks.
        loop {
            let mut changed = false;
            for (at, value) in self.values.iter().enumerate() {
                let bytes = |value: ValueId| least.get(value as usize).copied().unwrap_or(EMPTY);
                let objects = value.objects.iter().filter_map(|&o| {
                    let object = self.objects.get(o as usize)?;
                    Some(object.least_bytes(bytes))
                });
                let arrays = value.arrays.iter().filter_map(|&a| {
                    let array: &Array = self.arrays.get(a as usize)?;
                    Some(array.least_bytes(bytes))
                });
                let shortest = objects.chain(arrays).min().unwrap_or(EMPTY);
                if shortest < least[at] {
                    least[at] = shortest;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        least.get(root as usize).copied().unwrap_or(EMPTY)
    }
}

fn scalar_bytes(value: &Value) -> u32 {
    let word = match (value.null, value.bools) {
        (true, _) | (_, [_, true]) => 4,
        (_, [true, _]) => 5,
        _ => EMPTY,
    };
    let texts = value.texts.iter().map(Text::least_bytes);
    let numbers = value.digits.iter().map(|digits| digits.dfa.min_len());
    texts.chain(numbers).fold(word, u32::min)
}

impl Object {
    /// No object is shorter, given that of its values.
    fn least_bytes(&self, bytes: impl Fn(ValueId) -> u32) -> u32 {
        let cheapest = |values: &Values| values.iter().map(|&(_, value)| bytes(value)).min();
        let cost = |member: &Member| {
            let value = cheapest(&member.values).unwrap_or(EMPTY);
            value.saturating_add(member.name_bytes)
        };
        let (mut sum, mut members) = (0u32, 0u32);
        let mut optional: Vec<u32> = Vec::new();
        for member in &self.members {
            match cost(member) {
                EMPTY if member.required => return EMPTY,
                EMPTY => {}
                bytes if member.required => {
                    sum = sum.saturating_add(bytes);
                    members += 1;
                }
                bytes => optional.push(bytes),
            }
        }
        let owed = u32::from(self.duties != 0 && members == 0);
        let extra = self.min.saturating_sub(members).max(owed);
        // One unlisted name can be empty; all others have a character.
        let empty_name = self.others.iter().filter_map(cheapest).min();
        let empty_name = empty_name.unwrap_or(EMPTY).saturating_add(3);
        let other_name = empty_name.saturating_add(1);
        optional.push(empty_name);
        optional.sort_unstable();
        optional.truncate(extra as usize);
        let listed = optional.len() as u32;
        let rest = (extra - listed).checked_mul(other_name);
        let taken = optional.iter().map(|&bytes| bytes.min(other_name));
        let sum = taken.chain(rest).fold(sum, u32::saturating_add);
        let commas = (members + extra).saturating_sub(1);
        sum.saturating_add(2).saturating_add(commas)
    }
}

impl Text {
    /// No literal is shorter, quotes included.
    pub(crate) fn least_bytes(&self) -> u32 {
        let (cheapest, dearest) = self.char_costs();
        let chars = self.min_chars().saturating_mul(cheapest);
        if cheapest == dearest {
            return chars.saturating_add(2);
        }
        chars.max(self.shortest_content()).saturating_add(2)
    }

    /// The fewest bytes of a string of the language, its length unbounded.
    fn shortest_content(&self) -> u32 {
        let dfa = self.language();
        let Some(start) = dfa.start() else {
            return EMPTY;
        };
        let mut done = vec![false; dfa.state_count()];
        let mut open = BinaryHeap::from([(Reverse(0u32), start)]);
        while let Some((Reverse(bytes), state)) = open.pop() {
            if dfa.is_match(state) {
                return bytes;
            }
            let Some(false) = done.get(state as usize) else {
                continue;
            };
            done[state as usize] = true;
            for (class, ranges) in dfa.classes() {
                if let Some(next) = dfa.next_class(state, class) {
                    let bytes = bytes.saturating_add(crate::text::cheapest(ranges));
                    open.push((Reverse(bytes), next));
                }
            }
        }
        EMPTY
    }
}
