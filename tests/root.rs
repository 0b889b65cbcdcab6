//! Carries the workspace-level conformance tests and benches; holds no code of
//! its own.
