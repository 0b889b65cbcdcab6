//! The registers of an open object: what was read of it so far, as far as it
//! matters for what may follow.

#![expect(
    clippy::indexing_slicing,
    reason = "registers are numbered as they are interned"
)]

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::count::Count;
use crate::key::Key;
use crate::object::{Duties, Object, Rest, Todo, Values};
use crate::options::PropertyOrder;
use crate::shape::{Shapes, ValueId};

/// Index into [`RegisterFile`]; equal registers have equal numbers.
pub(crate) type RegsId = u32;
/// The unlisted names used, as a chain; 0 is none.
type UsedId = u32;

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Regs {
    /// Listed members read, one bit each.
    seen: Box<[u64]>,
    /// Members read, counted only as far as a bound asks for it.
    pub(crate) count: u32,
    used: UsedId,
    /// With a fixed order: the first listed member that may still come.
    next: u32,
    /// Duties still to be paid.
    duties: Duties,
}

impl Regs {
    fn new(object: &Object) -> Regs {
        Regs {
            seen: vec![0; object.members.len().div_ceil(64)].into(),
            count: 0,
            used: 0,
            next: 0,
            duties: object.duties,
        }
    }

    fn has(&self, member: usize) -> bool {
        self.seen
            .get(member / 64)
            .is_some_and(|word| word >> (member % 64) & 1 == 1)
    }

    /// The registers after one more name, the name itself left out.
    fn after(&self, object: &Object, label: u32, order: PropertyOrder) -> Regs {
        let mut regs = self.clone();
        let counted = object.max.is_some() || regs.count < object.min;
        regs.count += u32::from(counted);
        if let Some(word) = regs.seen.get_mut(label as usize / 64)
            && (label as usize) < object.members.len()
        {
            *word |= 1 << (label % 64);
        }
        if order == PropertyOrder::Schema {
            regs.next = (label + 1).min(object.members.len() as u32);
        }
        regs
    }

    /// Required members that are still to come.
    fn pending(&self, object: &Object) -> u32 {
        let members = object.members.iter().enumerate();
        members
            .filter(|&(at, m)| m.required && !self.has(at))
            .count() as u32
    }
}

/// All registers in use, and the names they remember.
#[derive(Default)]
pub(crate) struct RegisterFile {
    all: Vec<Arc<Regs>>,
    ids: FxHashMap<Arc<Regs>, RegsId>,
    used: Vec<(UsedId, Box<str>)>,
    used_ids: FxHashMap<(UsedId, Box<str>), UsedId>,
}

impl RegisterFile {
    pub(crate) fn start(&mut self, object: &Object) -> RegsId {
        self.intern(Regs::new(object))
    }

    pub(crate) fn get(&self, id: RegsId) -> Arc<Regs> {
        Arc::clone(&self.all[id as usize])
    }

    fn intern(&mut self, regs: Regs) -> RegsId {
        if let Some(&id) = self.ids.get(&regs) {
            return id;
        }
        let regs = Arc::new(regs);
        let id = self.all.len() as RegsId;
        self.all.push(Arc::clone(&regs));
        self.ids.insert(regs, id);
        id
    }

    fn used_names(&self, mut id: UsedId) -> Vec<&str> {
        let mut names = Vec::new();
        while let Some((before, name)) = id.checked_sub(1).and_then(|at| self.used.get(at as usize))
        {
            names.push(&**name);
            id = *before;
        }
        names
    }

    /// The registers after the name of a member under `label` of
    /// [`Key`]; `name` is given for unlisted ones, if known.
    pub(crate) fn after(
        &mut self,
        object: &Object,
        id: RegsId,
        label: u32,
        name: Option<String>,
        order: PropertyOrder,
    ) -> RegsId {
        let mut regs = self.get(id).after(object, label, order);
        if let Some(name) = name.filter(|_| label as usize >= object.members.len()) {
            let key = (regs.used, Box::from(name));
            regs.used = match self.used_ids.get(&key) {
                Some(&id) => id,
                None => {
                    self.used.push(key.clone());
                    let id = self.used.len() as UsedId;
                    self.used_ids.insert(key, id);
                    id
                }
            };
        }
        self.intern(regs)
    }

    /// The registers after some duties were paid.
    pub(crate) fn pay(&mut self, id: RegsId, paid: Duties) -> RegsId {
        let regs = self.get(id);
        if regs.duties & paid == 0 {
            return id;
        }
        self.intern(Regs {
            duties: regs.duties & !paid,
            ..(*regs).clone()
        })
    }

    /// Whether the object may be closed.
    pub(crate) fn may_close(&self, object: &Object, id: RegsId) -> bool {
        let regs = &self.all[id as usize];
        regs.count >= object.min && regs.duties == 0 && regs.pending(object) == 0
    }

    /// What the value of the member just named may be, and the duties it pays
    /// then: whatever leaves the rest of the object possible.
    pub(crate) fn ways(
        &self,
        shapes: &Shapes,
        object: &Object,
        id: RegsId,
        label: u32,
    ) -> Vec<(Duties, ValueId)> {
        self.ways_of(shapes, object, &self.all[id as usize], label)
    }

    fn ways_of(
        &self,
        shapes: &Shapes,
        object: &Object,
        after: &Regs,
        label: u32,
    ) -> Vec<(Duties, ValueId)> {
        let values = object.values(label);
        let owed = |paid: Duties| paid & after.duties;
        // Not more narrow than it has to be for what is still owed.
        let needed = |paid: Duties| {
            let wider = |&(other, _): &(Duties, ValueId)| {
                other != paid && other & paid == other && owed(other) == owed(paid)
            };
            !values.iter().any(wider)
        };
        let possible = |&&(paid, value): &&(Duties, ValueId)| {
            let alive = shapes.is_alive(value) && needed(paid);
            alive && (after.duties == 0 || self.completes(shapes, object, after, paid))
        };
        values.iter().filter(possible).copied().collect()
    }

    fn completes(&self, shapes: &Shapes, object: &Object, regs: &Regs, paid: Duties) -> bool {
        self.rest(shapes, object, regs, regs.duties & !paid, 0)
            .is_some()
    }

    /// The cheapest completion of an object.
    fn rest(
        &self,
        shapes: &Shapes,
        object: &Object,
        regs: &Regs,
        duties: Duties,
        least: u32,
    ) -> Option<Rest> {
        self.with_todo(object, regs, duties, least, |todo| {
            object.complete(shapes, todo)
        })
    }

    /// Hands over what registers leave to be done.
    fn with_todo<T>(
        &self,
        object: &Object,
        regs: &Regs,
        duties: Duties,
        least: u32,
        then: impl FnOnce(&Todo<'_>) -> T,
    ) -> T {
        let used = |class: u32| {
            let names = self.used_names(regs.used);
            let of_class = names
                .iter()
                .filter(|n| object.names.class_of(n) == Some(class));
            of_class.count() as u64
        };
        then(&Todo {
            seen: &|at| regs.has(at) || at < regs.next as usize,
            used: &used,
            count: regs.count,
            duties,
            least,
        })
    }

    /// The ways to complete an object: a lower bound.
    pub(crate) fn completions(&self, shapes: &Shapes, object: &Object, id: RegsId) -> Count {
        let regs = &self.all[id as usize];
        self.with_todo(object, regs, regs.duties, 0, |todo| {
            shapes.count_members(object, todo)
        })
    }

    /// The names that may come next; `None` if there are none.
    ///
    /// A name may come if it is unused, has a value, and leaves the rest of the
    /// object possible: room for the required members still missing, and a way
    /// to pay every duty. In free order the minimum needs no check, as unused
    /// names never fall short of it when each one used counts.
    pub(crate) fn key(
        &self,
        shapes: &Shapes,
        object: &Object,
        id: RegsId,
        order: PropertyOrder,
    ) -> Option<Key> {
        let regs = &self.all[id as usize];
        let pending = regs.pending(object);
        let room = object.max.map_or(u32::MAX, |max| max - regs.count.min(max));
        // Others only if a place is left after the required ones.
        let others_fit = room > pending;
        let ordered = order == PropertyOrder::Schema;
        let check = regs.duties != 0 || (ordered && object.min > 0);
        let possible = |label: usize| {
            let alive = object
                .values(label as u32)
                .iter()
                .any(|&(_, v)| shapes.is_alive(v));
            if !alive || !check {
                return alive;
            }
            let after = regs.after(object, label as u32, order);
            let ways = self.ways_of(shapes, object, &after, label as u32);
            ways.iter()
                .any(|&(paid, _)| self.completes(shapes, object, &after, paid))
        };
        let mut blocked = false;
        let mut allowed = Vec::with_capacity(object.members.len());
        for (at, member) in object.members.iter().enumerate() {
            let fits = if member.required {
                room >= pending
            } else {
                others_fit
            };
            let free = !regs.has(at) && at >= regs.next as usize && !blocked;
            allowed.push(fits && free && possible(at));
            blocked |= ordered && free && member.required;
        }
        let mut classes = 0u64;
        if others_fit && !blocked {
            for class in 0..object.others.len() {
                classes |= u64::from(possible(object.members.len() + class)) << class;
            }
        }
        let used = self.used_names(regs.used);
        let mut key = Key::new(Arc::clone(&object.names), allowed, classes, used);
        if pending > 0 || regs.duties != 0 {
            let pays = |values: &Values| {
                let pays = |&(paid, value): &(Duties, ValueId)| {
                    paid & regs.duties != 0 && shapes.is_alive(value)
                };
                values.iter().any(pays)
            };
            let members = object.members.iter().enumerate();
            let needed = members.map(|(at, m)| !regs.has(at) && (m.required || pays(&m.values)));
            let others = object.others.iter().enumerate();
            let classes = others.filter(|(_, values)| pays(values));
            let classes = classes.fold(0, |classes, (class, _)| classes | 1 << class);
            key.set_needed(needed.collect(), classes);
        }
        key.is_live().then_some(key)
    }

    /// Bytes that complete the object: the members still needed, at least
    /// `least` of them, a comma before each but the first if `first`, and the
    /// closing brace.
    pub(crate) fn rest_bytes(
        &self,
        shapes: &Shapes,
        object: &Object,
        id: RegsId,
        least: u32,
        first: bool,
    ) -> u32 {
        let regs = &self.all[id as usize];
        match self.rest(shapes, object, regs, regs.duties, least) {
            None => u32::MAX,
            Some(rest) => rest
                .bytes
                .saturating_add(rest.members.saturating_sub(u32::from(first)) + 1),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let words = self.all.first().map_or(0, |regs| regs.seen.len());
        self.all.len() * (96 + 8 * words) + self.used.len() * 80
    }
}
