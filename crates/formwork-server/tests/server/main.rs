//! The server over a model without weights, asked through sockets.

#![allow(clippy::expect_used)]

mod answers;
mod client;
mod errors;
mod forms;
mod limits;
mod pages;
mod tools;
mod toy;
