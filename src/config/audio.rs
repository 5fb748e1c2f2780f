//! The `[audio]` section.
