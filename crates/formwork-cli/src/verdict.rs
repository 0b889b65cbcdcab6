//! What is said of a schema or a grammar.

use formwork::{CfgError, CompileError, SchemaError, Status};

use crate::status::ExitStatus;

/// The verdict in a word or two.
pub(crate) fn word(result: &Result<Status, CompileError>) -> &'static str {
    match result {
        Ok(Status::Exact) => "exact",
        Ok(Status::Subset(_)) => "subset",
        Err(error) => match error {
            CompileError::Schema(error) | CompileError::Nested { error, .. } => of_schema(error),
            CompileError::Syntax(errors) if !errors.is_limit() => "not a grammar",
            CompileError::Cfg(CfgError::Unproductive { .. }) => "unsatisfiable",
            CompileError::Syntax(_)
            | CompileError::Cfg(CfgError::Limit { .. })
            | CompileError::Engine(_)
            | CompileError::Fuel(_) => "over a limit",
            _ => "refused",
        },
    }
}

fn of_schema(error: &SchemaError) -> &'static str {
    match error {
        SchemaError::Syntax { .. } => "not JSON",
        SchemaError::Invalid(_) => "not a schema",
        SchemaError::Unsatisfiable(_) => "unsatisfiable",
        SchemaError::Limit { .. } => "over a limit",
        _ => "refused",
    }
}

/// Whether there is an answer about what does not compile.
pub(crate) fn status(error: &CompileError) -> ExitStatus {
    match error {
        CompileError::Syntax(errors) if !errors.is_limit() => ExitStatus::Error,
        CompileError::Schema(SchemaError::Syntax { .. } | SchemaError::Invalid(_))
        | CompileError::Nested {
            error: SchemaError::Syntax { .. } | SchemaError::Invalid(_),
            ..
        } => ExitStatus::Error,
        _ => ExitStatus::No,
    }
}
