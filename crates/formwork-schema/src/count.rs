//! How many different values there are, as far as it matters.
//!
//! Items that must differ are live only while more values remain than were
//! used. Counts are lower bounds, exact for the finite sets that occur in
//! practice; a bound that is too low only makes an array end early.

use crate::array::{Array, Cursor};
use crate::object::{Duties, Object};
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
        self.values.get(value as usize).map_or(0, |value| value.count)
    }

    fn count_value(&self, id: ValueId) -> Count {
        let value = &self.values[id as usize];
        let literals = [value.null, value.bools[0], value.bools[1]];
        let literals = literals.into_iter().filter(|&has| has).count() as Count;
        // Alternatives of one type may overlap.
        let strings = value.texts.iter().map(|text| text.count()).max();
        let numbers = value.digits.iter().map(|number| number.count).max();
        let objects = value.objects.iter();
        let objects = objects.map(|&o| self.count_members(&self.objects[o as usize], &Left::all(self, o)));
        let arrays = value.arrays.iter().map(|&a| self.count_items(&self.arrays[a as usize], 0));
        let parts = [strings, numbers, objects.max(), arrays.max()];
        parts.into_iter().flatten().fold(literals, limited_add)
    }

    /// The ways to complete an object: a lower bound.
    pub(crate) fn count_members(&self, object: &Object, left: &Left) -> Count {
        if left.duties != 0 {
            return 1;
        }
        let best = |values: &[(Duties, ValueId)]| {
            let counts = values.iter().map(|&(_, value)| self.count(value));
            counts.max().unwrap_or(0)
        };
        let required = object.members.iter().enumerate();
        let required = required.filter(|&(at, m)| m.required && left.members.contains(&(at as u32)));
        let all = required.fold(1, |all: Count, (_, m)| limited_mul(all, best(&m.values)));
        if left.room == 0 || all == 0 {
            return all;
        }
        let endless = object.others.iter().enumerate().any(|(class, values)| {
            best(values) > 0 && object.names.unlisted(1 << class) == u64::MAX
        });
        if endless {
            return MANY;
        }
        let optional = object.members.iter().enumerate();
        let optional = optional
            .filter(|&(at, m)| !m.required && left.members.contains(&(at as u32)))
            .map(|(_, m)| best(&m.values));
        match object.max {
            // One more member, or none.
            Some(_) => optional.fold(all, |sum, n| limited_add(sum, limited_mul(all, n))),
            None if left.min_met => optional.fold(all, |sum, n| limited_mul(sum, n + 1)),
            None => all,
        }
    }

    /// The ways to complete an array: a lower bound.
    pub(crate) fn count_items(&self, array: &Array, cursor: Cursor) -> Count {
        let here = Count::from(array.may_close(cursor));
        let items = array.items(self, cursor);
        let next = items.iter().map(|&(value, next)| (self.count(value), next));
        next.fold(here, |sum, (count, next)| {
            let endless = array.is_endless(next) && !(array.unique && count < MANY);
            let more = if count == 0 {
                0
            } else if endless {
                MANY
            } else if array.unique {
                1
            } else {
                count
            };
            limited_add(sum, more)
        })
    }
}

/// What may still come in an object.
pub(crate) struct Left {
    /// Listed members, by number.
    pub(crate) members: rustc_hash::FxHashSet<u32>,
    /// Places beyond those of the required ones.
    pub(crate) room: u32,
    pub(crate) duties: Duties,
    /// Whether the required members suffice for the minimum.
    pub(crate) min_met: bool,
}

impl Left {
    fn all(shapes: &Shapes, object: u32) -> Left {
        let object = &shapes.objects[object as usize];
        let required = object.members.iter().filter(|m| m.required).count() as u32;
        Left {
            members: (0..object.members.len() as u32).collect(),
            room: object.max.map_or(u32::MAX, |max| max.saturating_sub(required)),
            duties: object.duties,
            min_met: object.min <= required,
        }
    }
}

pub(crate) fn limited_add(a: Count, b: Count) -> Count {
    a.saturating_add(b).min(MANY)
}

pub(crate) fn limited_mul(a: Count, b: Count) -> Count {
    a.saturating_mul(b).min(MANY)
}
