//! Token vocabularies for constrained decoding: the exact bytes of every token
//! and the indexes that mask engines need over them.
//!
//! Building a [`Vocab`] of `n` tokens and `b` bytes in all takes
//! `O(n log n + b)` time once; afterwards every lookup is `O(1)`, and a
//! [scan](Vocab::scan_within) over the whole vocabulary is one linear pass over
//! flat arrays.
//!
//! - [`Vocab`]: immutable, `Send + Sync`; made by a [`VocabBuilder`] or by one
//!   of the loaders described in [`load`].
//! - [`trie`]: the byte trie over all text tokens, flat and in preorder.
//! - [`mask`]: rows of one bit per token, the form in which masks are handed
//!   to samplers.
//! - [`signature`]: which bytes a token is made of, and scans over that.
//!
//! # Example
//!
//! ```
//! use formwork_vocab::{TokenId, Vocab};
//!
//! # fn main() -> Result<(), formwork_vocab::VocabError> {
//! let vocab = Vocab::builder()
//!     .token(TokenId(0), "a")
//!     .token(TokenId(1), "ab")
//!     .special(TokenId(2), "<eos>")
//!     .stop(TokenId(2))
//!     .build()?;
//! let trie = vocab.trie();
//! let a = trie.child(trie.root(), b'a').expect("a token starts with 'a'");
//! assert_eq!(trie.tokens(a), [TokenId(0)]);
//! assert_eq!(trie.subtree_tokens(a), [TokenId(0), TokenId(1)]);
//! assert_eq!(vocab.stop_ids(), [TokenId(2)]);
//! assert_eq!(vocab.bytes(TokenId(2)), b""); // specials are never text
//! # Ok(())
//! # }
//! ```
//!
//! # Untrusted input
//!
//! Loaders never panic on any input and refuse what exceeds the limits stated
//! at [`VocabBuilder`]. Asking about an id that is out of range is not an
//! error: such an id has no bytes and no name. Node ids and row lengths, on the
//! other hand, come from the calling program; a wrong one is a bug there and
//! panics where the method says so.

#![warn(clippy::indexing_slicing)]

mod builder;
#[cfg(feature = "encode")]
mod encode;
mod error;
pub mod fingerprint;
pub mod id;
mod kernel;
pub mod load;
pub mod mask;
pub mod signature;
mod specials;
pub mod trie;
mod vocab;

#[cfg(test)]
mod tests;

pub use builder::{MAX_TOKEN_BYTES, MAX_TOKENS, MAX_TOTAL_BYTES, VocabBuilder};
#[cfg(feature = "encode")]
pub use encode::Encoder;
pub use error::{VocabError, VocabErrorKind};
pub use id::TokenId;
pub use load::LoadOptions;
pub use signature::ByteSig;
pub use trie::{NodeId, Trie, TrieNode};
pub use vocab::Vocab;
