//! Attempts that share a live tree, written another way: every token's weight is looked up
//! by itself. With the correction at every prefix it is right; the shortcuts are not, and
//! the tests have to see it.

use std::collections::VecDeque;
use std::sync::Arc;

use formwork::TokenId;

use super::statistics::{ALARM, Counts};
use super::toys::{Chance, Toy, hard};
use crate::explorer::{Leaf, Wanted};
use crate::row::Row;
use crate::tree::{Known, NodeId};
use crate::{Constraint, FiniteSet, FiniteState, Method, Sampler, TableModel};

type Toys = Sampler<TableModel, FiniteSet>;

#[derive(Clone, Copy, PartialEq)]
enum Rule {
    /// Z now over θ when the token was drawn, at every prefix.
    Everywhere,
    /// Only at prefixes that nobody has seen.
    AtNewPrefixes,
}

struct Cursor {
    number: usize,
    node: NodeId,
    state: FiniteState,
    tokens: Vec<TokenId>,
    theta_used: f64,
    path: Vec<(NodeId, Option<Arc<Row>>)>,
}

enum Done {
    Accepted(Vec<TokenId>, Option<TokenId>),
    Refused,
}

impl Cursor {
    fn new(sampler: &Toys, number: usize) -> Cursor {
        Cursor {
            number,
            node: NodeId::ROOT,
            state: sampler.explorer.constraint.start().unwrap(),
            tokens: Vec::new(),
            theta_used: 1.0,
            path: Vec::new(),
        }
    }

    fn step(&mut self, sampler: &mut Toys, rule: Rule, chance: &mut Chance) -> Option<Done> {
        let (depth, options) = (self.tokens.len(), sampler.options.clone());
        let leaf = sampler.explorer.leaf(&self.state, depth, &options);
        if leaf == Some(Leaf::Dead) {
            self.path.push((self.node, None));
            return Some(self.back_up(sampler, leaf, Done::Refused));
        }
        let wanted = Wanted {
            node: self.node,
            depth,
            state: &self.state,
        };
        let row = sampler
            .explorer
            .row(&mut sampler.tree, &options, &wanted)
            .unwrap();
        self.path.push((self.node, Some(Arc::clone(&row))));
        let mut weights = Vec::new();
        row.each(|token, ln_p| {
            let children = sampler.tree.children(self.node).iter();
            let mut same = children.filter(|&&child| sampler.tree.token(child) == token);
            let known = same.next().map(|&child| sampler.tree.node(child));
            let theta = known.map_or(1.0, |child| child.ln_theta.exp());
            weights.push((token, ln_p, theta));
        });
        let z: f64 = weights
            .iter()
            .map(|(_, ln_p, theta)| ln_p.exp() * theta)
            .sum();
        let is_new = sampler.tree.node(self.node).known == Known::Nothing;
        let corrects = rule == Rule::Everywhere || is_new;
        if depth > 0 && corrects && chance.uniform() >= z / self.theta_used {
            return Some(self.back_up(sampler, None, Done::Refused));
        }
        if z == 0.0 {
            return Some(self.back_up(sampler, None, Done::Refused));
        }
        let mut left = chance.uniform() * z;
        let drawn = weights.iter().find(|(_, ln_p, theta)| {
            left -= ln_p.exp() * theta;
            left < 0.0
        });
        let &(token, ln_p, theta) = drawn.unwrap_or(&weights[weights.len() - 1]);
        if row.may_stop && options.stop.tokens().contains(&token) {
            let done = Done::Accepted(self.tokens.clone(), Some(token));
            return Some(self.back_up(sampler, None, done));
        }
        sampler
            .explorer
            .constraint
            .advance(&mut self.state, token)
            .unwrap();
        self.node = sampler.tree.child(self.node, token, ln_p);
        self.theta_used = theta;
        self.tokens.push(token);
        None
    }

    fn back_up(&mut self, sampler: &mut Toys, leaf: Option<Leaf>, done: Done) -> Done {
        let stops = sampler.options.stop.tokens().to_vec();
        for (node, row) in self.path.iter().rev() {
            match row {
                Some(row) => sampler.tree.learn_row(*node, row, &stops),
                None => sampler.tree.learn_end(*node, leaf != Some(Leaf::Dead)),
            }
            sampler.tree.back_up(*node);
        }
        done
    }
}

/// Eight attempts at a time over one live tree; texts leave in the order in which their
/// attempts began.
fn run(toy: &Toy, rule: Rule, seed: u64, samples: usize) -> Vec<(Vec<TokenId>, Option<TokenId>)> {
    let mut sampler = toy.sampler(Method::CARS, 0);
    let mut chance = Chance::new(seed);
    let (mut going, mut next): (VecDeque<Cursor>, usize) = (VecDeque::new(), 0);
    let mut done: Vec<(usize, Vec<TokenId>, Option<TokenId>)> = Vec::new();
    loop {
        while going.len() < 8 {
            going.push_back(Cursor::new(&sampler, next));
            next += 1;
        }
        // Whatever began before is done.
        let oldest = going.iter().map(|cursor| cursor.number).min().unwrap();
        if done.iter().filter(|(number, ..)| *number < oldest).count() >= samples {
            done.sort_unstable();
            done.truncate(samples);
            return done
                .into_iter()
                .map(|(_, tokens, stop)| (tokens, stop))
                .collect();
        }
        let mut cursor = going.pop_front().unwrap();
        match cursor.step(&mut sampler, rule, &mut chance) {
            None => going.push_back(cursor),
            Some(Done::Refused) => {}
            Some(Done::Accepted(tokens, stop)) => done.push((cursor.number, tokens, stop)),
        }
    }
}

fn alarm(rule: Rule) -> f64 {
    let toy = hard(1);
    let mut counts = Counts::new(&toy);
    for seed in 0..1500 {
        for (tokens, stop) in run(&toy, rule, seed, 40) {
            counts.add(tokens, stop);
        }
    }
    counts.alarm(20.0)
}

#[test]
fn a_live_tree_has_to_be_corrected_for_everywhere() {
    let right = alarm(Rule::Everywhere);
    assert!(right > ALARM, "{right}");
    let wrong = alarm(Rule::AtNewPrefixes);
    assert!(wrong < ALARM, "{wrong}");
}

/// Eight attempts side by side, of which the first that is done is taken: short texts are
/// done first.
#[test]
fn what_is_done_first_is_too_short() {
    let toy = hard(1);
    let mut counts = Counts::new(&toy);
    let mut sampler = toy.sampler(Method::CARS, 0);
    let mut chance = Chance::new(0);
    for _ in 0..6000 {
        let mut cursors: VecDeque<Cursor> = (0..8).map(|at| Cursor::new(&sampler, at)).collect();
        let (tokens, stop) = loop {
            let mut cursor = cursors.pop_front().unwrap();
            match cursor.step(&mut sampler, Rule::Everywhere, &mut chance) {
                None => cursors.push_back(cursor),
                Some(Done::Accepted(tokens, stop)) => break (tokens, stop),
                Some(Done::Refused) => cursors.push_back(Cursor::new(&sampler, 0)),
            }
        };
        counts.add(tokens, stop);
    }
    let wrong = counts.alarm(20.0);
    assert!(wrong < ALARM, "{wrong}");
}
