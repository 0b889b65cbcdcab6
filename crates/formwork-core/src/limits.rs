//! Bounds on what a grammar may use.

/// Bounds on what one grammar may use while it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EngineLimits {
    /// Readings of a text that may be open at once. The default is 10,000.
    pub max_threads: usize,
    /// Bytes for the states visited, shared by all matchers of a grammar. The
    /// default is 256 MiB.
    pub max_bytes: usize,
    /// Bytes for finished masks and readings; when full they are dropped and
    /// made anew. The default is 64 MiB.
    pub max_mask_bytes: usize,
}

impl Default for EngineLimits {
    fn default() -> Self {
        EngineLimits {
            max_threads: 10_000,
            max_bytes: 256 << 20,
            max_mask_bytes: 64 << 20,
        }
    }
}
