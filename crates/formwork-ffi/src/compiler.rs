//! From texts to grammars.

use std::ffi::c_void;
use std::sync::Arc;

use formwork::cfg::syntax::Format;
use formwork::{Compiler, Fuel, Limits, PropertyOrder, SchemaOptions, Spec, Whitespace};

use crate::error::{Error, Status};
use crate::grammar::FormworkGrammar;
use crate::pointers::{borrow, drop_box, hand_out, need, text};
use crate::vocab::FormworkVocab;

/// Compiles grammars for one vocabulary, and keeps those it compiled.
pub struct FormworkCompiler(Compiler);

/// How the text of a grammar is written.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notation {
    /// JSON Schema, drafts 4 to 2020-12.
    JsonSchema = 0,
    /// The notation of Lark, as llguidance reads it.
    Lark = 1,
    /// The notation of llama.cpp.
    Gbnf = 2,
    /// EBNF of the W3C or of ISO 14977.
    Ebnf = 3,
    /// A regular expression (ECMA-262) that whole texts match.
    Regex = 4,
    /// Structural tags, in JSON.
    StructuralTag = 5,
}

impl Notation {
    /// A number is any number to C.
    fn of(number: u32) -> Result<Notation, Error> {
        let all = [
            Notation::JsonSchema,
            Notation::Lark,
            Notation::Gbnf,
            Notation::Ebnf,
            Notation::Regex,
            Notation::StructuralTag,
        ];
        let found = all.into_iter().find(|&notation| notation as u32 == number);
        found.ok_or_else(|| Error::bad_call(&format!("`notation` is {number}, which is none")))
    }

    fn spec(self, source: &str) -> Spec {
        match self {
            Notation::JsonSchema => Spec::json_schema(source),
            Notation::Lark => Spec::grammar(Format::Lark, source),
            Notation::Gbnf => Spec::grammar(Format::Gbnf, source),
            Notation::Ebnf => Spec::grammar(Format::Ebnf, source),
            Notation::Regex => Spec::regex(source),
            Notation::StructuralTag => Spec::grammar(Format::StructuralTag, source),
        }
    }
}

/// Choices for compiling. All bytes zero are the defaults.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// White space between JSON tokens: 0 for at most 32 bytes in a place, another positive
    /// number for as many, -1 for none, -2 for any amount.
    pub whitespace: i32,
    /// Properties come in the order of the schema, not in any.
    pub schema_order: bool,
    /// A schema of which only a part can be compiled is refused.
    pub strict: bool,
    /// Units of work, about a quarter of a microsecond each, beside the compiler's own limit;
    /// 0 for no more than that.
    pub fuel: u64,
    /// Asked about every 0.1 ms whether to stop, on the thread that compiles; may be null.
    pub stop: Option<unsafe extern "C" fn(user: *mut c_void) -> bool>,
    /// What `stop` is given.
    pub user: *mut c_void,
}

impl Options {
    fn schemas(&self) -> Result<SchemaOptions, Error> {
        let whitespace = match self.whitespace {
            0 => Whitespace::default(),
            -1 => Whitespace::Compact,
            -2 => Whitespace::Any,
            n => match u32::try_from(n) {
                Ok(n) => Whitespace::Bounded(n),
                Err(_) => return Err(Error::bad_call("`whitespace` is below -2")),
            },
        };
        Ok(SchemaOptions {
            whitespace,
            order: match self.schema_order {
                true => PropertyOrder::Schema,
                false => PropertyOrder::Any,
            },
            strict: self.strict,
            ..SchemaOptions::default()
        })
    }

    /// # Safety
    ///
    /// `stop` may be called with `user` from this thread as long as the fuel lives.
    unsafe fn fuel(&self) -> Fuel {
        /// Compiling asks on the thread of the caller only.
        struct User(*mut c_void);
        // SAFETY: neither crosses threads: nothing that compiles has threads of its own, and
        // the fuel does not outlive the call.
        unsafe impl Send for User {}
        unsafe impl Sync for User {}
        impl User {
            fn get(&self) -> *mut c_void {
                self.0
            }
        }
        let fuel = match self.fuel {
            0 => Fuel::unlimited(),
            units => Fuel::new(units),
        };
        match self.stop {
            None => fuel,
            Some(stop) => {
                let user = User(self.user);
                // SAFETY: as the caller promises.
                fuel.stop_if(move || unsafe { stop(user.get()) })
            }
        }
    }
}

/// Makes a compiler. Takes about 10 ms for 128,000 tokens. `cache_bytes` are kept of grammars
/// that were compiled, 0 for 512 MiB.
///
/// # Safety
///
/// `vocab` is null or came from a function of this library and was not freed. Each of `out`
/// and `error` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_compiler_new(
    vocab: *const FormworkVocab,
    cache_bytes: usize,
    out: *mut *mut FormworkCompiler,
    error: *mut *mut Error,
) -> Status {
    let mut limits = Limits::default();
    if cache_bytes > 0 {
        limits.cache_bytes = cache_bytes;
    }
    // SAFETY: as the caller promises.
    let vocab = unsafe { need(vocab, "vocab") };
    let compiler = vocab.and_then(|vocab| {
        let compiler = Compiler::with_limits(Arc::clone(&vocab.0), limits);
        let compiler = compiler.map_err(|error| Error::new(Status::InvalidInput, error))?;
        Ok(FormworkCompiler(compiler))
    });
    // SAFETY: as the caller promises.
    unsafe { hand_out(compiler, out, error) }
}

/// Compiles a schema or a grammar, or takes it from those that were compiled before.
/// `notation` is one of `formwork_notation`; `options` may be null for the defaults.
///
/// # Safety
///
/// `compiler` is null or came from a function of this library and was not freed; `source`
/// points to `len` bytes; `options` is null or points to options whose `stop`, if there is
/// one, may be called with `user` on this thread. Each of `out` and `error` is null or may be
/// written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_compile(
    compiler: *const FormworkCompiler,
    notation: u32,
    source: *const u8,
    len: usize,
    options: *const Options,
    out: *mut *mut FormworkGrammar,
    error: *mut *mut Error,
) -> Status {
    let grammar = || {
        // SAFETY: as the caller promises.
        let compiler = unsafe { need(compiler, "compiler") }?;
        // SAFETY: as the caller promises.
        let source = unsafe { text(source, len, "source") }?;
        let notation = Notation::of(notation)?;
        let spec = notation.spec(source);
        // SAFETY: as the caller promises.
        let grammar = match unsafe { borrow(options) } {
            None => compiler.0.compile(&spec)?,
            Some(options) => {
                let spec = spec.with_schema_options(options.schemas()?);
                // SAFETY: as the caller promises; the fuel ends with this call.
                let fuel = unsafe { options.fuel() };
                compiler.0.compile_with(&spec, &fuel)?
            }
        };
        Ok(FormworkGrammar(grammar))
    };
    // SAFETY: as the caller promises.
    unsafe { hand_out(grammar(), out, error) }
}

/// Frees a compiler; grammars that it made live on.
///
/// # Safety
///
/// `compiler` is null or came from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_compiler_free(compiler: *mut FormworkCompiler) {
    // SAFETY: as the caller promises.
    unsafe { drop_box(compiler) }
}
