//! The `[train]` section.
