//! Values: what a formula allows of each JSON type, ready to be run.
//!
//! All formulas that a text can reach are worked out when the schema is
//! compiled, so running it never fails. Which of them have values at all is a
//! least fixpoint over the whole: the size of the smallest value, infinite for
//! none.

#![expect(
    clippy::indexing_slicing,
    reason = "values, objects and arrays are numbered as they are worked out"
)]

use std::collections::VecDeque;
use std::sync::Arc;

use formwork_automata::Dfa;
use formwork_grammar::{JsonText, Spaced, Terminal};
use rustc_hash::FxHashMap;

use crate::array::Array;
use crate::branch::Branch;
use crate::count::Count;
use crate::error::{Refusal, SchemaError};
use crate::name_table::{Classes, NameTable};
use crate::node::{FALSE, Literal, NodeId, TypeSet};
use crate::number::{self, Digits, Numbers};
use crate::object::Object;
use crate::solver::Solver;
use crate::terminals::{Punctuation, TerminalCache};
use crate::text::{Strings, Text};

/// Index into [`Shapes::values`].
pub(crate) type ValueId = u32;

/// No finite value.
pub(crate) const EMPTY: u32 = u32::MAX;

/// What a formula allows.
#[derive(Default)]
pub(crate) struct Value {
    pub(crate) null: bool,
    /// `false` and `true`.
    pub(crate) bools: [bool; 2],
    pub(crate) strings: Vec<Arc<dyn Terminal>>,
    pub(crate) numbers: Vec<Arc<dyn Terminal>>,
    /// The strings and numbers again, to be told apart.
    pub(crate) texts: Vec<Text>,
    pub(crate) digits: Vec<Digits>,
    pub(crate) objects: Vec<u32>,
    pub(crate) arrays: Vec<u32>,
    /// Bytes of the smallest scalar, then of the smallest value.
    pub(crate) min_bytes: u32,
    /// How many values there are at least.
    pub(crate) count: Count,
}

/// All values of a schema.
pub(crate) struct Shapes {
    pub(crate) values: Vec<Value>,
    pub(crate) objects: Vec<Object>,
    pub(crate) arrays: Vec<Array>,
    pub(crate) punctuation: Arc<Punctuation>,
    /// Whether integers are told by their spelling (draft 4).
    pub(crate) integers_by_spelling: bool,
}

impl Shapes {
    /// Heap use in bytes, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        /// What a terminal takes beside its automaton.
        const TERMINAL: usize = 256;
        let value = |value: &Value| {
            let terminals = TERMINAL * (value.strings.len() + value.numbers.len());
            let texts = value.texts.iter().map(Text::heap_bytes);
            let digits = value.digits.iter().map(|digits| digits.dfa.heap_bytes());
            size_of::<Value>() + terminals + texts.sum::<usize>() + digits.sum::<usize>()
        };
        let values = self.values.iter().map(value);
        let objects = self.objects.iter().map(Object::heap_bytes);
        let arrays = self.arrays.iter().map(Array::heap_bytes);
        values.sum::<usize>() + objects.sum::<usize>() + arrays.sum::<usize>()
    }
}

/// Works out every value that `root` can lead to.
pub(crate) fn explore(
    solver: Solver,
    cache: &TerminalCache,
    root: NodeId,
) -> Result<Explored, SchemaError> {
    let mut explorer = Explorer::new(solver, cache);
    let root = explorer.value(root);
    explorer.work_off()?;
    let mut shapes = explorer.shapes;
    shapes.measure();
    shapes.settle_unique()?;
    shapes.settle_repeats()?;
    let mut nodes = vec![FALSE; shapes.values.len()];
    for (&node, &id) in &explorer.ids {
        nodes[id as usize] = node;
    }
    Ok(Explored {
        shapes,
        root,
        nodes,
        left_out: std::mem::take(&mut explorer.solver.left_out),
        solver: explorer.solver,
    })
}

/// All values of a schema, its own, and what they leave out.
pub(crate) struct Explored {
    pub(crate) shapes: Shapes,
    pub(crate) root: ValueId,
    /// The formula of each value.
    pub(crate) nodes: Vec<NodeId>,
    pub(crate) left_out: Vec<Refusal>,
    pub(crate) solver: Solver,
}

pub(crate) struct Explorer<'a> {
    pub(crate) solver: Solver,
    cache: &'a TerminalCache,
    pub(crate) shapes: Shapes,
    ids: FxHashMap<NodeId, ValueId>,
    queue: VecDeque<(ValueId, NodeId)>,
    object_ids: FxHashMap<Vec<NodeId>, Option<u32>>,
    array_ids: FxHashMap<Vec<NodeId>, Option<u32>>,
    refusals: Vec<Refusal>,
    /// Name tables and languages of unlisted names, each kept once.
    pub(crate) tables: FxHashMap<(Vec<Arc<str>>, usize), Arc<NameTable>>,
    pub(crate) classes: Vec<Classes>,
}

impl<'a> Explorer<'a> {
    pub(crate) fn new(solver: Solver, cache: &'a TerminalCache) -> Explorer<'a> {
        let punctuation = cache.punctuation(solver.options.whitespace);
        let integers_by_spelling = solver.integers_by_spelling;
        Explorer {
            solver,
            cache,
            shapes: Shapes {
                values: Vec::new(),
                objects: Vec::new(),
                arrays: Vec::new(),
                punctuation,
                integers_by_spelling,
            },
            ids: FxHashMap::default(),
            queue: VecDeque::new(),
            object_ids: FxHashMap::default(),
            array_ids: FxHashMap::default(),
            refusals: Vec::new(),
            tables: FxHashMap::default(),
            classes: Vec::new(),
        }
    }

    /// Works out all values that were asked for, and all that they lead to.
    fn work_off(&mut self) -> Result<(), SchemaError> {
        while let Some((id, node)) = self.queue.pop_front() {
            self.shapes.values[id as usize] = self.work_out(node)?;
        }
        match self.refusals[..] {
            [] => Ok(()),
            _ => Err(SchemaError::Refused(std::mem::take(&mut self.refusals))),
        }
    }

    /// Whether some value satisfies a formula.
    pub(crate) fn has_value(&mut self, node: NodeId) -> Result<bool, SchemaError> {
        let value = self.value(node);
        self.work_off()?;
        self.shapes.measure();
        Ok(self.shapes.is_alive(value))
    }

    pub(crate) fn value(&mut self, node: NodeId) -> ValueId {
        if let Some(&id) = self.ids.get(&node) {
            return id;
        }
        let id = self.shapes.values.len() as ValueId;
        self.shapes.values.push(Value {
            min_bytes: EMPTY,
            ..Value::default()
        });
        self.ids.insert(node, id);
        self.queue.push_back((id, node));
        id
    }

    fn work_out(&mut self, node: NodeId) -> Result<Value, SchemaError> {
        self.solver.spend(10)?;
        let mut value = Value {
            min_bytes: EMPTY,
            ..Value::default()
        };
        if node == FALSE {
            return Ok(value);
        }
        let types = self.solver.nodes.types_of(node);
        value.null = !self.branches(node, types.and(TypeSet::NULL))?.is_empty();
        for branch in self.branches(node, types.and(TypeSet::BOOLEAN))? {
            let literals = self.solver.literals(&branch.literals);
            for (slot, wanted) in value.bools.iter_mut().zip([false, true]) {
                *slot |= literals.iter().all(|l| *l == Literal::Bool(wanted));
            }
        }
        if value.null || value.bools[1] {
            value.min_bytes = 4;
        } else if value.bools[0] {
            value.min_bytes = 5;
        }
        if types.meets(TypeSet::STRING) {
            self.strings(node, &mut value)?;
        }
        if types.meets(TypeSet::NUMBER) {
            self.numbers(node, &mut value)?;
        }
        for branch in self.branches(node, types.and(TypeSet::ARRAY))? {
            value.arrays.extend(self.array(&branch)?);
        }
        for branch in self.branches(node, types.and(TypeSet::OBJECT))? {
            value.objects.extend(self.object(&branch)?);
        }
        Ok(value)
    }

    /// The branches of a formula, without the refused ones, which are noted.
    fn branches(&mut self, node: NodeId, types: TypeSet) -> Result<Vec<Branch>, SchemaError> {
        if types == TypeSet::NONE {
            return Ok(Vec::new());
        }
        let mut branches = self.solver.branches(node, types)?;
        branches.retain(|branch| match branch.refusal {
            None => true,
            Some(at) => {
                let refusal = self.solver.nodes.refusals[at as usize].clone();
                if !self.refusals.contains(&refusal) {
                    self.refusals.push(refusal);
                }
                false
            }
        });
        Ok(branches)
    }

    fn strings(&mut self, node: NodeId, value: &mut Value) -> Result<(), SchemaError> {
        let space = self.shapes.punctuation.space;
        let mut words: Vec<Box<str>> = Vec::new();
        for branch in self.branches(node, TypeSet::STRING)? {
            if branch.literals.is_empty() {
                value.min_bytes = value.min_bytes.min(2);
                let any = Arc::clone(&self.shapes.punctuation.any_string);
                value.strings.push(any);
                value.texts.push(Text::any());
                continue;
            }
            match self.solver.string_branch(&branch.literals)? {
                Strings::Words(more) => words.extend(more),
                Strings::Text(text) => {
                    value.min_bytes = value.min_bytes.min(text.min_bytes());
                    value.texts.push(text.clone());
                    value.strings.push(self.cache.text(space, text));
                }
            }
        }
        if !words.is_empty() {
            let dfa = Arc::new(Dfa::from_words(words.iter().map(|word| &**word)));
            self.solver.spend(dfa.state_count() as u64)?;
            if let Some(text) = Text::new(dfa, 0, None)? {
                value.min_bytes = value.min_bytes.min(text.min_bytes());
                value.texts.push(text.clone());
                let literal = Spaced::new(space, JsonText::new(text));
                value.strings.push(Arc::new(literal));
            }
        }
        Ok(())
    }

    fn numbers(&mut self, node: NodeId, value: &mut Value) -> Result<(), SchemaError> {
        let space = self.shapes.punctuation.space;
        let mut values = Vec::new();
        let mut add = |digits: Digits| {
            if !digits.dfa.is_empty() {
                value.min_bytes = value.min_bytes.min(digits.dfa.min_len());
                let spaced = Spaced::new(space, digits.dfa.clone());
                value.numbers.push(Arc::new(spaced));
                value.digits.push(digits);
            }
        };
        let mut shared = Vec::new();
        let mut plain_digits: Vec<Arc<Digits>> = Vec::new();
        for branch in self.branches(node, TypeSet::NUMBER)? {
            let plain = branch.literals.is_empty();
            if plain && branch.types == TypeSet::NUMBER {
                shared.push(Arc::clone(&self.shapes.punctuation.any_number));
                plain_digits.push(Arc::clone(&self.shapes.punctuation.normalised));
            } else if plain && branch.types == TypeSet::INTEGER && !self.solver.integers_by_spelling
            {
                shared.push(Arc::clone(&self.shapes.punctuation.any_integer));
                plain_digits.push(Arc::clone(&self.shapes.punctuation.integers));
            } else {
                match self.solver.number_branch(branch.types, &branch.literals)? {
                    Numbers::Values(more) => values.extend(more),
                    Numbers::Digits(digits) => add(digits),
                }
            }
        }
        if !values.is_empty() {
            values.sort_unstable();
            values.dedup();
            let count = values.len() as Count;
            let dfa = number::finite(values);
            add(Digits { dfa, count });
        }
        if !shared.is_empty() {
            value.min_bytes = 1;
            value.numbers.append(&mut shared);
            value
                .digits
                .extend(plain_digits.iter().map(|digits| (**digits).clone()));
        }
        Ok(())
    }

    fn array(&mut self, branch: &Branch) -> Result<Option<u32>, SchemaError> {
        if let Some(&known) = self.array_ids.get(&branch.literals) {
            return Ok(known);
        }
        let literals = self.solver.literals(&branch.literals);
        let array = self.array_of(&literals)?.map(|array| {
            self.shapes.arrays.push(array);
            (self.shapes.arrays.len() - 1) as u32
        });
        self.array_ids.insert(branch.literals.clone(), array);
        Ok(array)
    }

    fn object(&mut self, branch: &Branch) -> Result<Option<u32>, SchemaError> {
        if let Some(&known) = self.object_ids.get(&branch.literals) {
            return Ok(known);
        }
        let literals = self.solver.literals(&branch.literals);
        let object = self.object_of(&literals)?.map(|object| {
            self.shapes.objects.push(object);
            (self.shapes.objects.len() - 1) as u32
        });
        self.object_ids.insert(branch.literals.clone(), object);
        Ok(object)
    }
}

impl Shapes {
    pub(crate) fn is_alive(&self, value: ValueId) -> bool {
        self.bytes(value) != EMPTY
    }

    pub(crate) fn bytes(&self, value: ValueId) -> u32 {
        bytes_of(&self.values, value)
    }

    /// Counts values where items are remembered, and refuses arrays for which
    /// the counts cannot tell whether enough of them do.
    fn settle_unique(&mut self) -> Result<(), SchemaError> {
        if !self.arrays.iter().any(Array::remembers) {
            return Ok(());
        }
        self.count_values();
        if !self.arrays.iter().any(|array| array.is_short(self)) {
            return Ok(());
        }
        Err(SchemaError::refused(
            "uniqueItems",
            "an array here needs about as many different items as there are values \
                     for them, which is not supported yet",
        ))
    }

    /// Computes the least size of every value: relaxes until nothing shrinks.
    /// Each round goes over all alternatives; the number of rounds is the depth
    /// of the smallest values, which is small in practice.
    fn measure(&mut self) {
        loop {
            let mut changed = false;
            let values = &self.values;
            for array in &mut self.arrays {
                array.measure(|value| bytes_of(values, value));
            }
            for id in 0..self.values.len() {
                let value = &self.values[id];
                let objects = value
                    .objects
                    .iter()
                    .map(|&o| self.objects[o as usize].min_bytes(self));
                let arrays = value
                    .arrays
                    .iter()
                    .map(|&a| self.arrays[a as usize].min_bytes(self));
                let least = objects.chain(arrays).min().unwrap_or(EMPTY);
                if least < value.min_bytes {
                    self.values[id].min_bytes = least;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        // Alternatives without a value must not be entered.
        for id in 0..self.values.len() {
            let objects = std::mem::take(&mut self.values[id].objects);
            let arrays = std::mem::take(&mut self.values[id].arrays);
            self.values[id].objects = objects
                .into_iter()
                .filter(|&o| self.objects[o as usize].min_bytes(self) != EMPTY)
                .collect();
            self.values[id].arrays = arrays
                .into_iter()
                .filter(|&a| self.arrays[a as usize].min_bytes(self) != EMPTY)
                .collect();
        }
    }
}

fn bytes_of(values: &[Value], value: ValueId) -> u32 {
    values.get(value as usize).map_or(EMPTY, |v| v.min_bytes)
}
