//! Preset files of the user's own: read like the presets that are compiled in, on disk and in a bucket.

use std::fs;
use std::path::Path;

use ser_etl::schema::Utterance;
use tempfile::TempDir;

use crate::predict::read;
use crate::util::job::{PIPELINE, workplace};
use crate::util::s3_server::Server;
use crate::util::{failure, ser, stdout};

/// The synthesizer's names, as its pattern reads them, with the genders told by speaker and the emotions by the labels.
const PRESET: &str = r#"
names = "spkNN_gender/emotion_sNN_rNN.wav"
pattern = '^(?P<speaker>spk[0-9]+)_(?:female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s[0-9]+)_r[0-9]+$'
key = "{speaker}-{emotion}-{text_id}"

[genders]
female = ["spk02", "spk04"]
male = ["spk01", "spk03"]

[labels]
anger = "fear"

[filter]
speaker = ["spk01", "spk02"]
"#;

/// A workplace whose pipeline reads names by `presets/mine.toml`.
fn with_preset(text: &str) -> TempDir {
    let folder = workplace();
    fs::create_dir(folder.path().join("presets")).expect("made");
    fs::write(folder.path().join("presets/mine.toml"), text).expect("written");
    let line = |line| if str::starts_with(line, "pattern") { "preset = \"presets/mine.toml\"" } else { line };
    let pipeline = PIPELINE.lines().map(line).collect::<Vec<_>>().join("\n");
    fs::write(folder.path().join("pipeline.toml"), pipeline).expect("written");
    folder
}

fn utterances(folder: &Path) -> Vec<Utterance> {
    read::<Utterance>(&folder.join("out/utterances.parquet")).rows
}

#[test]
fn a_preset_file_names_speakers_genders_labels_keys_and_what_is_kept() {
    let folder = with_preset(PRESET);
    stdout(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    let rows = utterances(folder.path());
    assert!(!rows.is_empty() && rows.iter().all(|row| row.emotion != "anger"));
    for row in &rows {
        let speaker = row.speaker.as_deref().expect("told");
        let gender = if speaker == "synthetic/spk01" { "male" } else { "female" };
        assert_eq!(row.gender.as_deref(), Some(gender), "{speaker}");
        let text = row.text_id.as_deref().and_then(|text| text.strip_prefix("synthetic/")).expect("told");
        let short = speaker.strip_prefix("synthetic/").expect("its corpus first");
        assert_eq!(row.utterance_id, format!("synthetic/{short}-{}-{text}", row.source_label));
    }
    let again = stdout(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    assert!(again.contains("up to date"), "{again}");
}

#[test]
fn a_changed_preset_file_is_read_again() {
    let folder = with_preset(PRESET);
    stdout(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    let before = utterances(folder.path()).len();
    let wider = PRESET.replace("\"spk01\", \"spk02\"]\n", "\"spk01\", \"spk02\", \"spk03\"]\n");
    fs::write(folder.path().join("presets/mine.toml"), wider).expect("written");
    stdout(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    assert!(utterances(folder.path()).len() > before);
}

#[test]
fn a_preset_file_may_lie_in_a_bucket() {
    let folder = with_preset(PRESET);
    let server = Server::start();
    server.upload(folder.path(), "");
    stdout(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    stdout(&server.ser(folder.path(), &["ingest", "s3://bucket/pipeline.toml", "--out", "from-bucket"]));
    let [disk, bucket] = ["out", "from-bucket"].map(|out| fs::read(folder.path().join(out).join("utterances.parquet")));
    assert!(disk.expect("written") == bucket.expect("written"));
}

#[test]
fn what_is_wrong_with_a_preset_is_said() {
    let cases = [
        ("patern = 'x'", "did you mean `pattern`?", 2),
        ("pattern = '(?P<speaker>x)'", "no group (?P<emotion>...)", 2),
        ("\u{feff}\u{0}", "not TOML", 2),
        ("pattern = '(?P<emotion>nothing)'", "do not match the pattern", 3),
    ];
    for (text, want, code) in cases {
        let folder = with_preset(text);
        let (found, error) = failure(&ser(folder.path(), &["ingest", "pipeline.toml"]));
        assert!(error.contains(want) && found == code, "{text}\n{found} {error}\nshould say {want}");
    }
    let folder = with_preset(PRESET);
    fs::write(folder.path().join("presets/mine.toml"), b"\xff\xfe").expect("written");
    let (code, error) = failure(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    assert!(code == 2 && error.contains("mine.toml") && error.contains("UTF-8"), "{code} {error}");
    fs::remove_file(folder.path().join("presets/mine.toml")).expect("removed");
    let (code, error) = failure(&ser(folder.path(), &["ingest", "pipeline.toml"]));
    assert!(code == 3 && error.contains("mine.toml"), "{code} {error}");
    let (code, error) = failure(&ser(folder.path(), &["ingest", "pipeline.toml", "--set", "corpus.0.preset=ravdes"]));
    assert!(code == 2 && error.contains("did you mean `ravdess`?"), "{code} {error}");
}
