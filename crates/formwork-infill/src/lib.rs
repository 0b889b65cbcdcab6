//! Exact grammar constraints on a canvas.
#![allow(missing_docs)]

mod bits;
mod canvas;
mod causal;
mod cells;
mod chart;
mod checker;
mod content;
mod error;
mod fill;
mod names;
mod reading;
mod rest;
mod rules;
pub mod schedule;
mod settle;
mod token_sets;
mod useful;

pub use canvas::{Canvas, Piece};
pub use causal::fill_left_to_right;
pub use cells::{Cells, FreeCells};
pub use checker::{Checker, Filling, InfillLimits};
pub use error::InfillError;
pub use fill::{FillError, FillOptions, FillStep, Report, fill};
pub use settle::settle;
