use serde::Serialize;

/// The hash of some parameters: BLAKE3 of their JSON, hexadecimal.
pub fn config_hash(parameters: &impl Serialize) -> String {
    // Parameters are plain structs, whose JSON cannot fail and keeps the order of their fields.
    let json = serde_json::to_vec(parameters).unwrap_or_default();
    blake3::hash(&json).to_hex().to_string()
}
