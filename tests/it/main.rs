//! The integration tests: one binary, so that the workspace links once.
