//! What goes when a position is filled.

use std::sync::OnceLock;

use formwork_vocab::TokenId;
use rustc_hash::FxHashMap;

use super::{Live, NOWHERE, Ret};
use crate::canvas::{Cell, closable};
use crate::lists::Lists;
use crate::node_rows::Side;
use crate::row::{Row, any, between, both, has, meet, one, ones, remove, unite, without};
use crate::token_sets::{SetId, TokenSets};

/// Of more instances it is not asked one by one what their ends led to.
const MANY: usize = 4;

impl Live {
    /// Takes away what does not fit any more after a position was filled.
    pub(crate) fn restrict(
        &mut self,
        position: usize,
        cells: &[Cell],
        ends: &[TokenId],
        sets: &TokenSets,
    ) {
        let closable = closable(cells, ends);
        for (column, closes) in self.columns.iter_mut().zip(closable) {
            if column.closable && !closes {
                for &exit in &column.accepts {
                    column.rows.mark(Side::Behind, exit as usize, &[1]);
                }
            }
            column.closable = closes;
        }
        let mut keep = |set| match cells.get(position) {
            Some(&Cell::Token(token)) => sets.contains(set, token),
            _ => false,
        };
        self.cut(position, &mut keep);
        for y in position + 1..self.columns.len() {
            self.forward(y);
        }
        for y in (0..self.columns.len()).rev() {
            self.unended_at(y);
            while let Some(node) = self.columns[y].rows.next(Side::Behind) {
                let mut need = self.columns[y].rows.take(Side::Behind, node);
                if !self.find_useful(y, node, &mut need) {
                    self.lose(y, node, &need, false);
                }
            }
        }
        self.any_lost = false;
        for class in &mut self.classes {
            if !(class.lost_ends || any(&class.uncalled)) {
                continue;
            }
            class.lost_ends = false;
            class.uncalled.clear();
            class.unended.clear();
            for ret in &mut class.rets {
                ret.uncalled.clear();
                ret.unreturned.clear();
                ret.returning.clear();
            }
        }
    }

    /// Cuts the ways over a position by other tokens.
    fn cut(&mut self, position: usize, keep: &mut impl FnMut(SetId) -> bool) {
        let (before, after) = self.columns.split_at_mut(position + 1);
        let (Some(now), Some(next)) = (before.last_mut(), after.first_mut()) else {
            return;
        };
        let mut kept = Lists::default();
        let mut known: FxHashMap<SetId, bool> = FxHashMap::default();
        for source in 0..now.sources {
            let stays = match any(now.rows.live(source)) {
                true => now.stays.get(source),
                false => &[],
            };
            for &(to, set) in stays {
                if *known.entry(set).or_insert_with(|| keep(set)) {
                    kept.push((to, set));
                } else {
                    next.rows
                        .mark(Side::Ahead, to as usize, now.rows.live(source));
                    now.rows
                        .mark(Side::Behind, source, next.rows.live(to as usize));
                }
            }
            kept.close();
        }
        now.stays = kept;
        now.tokens = OnceLock::new();
        let sources = 0..now.sources;
        let preds = sources.flat_map(|source| {
            let stays = now.stays.get(source).iter();
            stays.map(move |&(to, _)| (to, source as u32))
        });
        next.preds = Lists::by_first(next.arrived, preds.collect());
    }

    /// Finds what nothing leads to any more in a column.
    fn forward(&mut self, y: usize) {
        if self.any_lost {
            self.uncalled_at(y);
        }
        while let Some(node) = self.columns[y].rows.next(Side::Ahead) {
            let mut need = self.columns[y].rows.take(Side::Ahead, node);
            if !self.find_reached(y, node, &mut need) {
                self.lose(y, node, &need, true);
            }
        }
    }

    /// Marks the ends of instances that lost callers, and where those went on.
    fn uncalled_at(&mut self, y: usize) {
        let column = &mut self.columns[y];
        for exit in 0..column.class.len() - column.sources {
            let node = column.sources + exit;
            let class = &self.classes[column.class[node] as usize];
            if !meet(&class.uncalled, column.rows.live(node)) {
                continue;
            }
            column.rows.mark(Side::Behind, node, &class.uncalled);
            for (ret, &target) in class.rets.iter().zip(column.targets.get(exit)) {
                if target != NOWHERE {
                    column
                        .rows
                        .mark(Side::Ahead, target as usize, &ret.uncalled);
                }
            }
        }
    }

    /// Marks callers of instances that were called in a column and lost ends later on.
    fn unended_at(&mut self, y: usize) {
        let (before, after) = self.columns.split_at_mut(y + 1);
        let Some(now) = before.last_mut() else { return };
        for id in now.instances.clone() {
            let instance = &mut self.instances[id];
            let class = &self.classes[instance.class as usize];
            if !class.lost_ends {
                continue;
            }
            let bit = instance.bit as usize;
            let lost_ends = has(&class.unended, bit);
            if lost_ends {
                for end in ones(&instance.ends.clone()) {
                    let (column, exit) = class.exits[end];
                    let column = match (column as usize).checked_sub(y + 1) {
                        Some(later) => &after[later],
                        None => &*now,
                    };
                    if !column.rows.has(exit as usize, bit) {
                        remove(&mut instance.ends, end);
                    }
                }
            }
            for list in &instance.lists {
                let ret = &class.rets[list.ret as usize];
                let bits = match lost_ends {
                    true => list.above.clone(),
                    false if has(&ret.returning, bit) => both(&list.above, &ret.unreturned),
                    false => continue,
                };
                for &caller in &list.callers {
                    now.rows.mark(Side::Behind, caller as usize, &bits);
                }
            }
        }
    }

    /// Drops facts, and marks what they supported.
    fn lose(&mut self, y: usize, node: usize, lost: &Row, onward: bool) {
        let (before, rest) = self.columns.split_at_mut(y);
        let Some((now, after)) = rest.split_first_mut() else {
            return;
        };
        now.rows.drop(node, lost);
        if node >= now.sources {
            self.lose_exit(y, node, lost, onward);
            return;
        }
        now.tokens = OnceLock::new();
        if onward {
            if let Some(next) = after.first_mut() {
                for &(to, _) in now.stays.get(node) {
                    next.rows.mark(Side::Ahead, to as usize, lost);
                }
            }
            for &exit in now.ends.get(node) {
                now.rows.mark(Side::Ahead, exit as usize, lost);
            }
        }
        if node < now.arrived {
            if onward {
                for &(column, source) in now.skips.get(node) {
                    let column = &mut after[column as usize - y - 1];
                    column.rows.mark(Side::Ahead, source as usize, lost);
                }
            }
            if let Some(last) = before.last_mut() {
                last.tokens = OnceLock::new();
                for &pred in now.preds.get(node) {
                    last.rows.mark(Side::Behind, pred as usize, lost);
                }
            }
            for &(column, source) in now.skipped.get(node) {
                let column = &mut before[column as usize];
                column.rows.mark(Side::Behind, source as usize, lost);
            }
        }
        for &(id, list) in now.calls.get(node) {
            let instance = &mut self.instances[id as usize];
            let list = &mut instance.lists[list as usize];
            let mut gone = list.above.clone();
            let mut callers = list.callers.iter();
            if callers.any(|&caller| without(&mut gone, now.rows.live(caller as usize))) {
                continue;
            }
            without(&mut list.above, &gone);
            let class = &mut self.classes[instance.class as usize];
            let ret = &mut class.rets[list.ret as usize];
            ret.lose_above(instance.bit as usize, &gone);
            if onward {
                self.any_lost = true;
                let bit = one(instance.bit);
                unite(&mut ret.uncalled, &gone);
                if !any(&list.above) {
                    without(&mut ret.of, &bit);
                }
                unite(&mut class.uncalled, &bit);
                let ends = ones(&instance.ends).map(|end| class.exits[end]);
                for (_, exit) in ends.take_while(|&(column, _)| column as usize == y) {
                    now.rows.mark(Side::Behind, exit as usize, &bit);
                    if let Some(target) = now.target(exit as usize, list.ret) {
                        now.rows.mark(Side::Ahead, target, &gone);
                    }
                }
                now.rows.mark(Side::Ahead, instance.start as usize, &bit);
            }
        }
        // Those that it was the place to go on for.
        for &(exit, ret) in now.returned.get(node) {
            let class = &mut self.classes[now.class[exit as usize] as usize];
            let (members, ret) = (&class.instances, &mut class.rets[ret as usize]);
            let mut others = both(now.rows.live(exit as usize), &ret.of);
            let mut ends = others.clone();
            ret.without_called(&mut others, lost, members, &self.instances);
            without(&mut ends, &others);
            for bit in ones(&between(&ends, &class.columns[y])) {
                let instance = &self.instances[members[bit] as usize];
                for &caller in &instance.lists[ret.lists[bit] as usize].callers {
                    now.rows.mark(Side::Behind, caller as usize, lost);
                }
            }
            if any(&ends) {
                unite(&mut ret.unreturned, lost);
                unite(&mut ret.returning, &ends);
                class.lost_ends = true;
                now.rows.mark(Side::Behind, exit as usize, &ends);
            }
        }
    }

    fn lose_exit(&mut self, y: usize, node: usize, lost: &Row, onward: bool) {
        let now = &mut self.columns[y];
        let exit = node - now.sources;
        for &source in now.feeders.get(exit) {
            now.rows.mark(Side::Behind, source as usize, lost);
        }
        let class = &mut self.classes[now.class[node] as usize];
        unite(&mut class.unended, lost);
        class.lost_ends = true;
        if onward {
            for (ret, &target) in class.rets.iter().zip(now.targets.get(exit)) {
                if target == NOWHERE {
                    continue;
                }
                let ended = both(lost, &ret.of);
                if ones(&ended).nth(MANY).is_some() {
                    // What is left is soon found.
                    let all: Row = now.rows.live(target as usize).into();
                    now.rows.mark(Side::Ahead, target as usize, &all);
                    continue;
                }
                for bit in ones(&ended) {
                    let instance = &self.instances[class.instances[bit] as usize];
                    let above = &instance.lists[ret.lists[bit] as usize].above;
                    now.rows.mark(Side::Ahead, target as usize, above);
                }
            }
        }
        // Those that were called here; callers in earlier columns have their turn.
        for bit in ones(&between(lost, &class.columns[y])) {
            let instance = &self.instances[class.instances[bit] as usize];
            for list in &instance.lists {
                for &caller in &list.callers {
                    now.rows.mark(Side::Behind, caller as usize, &list.above);
                }
            }
        }
    }
}

impl Ret {
    /// Takes instances away that callers of one were in.
    fn lose_above(&mut self, bit: usize, gone: &[u64]) {
        for caller in ones(gone) {
            if let Some(called) = self.called.get_mut(caller) {
                remove(called, bit);
            }
        }
    }
}
