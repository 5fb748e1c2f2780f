//! The `[features]` section.
