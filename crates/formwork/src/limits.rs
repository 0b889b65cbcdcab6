//! Bounds on what grammars may use.

use formwork_core::EngineLimits;

/// Bounds on what the grammars of one [`Compiler`](crate::Compiler) may use. Reaching one
/// is a typed error, never an approximation.
///
/// Each stage has bounds of its own beside these, in the options of a
/// [`Spec`](crate::Spec): see [`SchemaLimits`](crate::SchemaLimits),
/// [`SyntaxLimits`](crate::cfg::syntax::SyntaxLimits) and
/// [`CfgLimits`](crate::CfgLimits).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Units of [`Fuel`](crate::Fuel) for one compilation, all stages together and all
    /// schemas in a grammar. The default is 4,000,000, which is a second or so.
    pub fuel: u64,
    /// Bytes of grammars that are kept to be [compiled](crate::Compiler::compile) again
    /// at no cost, about; what grammars that were compiled before have learnt since is
    /// counted. Those in use elsewhere live on when they are dropped here. The default is
    /// 512 MiB; 0 keeps none.
    pub cache_bytes: usize,
    /// What one grammar may use while it runs.
    pub engine: EngineLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            fuel: 4_000_000,
            cache_bytes: 512 << 20,
            engine: EngineLimits::default(),
        }
    }
}
