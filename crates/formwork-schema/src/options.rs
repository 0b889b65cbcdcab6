//! What a caller can choose about a schema's language.

use formwork_automata::Fuel;
use formwork_grammar::Whitespace;

/// In which order the properties of an object may come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum PropertyOrder {
    /// Any: what JSON Schema means.
    #[default]
    Any,
    /// The order in which the schema lists them, others after all listed ones.
    /// A narrowing, for users whose model should think in that order.
    Schema,
}

/// Choices and limits for compiling a schema.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct SchemaOptions {
    /// White space between JSON tokens. The default is [`Whitespace::Bounded`]
    /// of 32.
    pub whitespace: Whitespace,
    /// The order of properties. The default is [`PropertyOrder::Any`].
    pub order: PropertyOrder,
    /// Whether a schema of which only a part can be compiled is refused: one
    /// whose [`Status`](formwork_grammar::Status) would be a subset. The
    /// default is `false`.
    pub strict: bool,
    /// Further documents that `$ref` may name: their URIs and texts. All are
    /// read when a schema is compiled, and nothing else ever is; a reference to
    /// any other document is refused.
    pub documents: Vec<(String, String)>,
    /// Bounds on the work of compiling.
    pub limits: SchemaLimits,
}

/// Bounds on what one schema may cost. Reaching one is a typed error.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SchemaLimits {
    /// Bytes of schema text, and of each further document. The default is 1 MiB.
    pub max_bytes: usize,
    /// Nesting of the schema document. The default is 128.
    pub max_nesting: u32,
    /// Values of one `enum`. The default is 10,000.
    pub max_enum: usize,
    /// Units of compile work: nodes made, branches taken, steps of automata; see
    /// [`Fuel`]. The default is 4,000,000, which is a second or so.
    pub max_work: u64,
    /// What the work is taken from, with all else that burns the same fuel; its owner
    /// can stop it. The default is no bound but `max_work`.
    pub fuel: Fuel,
    /// States of one automaton. The default is 65,536.
    pub max_states: u32,
    /// Alternatives of one value after multiplying out `anyOf`, `allOf` and
    /// their kin. The default is 4,096.
    pub max_branches: usize,
    /// Alternatives of one value up to which they are multiplied out; where there
    /// are more, literals are decided one by one, which makes fewer alternatives
    /// but takes longer. The language is the same. The default is 256.
    pub max_multiplied: usize,
}

impl Default for SchemaLimits {
    fn default() -> Self {
        SchemaLimits {
            max_bytes: 1 << 20,
            max_nesting: 128,
            max_enum: 10_000,
            max_work: 4_000_000,
            fuel: Fuel::unlimited(),
            max_states: 65_536,
            max_branches: 4096,
            max_multiplied: 256,
        }
    }
}
