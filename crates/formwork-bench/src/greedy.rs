//! Tokens without an encoder.

use formwork::{TokenId, Vocab};

/// A text as tokens, each the longest that the rest of the text begins with; close
/// to what a model would write, and the same everywhere. `None` if no token begins
/// like the rest, which does not happen where every byte is a token.
pub fn longest_match(vocab: &Vocab, text: &str) -> Option<Vec<TokenId>> {
    let trie = vocab.trie();
    let mut rest = text.as_bytes();
    let mut tokens = Vec::new();
    while !rest.is_empty() {
        let mut node = trie.root();
        let mut longest = None;
        for (at, &byte) in rest.iter().enumerate() {
            let Some(child) = trie.child(node, byte) else {
                break;
            };
            node = child;
            if let Some(&token) = trie.tokens(node).first() {
                longest = Some((token, at + 1));
            }
        }
        let (token, length) = longest?;
        tokens.push(token);
        rest = &rest[length..];
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_token_is_taken() {
        let mut builder = Vocab::builder();
        for (id, token) in ["a", "ab", "abcd", "b", "c"].into_iter().enumerate() {
            builder.token(TokenId(id as u32), token.as_bytes());
        }
        let vocab = builder.build().unwrap();
        let tokens = |text| longest_match(&vocab, text);
        let expected = [1, 4, 2, 0].map(TokenId).to_vec();
        assert_eq!(tokens("abcabcda"), Some(expected));
        assert_eq!(tokens(""), Some(Vec::new()));
        assert_eq!(tokens("abd"), None);
    }
}
