//! Code under test that may panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The name of the threads that run code under test. A panic there is part of
/// the result, so a program may want to keep its panic hook from printing it.
pub const WORKER_NAME: &str = "formwork-worker";

/// Stack of such a thread, in bytes: what a main thread usually has.
pub(crate) const STACK_BYTES: usize = 8 << 20;

/// Runs `f`; a panic becomes an error with its message.
///
/// What `f` touched must not be used afterwards, unless it guards itself
/// against panics as a mutex does.
pub(crate) fn catch<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| message(payload.as_ref()))
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a message".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_become_errors() {
        assert_eq!(catch(|| 1), Ok(1));
        assert_eq!(catch::<()>(|| panic!("a {}", "b")), Err("a b".to_owned()));
        assert_eq!(catch::<()>(|| panic!("plain")), Err("plain".to_owned()));
    }
}
