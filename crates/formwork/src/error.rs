//! Why a grammar was not compiled.

use formwork_cfg::syntax::SyntaxErrors;
use formwork_cfg::{CfgError, Span};
use formwork_core::EngineError;
use formwork_schema::{SchemaError, Spent};

/// Why a grammar was not compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CompileError {
    /// The schema is at fault, or one of its limits.
    Schema(SchemaError),
    /// The text of the grammar is at fault, or one of its limits.
    Syntax(SyntaxErrors),
    /// The context-free grammar is at fault, or one of its limits.
    Cfg(CfgError),
    /// A schema inside a context-free grammar is at fault, or one of its limits.
    Nested {
        /// Where the source of the grammar has the schema.
        span: Span,
        /// What is wrong there.
        error: SchemaError,
    },
    /// A limit of the engine was reached at the very start of the text.
    Engine(EngineError),
    /// Compiling took more than [`Limits::fuel`](crate::Limits::fuel) or the caller's own
    /// fuel, or the caller stopped it.
    Fuel(Spent),
}

impl CompileError {
    /// Whether the caller's input is to blame, so that a server should answer
    /// 400 rather than 500. Where a limit was reached or fuel spent it is not: the same
    /// input may compile where more is allowed.
    pub fn is_user_error(&self) -> bool {
        match self {
            CompileError::Schema(error) | CompileError::Nested { error, .. } => {
                error.is_user_error()
            }
            CompileError::Syntax(errors) => !errors.is_limit(),
            CompileError::Cfg(error) => error.is_user_error(),
            CompileError::Engine(_) | CompileError::Fuel(_) => false,
        }
    }

    /// Whether the owner of the fuel said stop.
    pub fn is_stopped(&self) -> bool {
        matches!(self, CompileError::Fuel(Spent::Stopped))
    }
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CompileError::Schema(error) => error.fmt(f),
            CompileError::Syntax(errors) => errors.fmt(f),
            CompileError::Cfg(error) => error.fmt(f),
            CompileError::Nested { span, error } => write!(
                f,
                "in the schema at bytes {} to {} of the grammar: {error}",
                span.start, span.end
            ),
            CompileError::Engine(error) => error.fmt(f),
            CompileError::Fuel(spent) => write!(f, "compiling {spent}"),
        }
    }
}

impl std::error::Error for CompileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CompileError::Nested { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<SchemaError> for CompileError {
    fn from(error: SchemaError) -> Self {
        CompileError::Schema(error)
    }
}

impl From<SyntaxErrors> for CompileError {
    fn from(errors: SyntaxErrors) -> Self {
        CompileError::Syntax(errors)
    }
}

impl From<CfgError> for CompileError {
    fn from(error: CfgError) -> Self {
        CompileError::Cfg(error)
    }
}

impl From<EngineError> for CompileError {
    fn from(error: EngineError) -> Self {
        CompileError::Engine(error)
    }
}
