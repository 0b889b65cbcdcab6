//! Whether a value that was read is one of those that a formula allows.
//!
//! Asked of items that must differ: one that a value cannot be anyway leaves it
//! no fewer choices.

#![expect(
    clippy::indexing_slicing,
    reason = "values, objects and arrays are numbered as they are worked out"
)]

use formwork_grammar::ByteDfa;

use crate::array::Array;
use crate::datum::{Data, Datum, DatumId};
use crate::number;
use crate::object::{Duties, Object};
use crate::shape::{Shapes, ValueId};

/// Values nested deeper are taken to be allowed.
const MAX_DEPTH: u32 = 32;

impl Shapes {
    /// Whether a value may be `datum`; `true` if that was not found out, and for
    /// what is not known.
    pub(crate) fn may_hold(&self, data: &Data, value: ValueId, datum: DatumId) -> bool {
        self.holds(data, value, datum, MAX_DEPTH)
    }

    fn holds(&self, data: &Data, value: ValueId, datum: DatumId, depth: u32) -> bool {
        let (Some(shape), Some(known)) = (self.values.get(value as usize), data.get(datum)) else {
            return true;
        };
        let Some(depth) = depth.checked_sub(1) else {
            return true;
        };
        match known {
            Datum::Null => shape.null,
            Datum::Bool(value) => shape.bools[usize::from(*value)],
            Datum::String(text) => shape.texts.iter().any(|t| t.accepts(text)),
            Datum::Number(number) => {
                let known = number::finite(vec![number.clone()]);
                shape.digits.iter().any(|digits| {
                    let both = [(&digits.dfa, true), (&known, true)];
                    ByteDfa::product(&both, 1 << 20).is_none_or(|dfa| !dfa.is_empty())
                })
            }
            Datum::Array(items) => {
                let arrays = shape.arrays.iter().map(|&a| &self.arrays[a as usize]);
                let holds = |value, item| self.holds(data, value, item, depth);
                arrays
                    .into_iter()
                    .any(|array| array.takes(self, items, &holds))
            }
            Datum::Object(members) => {
                let objects = shape.objects.iter().map(|&o| &self.objects[o as usize]);
                let holds = |value, item| self.holds(data, value, item, depth);
                objects
                    .into_iter()
                    .any(|object| object.takes(members, &holds))
            }
        }
    }
}

impl Array {
    /// Whether these items make one of the arrays, as far as each says for
    /// itself.
    fn takes(
        &self,
        shapes: &Shapes,
        items: &[DatumId],
        holds: &dyn Fn(ValueId, DatumId) -> bool,
    ) -> bool {
        let mut cursors = vec![0];
        for &item in items {
            let mut next: Vec<_> = cursors
                .into_iter()
                .flat_map(|cursor| self.items(shapes, cursor))
                .filter(|&(value, _)| holds(value, item))
                .map(|(_, next)| next)
                .collect();
            next.sort_unstable();
            next.dedup();
            cursors = next;
        }
        cursors.into_iter().any(|cursor| self.may_close(cursor))
    }
}

impl Object {
    /// Whether these members, sorted by name, make one of the objects.
    fn takes(
        &self,
        members: &[(Box<str>, DatumId)],
        holds: &dyn Fn(ValueId, DatumId) -> bool,
    ) -> bool {
        let count = members.len() as u64;
        if count < u64::from(self.min) || self.max.is_some_and(|max| count > u64::from(max)) {
            return false;
        }
        let has = |name: &str| members.iter().any(|(known, _)| &**known == name);
        let listed = self.names.listed.iter().zip(&self.members);
        if listed
            .clone()
            .any(|(name, member)| member.required && !has(name))
        {
            return false;
        }
        // Which duties can be paid together.
        let mut paid: Vec<Duties> = vec![0];
        for (name, datum) in members {
            let values = match listed.clone().find(|(known, _)| *known == name) {
                Some((_, member)) => &member.values,
                None => match self.names.class_of(name) {
                    Some(class) => match self.others.get(class as usize) {
                        Some(values) => values,
                        None => return false,
                    },
                    None => return false,
                },
            };
            let ways = values.iter().filter(|&&(_, value)| holds(value, *datum));
            let mut next: Vec<Duties> = ways
                .flat_map(|&(pays, _)| paid.iter().map(move |paid| paid | pays))
                .collect();
            next.sort_unstable();
            next.dedup();
            paid = next;
        }
        paid.contains(&self.duties)
    }
}
