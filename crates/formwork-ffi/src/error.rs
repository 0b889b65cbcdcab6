//! What went wrong.

use std::ffi::{CString, c_char};

use formwork::{CompileError, EngineError, MaskError, PushError, SchemaError, Spent};

use crate::pointers::{borrow, drop_box};

/// How a call ended.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// All went well.
    Ok = 0,
    /// The constraint does not allow the token or bytes. The matcher is unchanged.
    Rejected = 1,
    /// The text of a schema, a grammar or a vocabulary is at fault.
    InvalidInput = 2,
    /// A limit was reached.
    Limit = 3,
    /// The caller's `stop` said so.
    Stopped = 4,
    /// The call itself is wrong: a pointer is null, a row too short, a text not UTF-8.
    BadCall = 5,
}

/// What went wrong, in words.
pub struct Error {
    pub(crate) status: Status,
    pub(crate) message: CString,
    pub(crate) pointer: CString,
}

impl Error {
    pub(crate) fn new(status: Status, message: impl ToString) -> Error {
        Error {
            status,
            message: c_string(message.to_string()),
            pointer: CString::default(),
        }
    }

    pub(crate) fn bad_call(message: &str) -> Error {
        Error::new(Status::BadCall, message)
    }
}

/// Without zero bytes, which end a text in C.
fn c_string(text: String) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

impl From<CompileError> for Error {
    fn from(error: CompileError) -> Self {
        let status = match &error {
            CompileError::Fuel(Spent::Stopped) => Status::Stopped,
            error if error.is_user_error() => Status::InvalidInput,
            _ => Status::Limit,
        };
        let refusals = match &error {
            CompileError::Schema(error) | CompileError::Nested { error, .. } => {
                SchemaError::refusals(error)
            }
            _ => &[],
        };
        let pointer = refusals.first().map(|first| first.pointer.clone());
        Error {
            pointer: c_string(pointer.unwrap_or_default()),
            ..Error::new(status, error)
        }
    }
}

impl From<PushError> for Error {
    fn from(error: PushError) -> Self {
        let status = match error {
            PushError::Engine(_) => Status::Limit,
            _ => Status::Rejected,
        };
        Error::new(status, error)
    }
}

impl From<MaskError> for Error {
    fn from(error: MaskError) -> Self {
        let status = match error {
            MaskError::Engine(_) => Status::Limit,
            _ => Status::BadCall,
        };
        Error::new(status, error)
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        Error::new(Status::Limit, error)
    }
}

/// How the call ended of which this is the error; `FORMWORK_STATUS_OK` for null.
///
/// # Safety
///
/// `error` is null or came from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_error_status(error: *const Error) -> Status {
    // SAFETY: as the caller promises.
    unsafe { borrow(error) }.map_or(Status::Ok, |error| error.status)
}

/// What went wrong and what to do, in UTF-8; maybe several lines. It lives as long as the
/// error. Null for null.
///
/// # Safety
///
/// As for `formwork_error_status`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_error_message(error: *const Error) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { borrow(error) }.map_or(std::ptr::null(), |error| error.message.as_ptr())
}

/// The JSON Pointer of the part of a schema that the error is about, as far as there is one;
/// an empty text otherwise. It lives as long as the error. Null for null.
///
/// # Safety
///
/// As for `formwork_error_status`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_error_pointer(error: *const Error) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { borrow(error) }.map_or(std::ptr::null(), |error| error.pointer.as_ptr())
}

/// Frees an error.
///
/// # Safety
///
/// `error` is null or came from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_error_free(error: *mut Error) {
    // SAFETY: as the caller promises.
    unsafe { drop_box(error) }
}
