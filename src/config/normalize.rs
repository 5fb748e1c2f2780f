//! The `[normalize]` section.
