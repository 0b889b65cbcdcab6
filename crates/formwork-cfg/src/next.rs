//! Which bytes may come next, without regard to who calls a rule: the sets FIRST
//! and FOLLOW of parsing, for the positions of a network.

#![expect(
    clippy::indexing_slicing,
    reason = "rules, positions and terminals are numbers of the same network"
)]

use formwork_grammar::{ByteDfa, Bytes, Terminal};

use crate::network::{Network, Symbol};

/// For every position, the bytes that come next in any text, be it in its rule or
/// after that one's end. At most 256 times linear, as no set grows more often.
pub(crate) fn bytes(network: &Network, terminals: &[Option<ByteDfa>]) -> Vec<Bytes> {
    let starts: Vec<Bytes> = terminals.iter().map(first_bytes).collect();
    let count = network.ways.len();
    // The first sets are those up to `count`, what comes next is beyond: there a
    // rule's end leads on to wherever a call of it returns.
    let mut sets = vec![[0u64; 4]; 2 * count];
    let mut readers: Vec<Vec<u32>> = vec![Vec::new(); 2 * count];
    for (at, ways) in network.ways.iter().enumerate() {
        readers[at].push((count + at) as u32);
        for &to in &ways.empty {
            readers[to as usize].push(at as u32);
            readers[count + to as usize].push((count + at) as u32);
        }
        for &(symbol, to) in &ways.steps {
            match symbol {
                Symbol::Terminal(terminal) => {
                    if let Some(start) = starts.get(terminal as usize) {
                        unite(&mut sets[at], start);
                    }
                }
                Symbol::Rule(rule) => {
                    let ends = network.rules[rule as usize];
                    readers[ends.start as usize].push(at as u32);
                    readers[count + to as usize].push(count as u32 + ends.end);
                }
                Symbol::Foreign(_) => {}
            }
        }
    }
    let is_known = |&at: &u32| sets[at as usize] != [0; 4];
    let mut open: Vec<u32> = (0..count as u32).filter(is_known).collect();
    while let Some(at) = open.pop() {
        let set = sets[at as usize];
        for &reader in &readers[at as usize] {
            if unite(&mut sets[reader as usize], &set) {
                open.push(reader);
            }
        }
    }
    sets.split_off(count)
}

/// Adds a set to another; whether that one grew.
pub(crate) fn unite(set: &mut Bytes, more: &Bytes) -> bool {
    let before = *set;
    for (word, more) in set.iter_mut().zip(more) {
        *word |= more;
    }
    *set != before
}

fn first_bytes(dfa: &Option<ByteDfa>) -> Bytes {
    let mut set = [0u64; 4];
    if let Some(dfa) = dfa {
        for byte in 0..=u8::MAX {
            if dfa.step(dfa.start(), byte).is_some() {
                set[usize::from(byte / 64)] |= 1 << (byte % 64);
            }
        }
    }
    set
}

#[cfg(test)]
mod tests {
    use formwork_grammar::Language;

    use crate::syntax::{Format, SyntaxLimits, parse};
    use crate::{CfgLimits, compile};

    /// The bytes that come next after the dots that a text leads to without calls.
    fn next_after(grammar: &str, terminals: usize) -> Vec<u8> {
        let grammar = parse(grammar, Format::Gbnf, &SyntaxLimits::default());
        let grammar = grammar.expect("a grammar");
        let limits = CfgLimits {
            max_fused_states: 0,
            ..CfgLimits::default()
        };
        let mut language = compile(&grammar, &limits).expect("a language");
        let mut dot = language.start();
        for _ in 0..terminals {
            language.expand(dot);
            dot = language.follow(dot, 0, 0, None);
        }
        let next = language.next_bytes(dot);
        (0..=u8::MAX)
            .filter(|&byte| next[usize::from(byte / 64)] >> (byte % 64) & 1 == 1)
            .collect()
    }

    #[test]
    fn ends_of_rules_lead_on() {
        let nested = "root ::= \"a\" (root \"b\" | \"c\")?";
        assert_eq!(next_after(nested, 0), b"a");
        // Within a call `b` may come, which the rule itself does not read there.
        assert_eq!(next_after(nested, 1), b"abc");
    }
}
