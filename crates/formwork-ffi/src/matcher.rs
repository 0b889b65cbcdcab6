//! One text under a grammar.

use formwork::{Matcher, TokenId};

use crate::error::{Error, Status};
use crate::pointers::{borrow, drop_box, hand_out, need, need_mut, report, slice, slice_mut};

/// One text under a grammar.
pub struct FormworkMatcher(pub(crate) Matcher);

/// Writes the mask of the next token: bit `i % 32` of word `i / 32` is 1 if token `i` is
/// allowed. The row has `words` words; those beyond the vocabulary are cleared.
///
/// # Safety
///
/// `matcher` is null or came from a function of this library and was not freed; `row` points
/// to `words` words that nobody else uses meanwhile. `error` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matcher_fill_mask(
    matcher: *const FormworkMatcher,
    row: *mut u32,
    words: usize,
    error: *mut *mut Error,
) -> Status {
    let fill = || {
        // SAFETY: as the caller promises.
        let (matcher, row) = unsafe { (need(matcher, "matcher")?, slice_mut(row, words, "row")?) };
        matcher.0.fill_mask(row)?;
        Ok(())
    };
    // SAFETY: as the caller promises.
    unsafe { report(fill(), error) }
}

/// Reads one token.
///
/// # Safety
///
/// `matcher` is null or came from a function of this library, was not freed, and is used by
/// nobody else meanwhile. `error` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matcher_push(
    matcher: *mut FormworkMatcher,
    token: u32,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: as the caller promises.
    let matcher = unsafe { need_mut(matcher, "matcher") };
    let pushed = matcher.and_then(|matcher| Ok(matcher.0.push(TokenId(token))?));
    // SAFETY: as the caller promises.
    unsafe { report(pushed, error) }
}

/// Reads bytes, whatever the tokens; one push for `formwork_matcher_rollback`.
///
/// # Safety
///
/// As for `formwork_matcher_push`; `bytes` points to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matcher_push_bytes(
    matcher: *mut FormworkMatcher,
    bytes: *const u8,
    len: usize,
    error: *mut *mut Error,
) -> Status {
    let push = || {
        // SAFETY: as the caller promises.
        let bytes = unsafe { slice(bytes, len, "bytes") }?;
        // SAFETY: as the caller promises.
        let matcher = unsafe { need_mut(matcher, "matcher") }?;
        Ok(matcher.0.push_bytes(bytes)?)
    };
    // SAFETY: as the caller promises.
    unsafe { report(push(), error) }
}

/// Writes to `read` how many of `tokens` can be read one after the other from here; none is
/// read.
///
/// # Safety
///
/// `matcher` is null or came from a function of this library and was not freed; `tokens`
/// points to `len` numbers. Each of `read` and `error` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matcher_validate_tokens(
    matcher: *const FormworkMatcher,
    tokens: *const u32,
    len: usize,
    read: *mut usize,
    error: *mut *mut Error,
) -> Status {
    let validate = || {
        // SAFETY: as the caller promises.
        let tokens = unsafe { slice(tokens, len, "tokens") }?;
        // SAFETY: as the caller promises.
        let (matcher, read) = unsafe { (need(matcher, "matcher")?, need_mut(read, "read")?) };
        let tokens: Vec<TokenId> = tokens.iter().map(|&id| TokenId(id)).collect();
        *read = matcher.0.validate_tokens(&tokens)?;
        Ok(())
    };
    // SAFETY: as the caller promises.
    unsafe { report(validate(), error) }
}

/// Writes the tokens that must come next to `tokens`, at most `capacity` of them, and their
/// number to `len`. None is read.
///
/// # Safety
///
/// `matcher` is null or came from a function of this library and was not freed; `tokens`
/// points to `capacity` numbers that may be written to. Each of `len` and `error` is null or
/// may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matcher_forced_tokens(
    matcher: *const FormworkMatcher,
    tokens: *mut u32,
    capacity: usize,
    len: *mut usize,
    error: *mut *mut Error,
) -> Status {
    let forced = || {
        // SAFETY: as the caller promises.
        let tokens = unsafe { slice_mut(tokens, capacity, "tokens") }?;
        // SAFETY: as the caller promises.
        let (matcher, len) = unsafe { (need(matcher, "matcher")?, need_mut(len, "len")?) };
        let forced = matcher.0.forced_tokens()?;
        for (place, token) in tokens.iter_mut().zip(&forced) {
            *place = token.0;
        }
        *len = forced.len().min(capacity);
        Ok(())
    };
    // SAFETY: as the caller promises.
    unsafe { report(forced(), error) }
}

/// Takes back the last `n` pushes, or all if there were fewer.
///
/// # Safety
///
/// `matcher` is null or came from a function of this library, was not freed, and is used by
/// nobody else meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matcher_rollback(matcher: *mut FormworkMatcher, n: usize) {
    // SAFETY: as the caller promises.
    if let Ok(matcher) = unsafe { need_mut(matcher, "matcher") } {
        matcher.0.rollback(n);
    }
}

/// Back to the start of the text.
///
/// # Safety
///
/// As for `formwork_matcher_rollback`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matcher_reset(matcher: *mut FormworkMatcher) {
    // SAFETY: as the caller promises.
    if let Ok(matcher) = unsafe { need_mut(matcher, "matcher") } {
        matcher.0.reset();
    }
}

/// Makes a second matcher at the same place. Takes no time to speak of.
///
/// # Safety
///
/// `matcher` is null or came from a function of this library and was not freed. Each of `out`
/// and `error` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matcher_fork(
    matcher: *const FormworkMatcher,
    out: *mut *mut FormworkMatcher,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: as the caller promises.
    let matcher = unsafe { need(matcher, "matcher") };
    let fork = matcher.map(|matcher| FormworkMatcher(matcher.0.fork()));
    // SAFETY: as the caller promises.
    unsafe { hand_out(fork, out, error) }
}

/// Whether the text may end here. False for null.
///
/// # Safety
///
/// `matcher` is null or came from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matcher_is_complete(matcher: *const FormworkMatcher) -> bool {
    // SAFETY: as the caller promises.
    unsafe { borrow(matcher) }.is_some_and(|matcher| matcher.0.is_complete())
}

/// Whether a stop token was read. False for null.
///
/// # Safety
///
/// `matcher` is null or came from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matcher_is_terminated(matcher: *const FormworkMatcher) -> bool {
    // SAFETY: as the caller promises.
    unsafe { borrow(matcher) }.is_some_and(|matcher| matcher.0.is_terminated())
}

/// Fills row `i` of `rows`, `stride` words long, with the mask of matcher `i`.
///
/// # Safety
///
/// `matchers` points to `count` matchers, each of which came from a function of this library
/// and was not freed; `rows` points to `count * stride` words that nobody else uses meanwhile.
/// `error` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_fill_masks(
    matchers: *const *const FormworkMatcher,
    count: usize,
    rows: *mut u32,
    stride: usize,
    error: *mut *mut Error,
) -> Status {
    let fill = || {
        let words = count.checked_mul(stride);
        let words = words.ok_or_else(|| Error::bad_call("`rows` are more than there can be"))?;
        // SAFETY: as the caller promises.
        let matchers = unsafe { slice(matchers, count, "matchers") }?;
        // SAFETY: as the caller promises.
        let rows = unsafe { slice_mut(rows, words, "rows") }?;
        let mut all = Vec::with_capacity(count);
        for &matcher in matchers {
            // SAFETY: as the caller promises.
            all.push(unsafe { need(matcher, "matchers[i]") }?.0.clone());
        }
        formwork::fill_masks(&all, rows, stride)?;
        Ok(())
    };
    // SAFETY: as the caller promises.
    unsafe { report(fill(), error) }
}

/// Frees a matcher.
///
/// # Safety
///
/// `matcher` is null or came from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matcher_free(matcher: *mut FormworkMatcher) {
    // SAFETY: as the caller promises.
    unsafe { drop_box(matcher) }
}
