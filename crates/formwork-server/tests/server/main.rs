//! The server over a model without weights, asked through sockets.

mod answers;
mod client;
mod errors;
mod forms;
mod limits;
mod pages;
mod tools;
mod toy;
