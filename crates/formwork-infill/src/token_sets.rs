//! Sets of tokens that positions may take, kept once each.

use std::sync::Arc;

use formwork_vocab::{TokenId, mask};
use rustc_hash::FxHashMap;

/// A set of tokens, by number.
pub(crate) type SetId = u32;

/// Longer lists become rows of bits.
const MAX_FEW: usize = 256;

/// A set of tokens.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Tokens {
    /// Ascending.
    Few(Box<[TokenId]>),
    /// As [`formwork_vocab::mask`] lays them out.
    Row(Box<[u32]>),
}

impl Tokens {
    fn contains(&self, token: TokenId) -> bool {
        match self {
            Tokens::Few(few) => few.binary_search(&token).is_ok(),
            Tokens::Row(row) => mask::get(row, token),
        }
    }

    fn or_into(&self, row: &mut [u32]) {
        match self {
            Tokens::Few(few) => mask::set_all(row, few),
            Tokens::Row(more) => mask::or_into(row, more),
        }
    }
}

/// All sets that occurred, and their unions.
pub(crate) struct TokenSets {
    words: usize,
    all: Vec<Arc<Tokens>>,
    ids: FxHashMap<Arc<Tokens>, SetId>,
    unions: FxHashMap<Box<[SetId]>, SetId>,
    heap_bytes: usize,
}

impl TokenSets {
    /// No token.
    pub(crate) const NONE: SetId = 0;

    pub(crate) fn new(words: usize) -> TokenSets {
        let mut sets = TokenSets {
            words,
            all: Vec::new(),
            ids: FxHashMap::default(),
            unions: FxHashMap::default(),
            heap_bytes: 0,
        };
        sets.intern(Tokens::Few(Box::default()));
        sets
    }

    /// The set of some tokens, in any order, perhaps more than once.
    pub(crate) fn of(&mut self, mut tokens: Vec<TokenId>) -> SetId {
        if tokens.len() > MAX_FEW {
            let mut row = vec![0; self.words];
            mask::set_all(&mut row, &tokens);
            return self.of_row(row);
        }
        tokens.sort_unstable();
        tokens.dedup();
        self.intern(Tokens::Few(tokens.into()))
    }

    pub(crate) fn of_row(&mut self, row: Vec<u32>) -> SetId {
        match mask::count_ones(&row) <= MAX_FEW {
            true => self.intern(Tokens::Few(mask::iter_ones(&row).collect())),
            false => self.intern(Tokens::Row(row.into())),
        }
    }

    fn intern(&mut self, tokens: Tokens) -> SetId {
        if let Some(&id) = self.ids.get(&tokens) {
            return id;
        }
        let id = self.all.len() as SetId;
        self.heap_bytes += match &tokens {
            Tokens::Few(few) => 96 + 4 * few.len(),
            Tokens::Row(row) => 96 + 4 * row.len(),
        };
        let tokens = Arc::new(tokens);
        self.all.push(Arc::clone(&tokens));
        self.ids.insert(tokens, id);
        id
    }

    /// The union of some sets, given ascending, each once.
    pub(crate) fn union(&mut self, sets: &[SetId]) -> SetId {
        match sets {
            [] => return TokenSets::NONE,
            [set] => return *set,
            _ => {}
        }
        if let Some(&known) = self.unions.get(sets) {
            return known;
        }
        let mut row = vec![0; self.words];
        for &set in sets {
            self.or_into(set, &mut row);
        }
        let id = self.of_row(row);
        self.heap_bytes += 48 + 4 * sets.len();
        self.unions.insert(sets.into(), id);
        id
    }

    /// A set without some of its tokens.
    pub(crate) fn without(&mut self, set: SetId, tokens: &[TokenId]) -> SetId {
        if !tokens.iter().any(|&token| self.contains(set, token)) {
            return set;
        }
        let mut row = vec![0; self.words];
        self.or_into(set, &mut row);
        for &token in tokens {
            mask::clear(&mut row, token);
        }
        self.of_row(row)
    }

    pub(crate) fn contains(&self, set: SetId, token: TokenId) -> bool {
        self.get(set).contains(token)
    }

    /// Sets the bits of a set in a row.
    pub(crate) fn or_into(&self, set: SetId, row: &mut [u32]) {
        self.get(set).or_into(row);
    }

    pub(crate) fn get(&self, set: SetId) -> &Tokens {
        &self.all[set as usize]
    }

    /// Approximate heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }
}
