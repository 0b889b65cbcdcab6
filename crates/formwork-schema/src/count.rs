//! How many different values there are, as far as it matters.
//!
//! Items that must differ are live only while more values remain than were
//! used. Counts are lower bounds, exact for the finite sets that occur in
//! practice; a bound that is too low only makes an array end early.

#![expect(
    clippy::indexing_slicing,
    reason = "values, objects and arrays are numbered as they are worked out"
)]

use crate::array::{Array, Cursor};
use crate::object::{Duties, Object, Todo};
use crate::shape::{Shapes, ValueId};

/// A number of values; [`MANY`] stands for all that are too many to matter.
pub(crate) type Count = u64;

pub(crate) const MANY: Count = 1 << 20;

impl Shapes {
    /// Counts the values of every formula, by rounds from below: after so many
    /// rounds whatever still grows is recursive, and has no end.
    pub(crate) fn count_values(&mut self) {
        const ROUNDS: usize = 16;
        for round in 0..=ROUNDS {
            let mut changed = false;
            for id in 0..self.values.len() {
                let old = self.values[id].count;
                let new = self.count_value(id as ValueId);
                if new > old {
                    changed = true;
                    self.values[id].count = if round == ROUNDS { MANY } else { new };
                }
            }
            if !changed {
                break;
            }
        }
    }

    pub(crate) fn count(&self, value: ValueId) -> Count {
        self.values
            .get(value as usize)
            .map_or(0, |value| value.count)
    }

    fn count_value(&self, id: ValueId) -> Count {
        let value = &self.values[id as usize];
        let literals = [value.null, value.bools[0], value.bools[1]];
        let literals = literals.into_iter().filter(|&has| has).count() as Count;
        // Alternatives of one type may overlap.
        let strings = value.texts.iter().map(|text| text.count()).max();
        let numbers = value.digits.iter().map(|number| number.count).max();
        let objects = value.objects.iter();
        let objects = objects.map(|&o| {
            let object = &self.objects[o as usize];
            self.count_members(object, &object.all())
        });
        let arrays = value
            .arrays
            .iter()
            .map(|&a| self.count_items(&self.arrays[a as usize], 0));
        let parts = [strings, numbers, objects.max(), arrays.max()];
        parts.into_iter().flatten().fold(literals, limited_add)
    }

    /// The ways to complete an object: a lower bound.
    pub(crate) fn count_members(&self, object: &Object, todo: &Todo<'_>) -> Count {
        if todo.duties != 0 {
            return self.widest_member(object, todo);
        }
        let members = object.members.iter().enumerate();
        let left = members.filter(|&(at, _)| !(todo.seen)(at));
        let (required, optional): (Vec<_>, Vec<_>) = left.partition(|(_, m)| m.required);
        let all = required.iter().fold(1, |all: Count, (_, m)| {
            limited_mul(all, self.best(&m.values))
        });
        let count = todo.count + required.len() as u32;
        if all == 0 || object.max.is_some_and(|max| max <= count) {
            return all;
        }
        let endless = object.others.iter().enumerate().any(|(class, values)| {
            self.best(values) > 0 && object.names.unlisted(class) == u64::MAX
        });
        if endless {
            return MANY;
        }
        let optional = optional.iter().map(|(_, m)| self.best(&m.values));
        match object.max {
            // One more member, or none.
            Some(_) => optional.fold(all, |sum, n| limited_add(sum, limited_mul(all, n))),
            None if count >= object.min => optional.fold(all, |sum, n| limited_mul(sum, n + 1)),
            None => all,
        }
    }

    fn best(&self, values: &[(Duties, ValueId)]) -> Count {
        let counts = values.iter().map(|&(_, value)| self.count(value));
        counts.max().unwrap_or(0)
    }

    /// With duties: the most values that any one member may have. Every value
    /// that leaves the rest possible is one way at least.
    fn widest_member(&self, object: &Object, todo: &Todo<'_>) -> Count {
        let listed = object.members.len();
        let mut most = Count::from(object.complete(self, todo).is_some());
        for label in 0..listed + object.others.len() {
            if label < listed && (todo.seen)(label) {
                continue;
            }
            let endless = label >= listed && object.names.unlisted(label - listed) == u64::MAX;
            for &(paid, value) in object.values(label as u32) {
                let seen = |at| at == label || (todo.seen)(at);
                let after = Todo {
                    seen: &seen,
                    used: todo.used,
                    count: todo.count + 1,
                    duties: todo.duties & !paid,
                    least: 0,
                };
                let count = if endless { MANY } else { self.count(value) };
                let more = count > most && self.is_alive(value);
                if more && object.complete(self, &after).is_some() {
                    most = count;
                }
            }
        }
        most
    }

    /// The ways to complete an array: a lower bound.
    pub(crate) fn count_items(&self, array: &Array, cursor: Cursor) -> Count {
        let here = Count::from(array.may_close(cursor));
        let items = array.items(self, cursor);
        let next = items.iter().map(|&(value, next)| (self.count(value), next));
        next.fold(here, |sum, (count, next)| {
            let more = match count {
                0 => 0,
                _ if array.unique => count.saturating_sub(array.read_at_most(cursor)).max(1),
                _ if array.is_endless(next) => MANY,
                count => count,
            };
            limited_add(sum, more)
        })
    }
}

pub(crate) fn limited_add(a: Count, b: Count) -> Count {
    a.saturating_add(b).min(MANY)
}

pub(crate) fn limited_mul(a: Count, b: Count) -> Count {
    a.saturating_mul(b).min(MANY)
}
