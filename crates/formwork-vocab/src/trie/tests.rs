//! The trie against a map from every prefix to what a node should say.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{NodeId, Trie};
use crate::{TokenId, VocabErrorKind};

/// Short strings over a few letters, which share prefixes, mixed with arbitrary
/// bytes, which make wide nodes.
fn token() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => prop::collection::vec(b'a'..=b'd', 0..6),
        1 => prop::collection::vec(any::<u8>(), 0..4),
        1 => any::<u8>().prop_map(|b| vec![b]),
        1 => (b'a'..=b'd', any::<u8>()).prop_map(|(a, b)| vec![a, b]),
    ]
}

fn tokens() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(token(), 0..300)
}

fn trie_of(tokens: &[Vec<u8>]) -> Trie {
    let ids = (0..).map(TokenId);
    Trie::new(ids.zip(tokens.iter().map(Vec::as_slice))).expect("within limits")
}

/// All prefixes of the tokens, with the tokens that end there. Byte order is
/// preorder.
fn prefixes(tokens: &[Vec<u8>]) -> BTreeMap<&[u8], Vec<TokenId>> {
    let mut prefixes = BTreeMap::from([(&[][..], Vec::new())]);
    for (id, token) in tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| !token.is_empty())
    {
        for len in 0..=token.len() {
            prefixes.entry(&token[..len]).or_default();
        }
        prefixes
            .entry(&token[..])
            .or_default()
            .push(TokenId(id as u32));
    }
    prefixes
}

proptest! {
    #[test]
    fn agrees_with_prefix_map(tokens in tokens()) {
        let trie = trie_of(&tokens);
        let naive = prefixes(&tokens);
        prop_assert_eq!(trie.len(), naive.len());
        for (n, (&prefix, ending)) in naive.iter().enumerate() {
            let n = NodeId(n as u32);
            prop_assert_eq!(trie.descend(trie.root(), prefix), Some(n));
            prop_assert_eq!(trie.tokens(n), &ending[..]);
            prop_assert_eq!(trie.depth(n), prefix.len());
            prop_assert_eq!(trie.byte(n), prefix.last().copied().unwrap_or(0));

            prop_assert_eq!(trie.fan(n), trie.children(n).count());
            let mut children = trie.children(n);
            for b in 0..=255 {
                let longer = [prefix, &[b]].concat();
                let expected = naive.contains_key(&longer[..]);
                prop_assert_eq!(trie.child(n, b).is_some(), expected);
                if expected {
                    prop_assert_eq!(children.next(), trie.child(n, b).map(|c| (b, c)));
                }
            }
            prop_assert_eq!(children.next(), None);
            for set in [[u64::MAX; 4], [0, 0b1011 << 33, 1, 0], [7 << 61, 0, 0, u64::MAX << 9]] {
                let mut found = Vec::new();
                trie.children_in(n, &set, |byte, child| found.push((byte, child)));
                let in_set = |&(b, _): &(u8, NodeId)| set[usize::from(b / 64)] >> (b % 64) & 1 == 1;
                prop_assert_eq!(trie.any_child_in(n, &set), !found.is_empty());
                prop_assert_eq!(found, trie.children(n).filter(in_set).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn subtrees_agree_with_prefix_map(tokens in tokens()) {
        let trie = trie_of(&tokens);
        let naive = prefixes(&tokens);
        for (n, &prefix) in naive.keys().enumerate() {
            let node = NodeId(n as u32);
            let inside: Vec<_> = naive.range(prefix..).take_while(|(p, _)| p.starts_with(prefix)).collect();
            prop_assert_eq!(trie.subtree_end(node).index(), n + inside.len());
            let ids: Vec<TokenId> = inside.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
            prop_assert_eq!(trie.subtree_tokens(node), &ids[..]);
        }
    }
}

#[test]
fn every_fan_out() {
    for fan in 0..=256usize {
        let tokens: Vec<Vec<u8>> = (0..fan).map(|b| vec![b'x', (b * 7 % 256) as u8]).collect();
        let trie = trie_of(&tokens);
        let Some(x) = trie.child(trie.root(), b'x') else {
            assert_eq!(fan, 0);
            continue;
        };
        assert_eq!(trie.children(x).count(), fan);
        for b in 0..=255u8 {
            let id = tokens
                .iter()
                .position(|token| token[1] == b)
                .map(|id| TokenId(id as u32));
            let found = trie.child(x, b).map(|n| trie.tokens(n)[0]);
            assert_eq!(found, id, "fan {fan}, byte {b}");
        }
    }
}

#[test]
fn zero_bytes_sort_after_prefixes() {
    let tokens = [&b"a\0"[..], b"a", b"a\0\0", b"\0"].map(<[u8]>::to_vec);
    let trie = trie_of(&tokens);
    assert_eq!(trie.subtree_tokens(trie.root()), [3, 1, 0, 2].map(TokenId));
}

#[test]
fn too_long_a_token() {
    let long = vec![b'a'; crate::MAX_TOKEN_BYTES + 1];
    let error = Trie::new([(TokenId(0), &long[..])]).expect_err("one byte too long");
    assert_eq!(error.kind(), VocabErrorKind::Limit);
    let trie = Trie::new([(TokenId(0), &long[1..])]).expect("just short enough");
    assert_eq!(trie.max_depth(), crate::MAX_TOKEN_BYTES);
}
