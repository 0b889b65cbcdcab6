//! Samplers against laws that are worked out in full, over languages that can be.

mod adapters;
mod batches;
mod choices;
mod enumerate;
mod exact;
mod interleaved;
mod known;
mod language;
mod particles;
mod saved;
mod statistics;
mod toys;
