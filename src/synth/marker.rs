use super::CorpusPlan;

/// A file in the folder of a synthetic corpus, by which later stages know it as one.
pub const SYNTHETIC_FILE: &str = "synthetic.json";

/// What the marker says: how the corpus was made.
pub fn marker(plan: &CorpusPlan) -> String {
    let facts = serde_json::json!({
        "made_by": concat!("ser synth ", env!("CARGO_PKG_VERSION")),
        "speakers": plan.speakers,
        "sentences": plan.sentences,
        "repetitions": plan.repetitions,
        "emotions": plan.emotions,
        "seed": plan.seed,
        "sample_rate_hz": plan.sample_rate_hz,
    });
    format!("{facts:#}\n")
}
