//! Samplers against laws that are worked out in full, over languages that can be.

mod batches;
mod enumerate;
mod exact;
mod interleaved;
mod known;
mod saved;
mod statistics;
mod toys;
