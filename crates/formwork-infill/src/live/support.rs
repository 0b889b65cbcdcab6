//! What leads to a fact, and what it leads to.

use super::{Instance, List, Live, NOWHERE, Ret};
use crate::chart::MAIN;
use crate::row::{Row, any, both, count, meet, ones, ones_down, remove, without};

impl Live {
    /// Takes from `need`, facts of a node, those that something leads to; whether none
    /// is left.
    pub(super) fn find_reached(&self, y: usize, node: usize, need: &mut Row) -> bool {
        let now = &self.columns[y];
        if node >= now.sources {
            let mut feeders = now.feeders.get(node - now.sources).iter();
            return feeders.any(|&source| without(need, now.rows.live(source as usize)));
        }
        if node < now.arrived {
            let before = y.checked_sub(1).map(|before| &self.columns[before]);
            let mut preds = now.preds.get(node).iter();
            let is_reached = before.is_some_and(|before| {
                preds.any(|&pred| without(need, before.rows.live(pred as usize)))
            });
            let mut skipped = now.skipped.get(node).iter();
            let is_reached = is_reached
                || skipped.any(|&(column, source)| {
                    let column = &self.columns[column as usize];
                    without(need, column.rows.live(source as usize))
                });
            if is_reached {
                return true;
            }
        }
        for &(exit, ret) in now.returned.get(node) {
            let class = &self.classes[now.class[exit as usize] as usize];
            let ret = &class.rets[ret as usize];
            let ended = both(now.rows.live(exit as usize), &ret.of);
            if ret.without_above(need, &ended, &class.instances, &self.instances) {
                return true;
            }
        }
        let class = &self.classes[now.class[node] as usize];
        for bit in ones(&need.clone()) {
            let id = class.instances[bit];
            let instance = &self.instances[id as usize];
            let starts = (instance.column as usize, instance.start as usize) == (y, node);
            let is_called = id == MAIN || instance.lists.iter().any(|list| any(&list.above));
            if starts && is_called {
                remove(need, bit);
            }
        }
        !any(need)
    }

    /// Takes from `need`, facts of a node, those that lead to something; whether none is
    /// left.
    pub(super) fn find_useful(&self, y: usize, node: usize, need: &mut Row) -> bool {
        let now = &self.columns[y];
        if node >= now.sources {
            return self.keep_ends(y, node, need);
        }
        let mut stays = now.stays.get(node).iter();
        let mut ends = now.ends.get(node).iter();
        let mut skips = now.skips.get(node).iter();
        let mut calls = now.calls.get(node).iter();
        let next = self.columns.get(y + 1);
        next.is_some_and(|next| stays.any(|&(to, _)| without(need, next.rows.live(to as usize))))
            || ends.any(|&exit| without(need, now.rows.live(exit as usize)))
            || skips.any(|&(column, source)| {
                let column = &self.columns[column as usize];
                without(need, column.rows.live(source as usize))
            })
            || calls.any(|&(id, list)| self.goes_on(id, list, need))
    }

    /// Takes from `need` the instances in which callers go on after an instance; whether
    /// nothing is left.
    fn goes_on(&self, id: u32, list: u32, need: &mut Row) -> bool {
        let instance = &self.instances[id as usize];
        let bit = instance.bit as usize;
        let ret = instance.lists[list as usize].ret;
        let called = &self.columns[instance.column as usize];
        if !called.rows.has(instance.start as usize, bit) {
            return false;
        }
        let class = &self.classes[instance.class as usize];
        for end in ones(&instance.ends) {
            let (column, exit) = class.exits[end];
            let column = &self.columns[column as usize];
            if !column.rows.has(exit as usize, bit) {
                continue;
            }
            if let Some(target) = column.target(exit as usize, ret)
                && without(need, column.rows.live(target))
            {
                return true;
            }
        }
        false
    }

    /// Takes from `need` the instances whose end at an exit is of use; whether none is
    /// left.
    fn keep_ends(&self, y: usize, node: usize, need: &mut Row) -> bool {
        let now = &self.columns[y];
        let class = &self.classes[now.class[node] as usize];
        let is_accept = now.accepts.contains(&(node as u32));
        let targets = now.targets.get(node - now.sources);
        if is_accept && now.closable {
            remove(need, MAIN as usize);
        }
        let mut places = class.rets.iter().zip(targets);
        let (members, instances) = (&class.instances, &self.instances);
        places.any(|(ret, &target)| {
            target != NOWHERE && {
                let after = now.rows.live(target as usize);
                ret.without_called(need, after, members, instances)
            }
        }) || !any(need)
    }

    /// The nodes with facts that nothing leads to, or that lead to nothing.
    #[cfg(test)]
    pub(crate) fn unsupported(&self) -> Vec<(usize, usize)> {
        let columns = self.columns.iter().enumerate();
        let nodes = columns.flat_map(|(y, column)| (0..column.class.len()).map(move |n| (y, n)));
        nodes
            .filter(|&(y, node)| {
                let live: Row = self.columns[y].rows.live(node).into();
                let is_dead = !any(&live);
                let is_reached = self.find_reached(y, node, &mut live.clone());
                let is_useful = self.find_useful(y, node, &mut live.clone());
                !(is_dead || is_reached && is_useful)
            })
            .collect()
    }
}

impl Ret {
    /// Takes from `need` the instances that were called in some others; whether none is
    /// left. `members` are the instances of the class, by bit.
    ///
    /// PERF: the first callers mostly called them all; see `useful`. If there are fewer in
    /// `need` than callers, they are asked one by one.
    pub(super) fn without_called(
        &self,
        need: &mut Row,
        callers: &[u64],
        members: &[u32],
        instances: &[Instance],
    ) -> bool {
        if count(need) > count(callers) {
            let mut called = ones(callers).map_while(|caller| self.called.get(caller));
            return called.any(|called| without(need, called));
        }
        for bit in ones(&need.clone()) {
            let list = self.lists.get(bit).copied().unwrap_or(NOWHERE);
            let lists = &instances[members[bit] as usize].lists;
            let is_called = |list: &List| meet(&list.above, callers);
            if lists.get(list as usize).is_some_and(is_called) {
                remove(need, bit);
            }
        }
        !any(need)
    }

    /// Takes from `need` the instances in which callers of some others are; whether none is
    /// left. `members` are the instances of the class, by bit.
    pub(super) fn without_above(
        &self,
        need: &mut Row,
        of: &[u64],
        members: &[u32],
        instances: &[Instance],
    ) -> bool {
        if count(need) < count(of) {
            for caller in ones(&need.clone()) {
                if self
                    .called
                    .get(caller)
                    .is_some_and(|called| meet(called, of))
                {
                    remove(need, caller);
                }
            }
            return !any(need);
        }
        // The later an instance was called, the more its callers are in.
        ones_down(of).any(|bit| {
            let lists = &instances[members[bit] as usize].lists;
            without(need, &lists[self.lists[bit] as usize].above)
        })
    }
}
