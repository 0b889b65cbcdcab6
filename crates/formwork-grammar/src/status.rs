//! How a compiled language relates to the one that its source means.

/// Whether a compiled language is the one that its source means. There is no
/// third case: a language is never larger than that.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Status {
    /// It accepts exactly the texts that the source means.
    #[default]
    Exact,
    /// It accepts only such texts, but not all of them.
    Subset(Vec<Restriction>),
}

/// Why a compiled language leaves texts out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Restriction {
    /// Where in the source: a JSON Pointer for schemas.
    pub place: String,
    /// What is left out there, and why.
    pub reason: String,
}

impl Status {
    /// Whether nothing is left out.
    pub fn is_exact(&self) -> bool {
        self.restrictions().is_empty()
    }

    /// What is left out, place by place.
    pub fn restrictions(&self) -> &[Restriction] {
        match self {
            Status::Exact => &[],
            Status::Subset(restrictions) => restrictions,
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Status::Exact => "exact",
            Status::Subset(_) => "subset",
        })
    }
}

impl std::fmt::Display for Restriction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at {}: {}", self.place, self.reason)
    }
}
