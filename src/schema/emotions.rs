/// The emotions that ser-etl knows by itself; label maps may add others.
pub const CANONICAL_EMOTIONS: [&str; 9] =
    ["anger", "happiness", "sadness", "fear", "disgust", "surprise", "neutral", "calm", "boredom"];

/// Whether a source label needs no entry in a label map.
pub fn is_canonical_emotion(label: &str) -> bool {
    CANONICAL_EMOTIONS.contains(&label)
}
