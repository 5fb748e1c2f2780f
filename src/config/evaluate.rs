//! The `[evaluate]` section.
