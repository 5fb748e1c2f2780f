use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `[tables]` section: how tables are laid out for other programs. Nothing here changes a value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TablesSection {
    /// Whether to write the log of Delta Lake beside the features, and the predictions once more as a folder with such a
    /// log (default false). Lakehouses then read `OUT/features` and `OUT/predictions` as tables, and every change of a
    /// table is a version of it. Only the last version can be read.
    pub delta: bool,
}
