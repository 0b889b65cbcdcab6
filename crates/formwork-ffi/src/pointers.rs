//! Where pointers become references. Everything unsafe of this crate comes down to these.

use crate::error::{Error, Status};

/// What a pointer points to; `None` for null.
///
/// # Safety
///
/// `pointer` is null, or points to a `T` that nobody changes or frees for `'a`.
pub(crate) unsafe fn borrow<'a, T>(pointer: *const T) -> Option<&'a T> {
    // SAFETY: as the caller promises.
    unsafe { pointer.as_ref() }
}

/// The same, or an error that names the argument.
///
/// # Safety
///
/// As for [`borrow`].
pub(crate) unsafe fn need<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Error> {
    // SAFETY: as the caller promises.
    unsafe { borrow(pointer) }.ok_or_else(|| null(name))
}

/// The same, to be changed.
///
/// # Safety
///
/// `pointer` is null, or points to a `T` that nobody else uses for `'a`.
pub(crate) unsafe fn need_mut<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T, Error> {
    // SAFETY: as the caller promises.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(name))
}

fn null(name: &str) -> Error {
    Error::bad_call(&format!("`{name}` is null"))
}

/// `len` values; null is allowed for none.
///
/// # Safety
///
/// `pointer` is null, or points to `len` values that nobody changes or frees for `'a`.
pub(crate) unsafe fn slice<'a, T>(
    pointer: *const T,
    len: usize,
    name: &str,
) -> Result<&'a [T], Error> {
    if len == 0 {
        return Ok(&[]);
    }
    check_len::<T>(len, name)?;
    // SAFETY: not null; the rest is as the caller promises.
    match pointer.is_null() {
        true => Err(null(name)),
        false => Ok(unsafe { std::slice::from_raw_parts(pointer, len) }),
    }
}

/// The same, to be written to.
///
/// # Safety
///
/// `pointer` is null, or points to `len` values that nobody else uses for `'a`.
pub(crate) unsafe fn slice_mut<'a, T>(
    pointer: *mut T,
    len: usize,
    name: &str,
) -> Result<&'a mut [T], Error> {
    if len == 0 {
        return Ok(&mut []);
    }
    check_len::<T>(len, name)?;
    // SAFETY: not null; the rest is as the caller promises.
    match pointer.is_null() {
        true => Err(null(name)),
        false => Ok(unsafe { std::slice::from_raw_parts_mut(pointer, len) }),
    }
}

/// No object is larger than `isize::MAX` bytes: a length beyond that is a negative number
/// gone wrong.
fn check_len<T>(len: usize, name: &str) -> Result<(), Error> {
    match len.checked_mul(size_of::<T>()) {
        Some(bytes) if isize::try_from(bytes).is_ok() => Ok(()),
        _ => Err(Error::bad_call(&format!(
            "`{name}` cannot be of {len} values"
        ))),
    }
}

/// A text.
///
/// # Safety
///
/// As for [`slice`].
pub(crate) unsafe fn text<'a>(
    pointer: *const u8,
    len: usize,
    name: &str,
) -> Result<&'a str, Error> {
    // SAFETY: as the caller promises.
    let bytes = unsafe { slice(pointer, len, name) }?;
    std::str::from_utf8(bytes).map_err(|error| {
        Error::bad_call(&format!(
            "`{name}` is not UTF-8 at byte {}",
            error.valid_up_to()
        ))
    })
}

/// Takes back what was handed out as a box.
///
/// # Safety
///
/// `pointer` is null, or came from `Box::into_raw` and was not freed.
pub(crate) unsafe fn drop_box<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: as the caller promises.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

/// Writes what a call made to `out`, or what went wrong to `error`; null is written to the
/// other one. Either place may be null: then nothing is written there.
///
/// # Safety
///
/// Each of `out` and `error` is null or may be written to.
pub(crate) unsafe fn hand_out<T>(
    result: Result<T, Error>,
    out: *mut *mut T,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: as the caller promises.
    let place = unsafe { out.as_mut() };
    let result = match (result, place) {
        (Ok(made), Some(place)) => {
            *place = Box::into_raw(Box::new(made));
            Ok(())
        }
        (Ok(_), None) => Err(null("out")),
        (Err(error), place) => {
            if let Some(place) = place {
                *place = std::ptr::null_mut();
            }
            Err(error)
        }
    };
    // SAFETY: as the caller promises.
    unsafe { report(result, error) }
}

/// Writes what went wrong to `error`, or null.
///
/// # Safety
///
/// `error` is null or may be written to.
pub(crate) unsafe fn report(result: Result<(), Error>, error: *mut *mut Error) -> Status {
    let status = result
        .as_ref()
        .err()
        .map_or(Status::Ok, |error| error.status);
    // SAFETY: as the caller promises.
    if let Some(place) = unsafe { error.as_mut() } {
        *place = match result {
            Ok(()) => std::ptr::null_mut(),
            Err(error) => Box::into_raw(Box::new(error)),
        };
    }
    status
}
