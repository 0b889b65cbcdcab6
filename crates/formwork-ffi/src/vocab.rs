//! Vocabularies.

use std::sync::Arc;

use formwork::{LoadOptions, TokenId, Vocab};

use crate::error::{Error, Status};
use crate::pointers::{borrow, drop_box, hand_out, slice, text};

/// The tokens of a model.
pub struct FormworkVocab(pub(crate) Arc<Vocab>);

fn made<E: std::error::Error>(vocab: Result<Vocab, E>) -> Result<FormworkVocab, Error> {
    let vocab = vocab.map_err(|error| Error::new(Status::InvalidInput, error))?;
    Ok(FormworkVocab(Arc::new(vocab)))
}

/// The vocabulary inside the library, for trying things out.
///
/// # Safety
///
/// Each of `out` and `error` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_vocab_embedded(
    out: *mut *mut FormworkVocab,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: as the caller promises.
    unsafe { hand_out(made(Vocab::embedded()), out, error) }
}

/// Reads a `tokenizer.json`.
///
/// # Safety
///
/// `json` points to `len` bytes. Each of `out` and `error` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_vocab_from_tokenizer_json(
    json: *const u8,
    len: usize,
    out: *mut *mut FormworkVocab,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: as the caller promises.
    let json = unsafe { text(json, len, "json") };
    let vocab = json.and_then(|json| made(Vocab::from_hf(json, &LoadOptions::new())));
    // SAFETY: as the caller promises.
    unsafe { hand_out(vocab, out, error) }
}

/// Makes a vocabulary of the bytes of all tokens, one behind the other in `bytes`. Token `i`
/// has `lengths[i]` of them; tokens without bytes are special. Those in `stops` end a text.
///
/// # Safety
///
/// `lengths` points to `tokens` numbers, `bytes` to as many bytes as they are together, and
/// `stops` to `stop_count` numbers. Each of `out` and `error` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_vocab_from_bytes(
    bytes: *const u8,
    lengths: *const usize,
    tokens: usize,
    stops: *const u32,
    stop_count: usize,
    out: *mut *mut FormworkVocab,
    error: *mut *mut Error,
) -> Status {
    let vocab = || {
        // SAFETY: as the caller promises.
        let lengths = unsafe { slice(lengths, tokens, "lengths") }?;
        let add = |sum: usize, &n: &usize| sum.checked_add(n);
        let all = lengths.iter().try_fold(0, add);
        let all = all.ok_or_else(|| Error::bad_call("`lengths` are more than there can be"))?;
        // SAFETY: as the caller promises.
        let mut rest = unsafe { slice(bytes, all, "bytes") }?;
        // SAFETY: as the caller promises.
        let stops = unsafe { slice(stops, stop_count, "stops") }?;
        let each = lengths.iter().map(|&length| {
            let (token, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            rest = after;
            token
        });
        let options = LoadOptions::new().stop_ids(stops.iter().map(|&id| TokenId(id)));
        made(Vocab::from_byte_strings(each, &options))
    };
    // SAFETY: as the caller promises.
    unsafe { hand_out(vocab(), out, error) }
}

/// The number of tokens; 0 for null.
///
/// # Safety
///
/// `vocab` is null or came from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_vocab_len(vocab: *const FormworkVocab) -> usize {
    // SAFETY: as the caller promises.
    unsafe { borrow(vocab) }.map_or(0, |vocab| vocab.0.len())
}

/// The words of 32 bits that the row of a mask needs at least; 0 for null.
///
/// # Safety
///
/// `vocab` is null or came from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_vocab_mask_words(vocab: *const FormworkVocab) -> usize {
    // SAFETY: as the caller promises.
    unsafe { borrow(vocab) }.map_or(0, |vocab| vocab.0.mask_words())
}

/// Frees a vocabulary.
///
/// # Safety
///
/// `vocab` is null or came from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_vocab_free(vocab: *mut FormworkVocab) {
    // SAFETY: as the caller promises.
    unsafe { drop_box(vocab) }
}
