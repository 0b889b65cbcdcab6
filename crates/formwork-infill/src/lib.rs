//! Exact grammar constraints on a canvas.
#![allow(missing_docs)]

mod bits;
mod canvas;
mod chart;
mod checker;
mod content;
mod error;
mod names;
mod reading;
mod rest;
mod rules;
mod token_sets;
mod useful;

pub use canvas::{Canvas, Piece};
pub use checker::{Checker, Filling, InfillLimits};
pub use error::InfillError;
