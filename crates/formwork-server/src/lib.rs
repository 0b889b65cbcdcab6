//! An HTTP server for language models that answer in a given form.
//!
//! It speaks OpenAI's interface, `/v1/chat/completions` and `/v1/completions`, with
//! `response_format` and tools, and takes forms by the names that llama.cpp and vLLM have
//! for them: `grammar`, `regex`, `choice`, `json_schema` and their kin. One thread runs the
//! model and decodes all texts together; they join and leave between passes. A client that
//! hangs up ends its texts.
//!
//! ```no_run
//! use formwork_model::{LanguageModel, ModelFiles};
//! use formwork_server::{Served, Server, ServerOptions};
//!
//! # fn serve(
//! #     load: fn(&ModelFiles) -> Box<dyn LanguageModel>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let files = ModelFiles::embedded()?;
//! let served = Served {
//!     name: "embedded".to_owned(),
//!     model: load(&files), // such as formwork_burn::load
//!     tokenizer: files.tokenizer,
//!     chat: files.chat,
//! };
//! let server = Server::new(served, ServerOptions::default())?;
//! server.run(([127, 0, 0, 1], 8080).into(), |address| println!("http://{address}"))?;
//! # Ok(())
//! # }
//! ```
//!
//! # Paths
//!
//! | path | what |
//! |---|---|
//! | `POST /v1/chat/completions`, `POST /v1/completions` | texts, whole or as server-sent events |
//! | `GET /v1/models` | the one model |
//! | `GET /health` | 200, or 503 once the model does not run any more |
//! | `GET /metrics` | counts and times for Prometheus |
//! | `GET /` | a page for people: schemas, what was understood of them, masks step by step |
//! | `POST /api/check`, `POST /api/mask` | what that page asks |
//!
//! What a constraint takes for one token of one text, its mask and to read it, is in the
//! histograms `formwork_constraint_token_seconds` and, as time of the processor,
//! `formwork_constraint_token_cpu_seconds`. Masks are filled while the model runs, so that
//! they are part of this and hardly ever of the time that a client waits.
//!
//! # Beyond OpenAI's interface
//!
//! | member | what |
//! |---|---|
//! | `json_schema`, `guided_json` | a schema, or a string that holds one |
//! | `regex`, `guided_regex` | a pattern for the whole text |
//! | `choice`, `guided_choice` | a list of texts |
//! | `grammar`, `guided_grammar` | a grammar in GBNF if it has `::=`, or else in Lark; `grammar_format` says another: `gbnf`, `lark`, `ebnf` |
//! | `structural_tag` | free text with tags in it, as XGrammar has them |
//! | `structured_outputs` | vLLM's object of `json`, `json_object`, `regex`, `choice`, `grammar`, `structural_tag` |
//! | `top_k`, `min_p` | how tokens are chosen |
//! | `must_complete` | whether texts are led to their end within `max_tokens`: `true` refuses a limit too small for any text, `false` lets texts be cut; left out, they are led if there is room for a shortest one, byte by byte |
//!
//! Every choice has `constraint_completed`: whether it is a whole text of the form. What a
//! request has beyond this is refused by name, but for members that change no answer, such
//! as `user`; `logprobs`, penalties and `logit_bias` are not supported.
//!
//! Tools are called in the form of the Hermes and Qwen families, `<tool_call>` and a JSON
//! object, whatever the model's own; arguments always fit the schema.
//!
//! # Untrusted input
//!
//! Requests may come from strangers: [`ServerOptions`] has a bound for everything that they
//! can ask for, errors have OpenAI's form with the place in `param`, and a schema's with
//! the JSON Pointer behind `#`. There is no authentication; listen on loopback or behind
//! something that has it.

mod answer;
mod app;
mod calls;
mod constraint;
mod endpoints;
mod error;
mod fields;
mod messages;
mod metrics;
mod options;
mod page;
mod pieces;
mod reply;
mod scheduler;
mod server;
mod settings;
mod tools;

pub use options::ServerOptions;
pub use server::{Served, Server, ServerError};
