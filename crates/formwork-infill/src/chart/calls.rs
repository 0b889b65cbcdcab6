//! Rules that are called: where, by whom, and where their callers go on.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{ClassId, InstanceId, NOWHERE, Source};
use crate::bits::Bits;
use crate::rules::ItemId;

/// A rule that was called at some place.
pub(crate) struct Instance {
    pub(crate) class: ClassId,
    /// Its number among those of its class.
    pub(crate) bit: u32,
    /// The column it was called in.
    pub(crate) column: u32,
    /// The source at which it starts.
    pub(crate) start: u32,
    /// Where its callers go on, by number within its class.
    pub(crate) rets: SmallVec<[u32; 2]>,
}

/// A rule: all places where it was called, and where its callers go on.
#[derive(Default)]
pub(crate) struct Class {
    /// By bit.
    pub(crate) instances: Vec<InstanceId>,
    pub(crate) rets: Vec<Ret>,
    ret_ids: FxHashMap<(ItemId, ClassId), u32>,
    /// The first so many instances were called before the newest column.
    pub(super) earlier: u32,
}

/// A place where callers of a rule go on.
pub(crate) struct Ret {
    /// The item after the call, and the class that it is in.
    pub(crate) to: (ItemId, ClassId),
    /// The instances with callers that go on there.
    pub(crate) of: Bits,
    /// By bit: the instance's callers.
    ranks: Vec<u32>,
    pub(crate) callers: Vec<Callers>,
    /// In which instances any of them are, but for those of the newest column.
    above: Bits,
}

/// The callers of an instance that go on alike.
#[derive(Default)]
pub(crate) struct Callers {
    /// The sources of the instance's column that call it.
    pub(crate) sources: SmallVec<[u32; 2]>,
    /// In which instances they are; once the column is done.
    pub(crate) above: Bits,
}

/// A place where callers of a class go on, by number, and instances that some are in.
pub(super) type Above = (u32, Bits);

impl Class {
    pub(super) fn ret(&mut self, to: (ItemId, ClassId)) -> u32 {
        let rets = &mut self.rets;
        *self.ret_ids.entry(to).or_insert_with(|| {
            rets.push(Ret {
                to,
                of: Bits::default(),
                ranks: Vec::new(),
                callers: Vec::new(),
                above: Bits::default(),
            });
            rets.len() as u32 - 1
        })
    }

    /// The number of a place where callers go on, if there are any.
    pub(crate) fn known_ret(&self, to: (ItemId, ClassId)) -> Option<u32> {
        self.ret_ids.get(&to).copied()
    }

    /// Those of some instances that come before a certain one of the chart, and the others.
    pub(crate) fn split(&self, first: InstanceId, of: Bits) -> (Bits, Bits) {
        let is_before = |&id: &InstanceId| id < first;
        of.split(self.instances.partition_point(is_before) as u32)
    }

    /// By place where callers go on: the instances that those are in who called one of
    /// some instances, all called before the newest column.
    pub(super) fn above(&self, of: &Bits) -> Rc<[Above]> {
        let mut all = Vec::new();
        for (ret, number) in self.rets.iter().zip(0..) {
            let mut above = Bits::default();
            // The later ones mostly have all callers of the earlier ones.
            for bit in ret.of.both(of).iter_down() {
                above.unite(&ret.callers_of(bit).above);
                if above == ret.above {
                    break;
                }
            }
            if !above.is_empty() {
                all.push((number, above));
            }
        }
        all.into()
    }
}

impl Ret {
    /// The place of an instance's callers among all callers that go on there.
    pub(crate) fn rank(&self, bit: u32) -> usize {
        self.ranks[bit as usize] as usize
    }

    /// The callers of an instance that has some.
    pub(crate) fn callers_of(&self, bit: u32) -> &Callers {
        &self.callers[self.rank(bit)]
    }

    /// The same, made if there are none.
    pub(super) fn callers_mut(&mut self, bit: u32) -> &mut Callers {
        let at = bit as usize;
        if !self.of.contains(bit) {
            self.of.insert(bit);
            let len = self.ranks.len().max(at + 1);
            self.ranks.resize(len, NOWHERE);
            self.ranks[at] = self.callers.len() as u32;
            self.callers.push(Callers::default());
        }
        &mut self.callers[self.ranks[at] as usize]
    }

    /// Works out in which instances the callers of an instance are, once its column is
    /// done. Returns their heap use, in bytes.
    pub(super) fn close(&mut self, bit: u32, column: &[Source]) -> usize {
        let rank = self.rank(bit);
        let callers = &mut self.callers[rank];
        for &caller in &callers.sources {
            callers.above.unite(&column[caller as usize].of);
        }
        self.above.unite(&callers.above);
        size_of::<Callers>() + callers.above.heap_bytes()
    }
}
