//! The registers of an open object: what was read of it so far, as far as it
//! matters for what may follow.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::key::Key;
use crate::options::PropertyOrder;
use crate::shape::{EMPTY, Object, Shapes, ValueId, unlisted_names};

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
}

impl Regs {
    fn new(object: &Object) -> Regs {
        Regs {
            seen: vec![0; object.members.len().div_ceil(64)].into(),
            count: 0,
            used: 0,
            next: 0,
        }
    }

    fn has(&self, member: usize) -> bool {
        self.seen
            .get(member / 64)
            .is_some_and(|word| word >> (member % 64) & 1 == 1)
    }

    /// Required members that are still to come.
    fn pending(&self, object: &Object) -> u32 {
        let members = object.members.iter().enumerate();
        members.filter(|&(at, m)| m.required && !self.has(at)).count() as u32
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

    /// The registers after a member under label `label` of [`Key`]; `name` is
    /// given for unlisted ones, if known.
    pub(crate) fn after(
        &mut self,
        object: &Object,
        id: RegsId,
        label: u32,
        name: Option<String>,
    ) -> RegsId {
        let mut regs = (*self.get(id)).clone();
        let counted = object.max.is_some() || regs.count < object.min;
        regs.count += u32::from(counted);
        let listed = object.members.len() as u32;
        if label < listed {
            if let Some(word) = regs.seen.get_mut(label as usize / 64) {
                *word |= 1 << (label % 64);
            }
            regs.next = label + 1;
        } else {
            regs.next = listed;
            if let Some(name) = name {
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
        }
        self.intern(regs)
    }

    /// Whether the object may be closed.
    pub(crate) fn may_close(&self, object: &Object, id: RegsId) -> bool {
        let regs = &self.all[id as usize];
        regs.count >= object.min && regs.pending(object) == 0
    }

    /// The names that may come next; `None` if there are none.
    ///
    /// A name may come if it is unused, has a value, and leaves room for the
    /// required members still missing. The minimum needs no check: unused names
    /// never fall short of it as long as each one used counts.
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
        let mut allowed: Vec<bool> = object
            .members
            .iter()
            .enumerate()
            .map(|(at, member)| {
                let fits = if member.required { room >= pending } else { others_fit };
                fits && !regs.has(at) && shapes.is_alive(member.value)
            })
            .collect();
        let mut classes = if others_fit {
            shapes.open_classes(object)
        } else {
            0
        };
        if order == PropertyOrder::Schema {
            self.keep_order(shapes, object, regs, &mut allowed, &mut classes);
        }
        let used = self.used_names(regs.used);
        let key = Key::new(Arc::clone(&object.names), allowed, classes, used);
        key.is_live().then_some(key)
    }

    /// Allows only what keeps the listed order and can still reach the minimum.
    fn keep_order(
        &self,
        shapes: &Shapes,
        object: &Object,
        regs: &Regs,
        allowed: &mut [bool],
        classes: &mut u64,
    ) {
        let mut blocked = false;
        let others = unlisted_names(&object.names, *classes)
            .saturating_sub(self.used_names(regs.used).len() as u64);
        for at in 0..allowed.len() {
            let later = object.members.iter().enumerate().skip(at + 1);
            let left = later.filter(|(_, m)| shapes.is_alive(m.value)).count() as u64;
            let reachable = u64::from(regs.count) + 1 + left + others >= u64::from(object.min);
            let in_order = at as u32 >= regs.next && !blocked;
            let required = object.members.get(at).is_some_and(|m| m.required);
            if in_order && required && !regs.has(at) {
                blocked = true;
            }
            if let Some(slot) = allowed.get_mut(at) {
                *slot &= in_order && reachable;
            }
        }
        let enough = u64::from(regs.count).saturating_add(others) >= u64::from(object.min);
        if blocked || !enough {
            *classes = 0;
        }
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
        let (mut sum, mut needed) = (0u32, 0u32);
        let mut optional = Vec::new();
        for (at, member) in object.members.iter().enumerate() {
            if regs.has(at) {
                continue;
            }
            let bytes = shapes.bytes(member.value).saturating_add(member.name_bytes);
            if member.required {
                sum = sum.saturating_add(bytes);
                needed += 1;
            } else if bytes < EMPTY {
                optional.push(bytes);
            }
        }
        let extra = object.min.saturating_sub(regs.count).max(least).saturating_sub(needed);
        let total = needed + extra;
        sum = sum.saturating_add(shapes.extra_bytes(object, optional, extra));
        sum.saturating_add(total.saturating_sub(u32::from(first)) + 1)
    }

    /// What a label of [`Key`] says of the member's value.
    pub(crate) fn member_value(object: &Object, label: u32) -> Option<ValueId> {
        let listed = object.members.len();
        match object.members.get(label as usize) {
            Some(member) => Some(member.value),
            None => object.others.get(label as usize - listed).copied(),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let words = self.all.first().map_or(0, |regs| regs.seen.len());
        self.all.len() * (96 + 8 * words) + self.used.len() * 80
    }
}
