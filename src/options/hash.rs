use serde::Serialize;

/// The hash of some parameters: BLAKE3 of their JSON, hexadecimal.
pub fn config_hash(parameters: &impl Serialize) -> String {
    // Parameters are plain structs, whose JSON cannot fail and keeps the order of their fields.
    let json = serde_json::to_vec(parameters).unwrap_or_default();
    blake3::hash(&json).to_hex().to_string()
}

/// A number that looks random and depends on the text alone: the first eight bytes of its BLAKE3.
pub fn hash_number(text: &str) -> u64 {
    blake3::hash(text.as_bytes()).as_bytes()[..8].iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}
