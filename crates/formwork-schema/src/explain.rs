//! What a schema became: every value that a text can reach, by where it comes
//! from, and which keywords say nothing.

mod build;
mod show;

use formwork_grammar::Status;

pub(crate) use build::explain;

/// What a schema became. Its `Display` is a tree for people.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explain {
    /// How the compiled language relates to what the schema means.
    pub status: Status,
    /// The value of the whole text, as an index into `values`.
    pub root: usize,
    /// All values that a text can reach. Values refer to each other by index,
    /// in cycles where the schema is recursive.
    pub values: Vec<ExplainedValue>,
    /// Keywords that the draft ignores, by its specification.
    pub annotations: Vec<Annotation>,
    /// JSON Pointers of schemas that no value satisfies, but for `false`.
    pub never: Vec<String>,
}

/// What a value may be.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ExplainedValue {
    /// JSON Pointers of the schemas that it comes from: any of them alone means
    /// it if `is_joint` is false, all of them together if not.
    pub pointers: Vec<String>,
    /// Whether it takes several schemas together.
    pub is_joint: bool,
    /// Bytes of the smallest one, estimated; `None` if there is none at all.
    pub min_bytes: Option<u32>,
    /// Whether it may be anything.
    pub is_any: bool,
    /// Whether it may be `null`.
    pub null: bool,
    /// Whether it may be `false`, and `true`.
    pub bools: [bool; 2],
    /// Alternatives among strings.
    pub strings: Vec<ExplainedStrings>,
    /// Alternatives among numbers.
    pub numbers: Vec<ExplainedNumbers>,
    /// Alternatives among arrays.
    pub arrays: Vec<ExplainedArray>,
    /// Alternatives among objects.
    pub objects: Vec<ExplainedObject>,
}

/// Strings of one alternative.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ExplainedStrings {
    /// States of the automaton of their characters.
    pub states: usize,
    /// Fewest characters that are asked for.
    pub min: u32,
    /// Most characters that are allowed.
    pub max: Option<u32>,
    /// The size of a finite set of strings, such as an `enum`.
    pub words: Option<usize>,
    /// Patterns and formats: a name, and whether it has to hold or must not.
    pub matches: Vec<(String, bool)>,
    /// Strings that are excluded one by one.
    pub excluded: usize,
}

/// Numbers of one alternative.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ExplainedNumbers {
    /// States of the automaton of their digits; 0 if it is shared by all
    /// schemas.
    pub states: usize,
    /// Whether they are integers only.
    pub integers: bool,
    /// The lower bound, and whether it is exclusive.
    pub low: Option<(String, bool)>,
    /// The upper bound, and whether it is exclusive.
    pub high: Option<(String, bool)>,
    /// Steps that they are multiples of, or must not be.
    pub multiples: Vec<(String, bool)>,
    /// The size of a finite set of numbers.
    pub set: Option<usize>,
    /// Numbers that are excluded one by one.
    pub excluded: usize,
}

/// Arrays of one alternative.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ExplainedArray {
    /// Values of the first items.
    pub prefix: Vec<usize>,
    /// Value of all further items; with `counters`, values of all items.
    pub items: Vec<usize>,
    /// Fewest items.
    pub min: u32,
    /// Most items.
    pub max: Option<u32>,
    /// Whether items have to differ.
    pub unique: bool,
    /// With `contains`: the states of its counters.
    pub counters: Option<usize>,
}

/// Objects of one alternative.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ExplainedObject {
    /// Members that are listed by name.
    pub members: Vec<ExplainedMember>,
    /// Classes of other names, told apart by the patterns that they match: how
    /// many names are in each (`None` if there is no end of them), and values.
    pub others: Vec<(Option<u64>, Vec<usize>)>,
    /// Fewest members.
    pub min: u32,
    /// Most members.
    pub max: Option<u32>,
    /// Kinds of members of which one has to come: negations of "all members
    /// are such".
    pub duties: u32,
}

/// A member that is listed by name.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ExplainedMember {
    /// Its name.
    pub name: String,
    /// Whether it has to come.
    pub required: bool,
    /// Its values; several where it may pay a duty, none if it must not come.
    pub values: Vec<usize>,
}

/// A keyword that says nothing about which values are valid.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Annotation {
    /// JSON Pointer of the schema that holds it.
    pub pointer: String,
    /// The keyword.
    pub keyword: String,
    /// Why it says nothing, as the end of a sentence about it.
    pub reason: String,
}

#[cfg(test)]
mod tests;
