//! The `[split]` section.
