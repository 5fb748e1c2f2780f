//! The `[corpus]` section.
