use super::*;
use crate::dsp::Edges;
use crate::options::ConfigError;

fn features(toml: &str) -> FeaturesSection {
    toml::from_str(toml).expect("the test's TOML has the section's shape")
}

#[test]
fn ready_sets_are_legal_at_every_usual_rate() {
    for set in FeaturesSection::ready() {
        for rate in [8000, 16000, 22050, 44100, 48000] {
            let params = FeaturesSection::of_set(set).check(rate);
            assert!(params.is_ok(), "{set} at {rate}: {params:?}");
        }
    }
}

#[test]
fn milliseconds_become_samples() {
    for (rate, want) in [(16000, (400, 160, 512)), (22050, (551, 221, 1024)), (8000, (200, 80, 256))] {
        let frame = FeaturesSection::default().check(rate).expect("the default is legal").frame;
        assert_eq!((frame.window_samples, frame.hop_samples, frame.n_fft), want);
    }
}

#[test]
fn illegal_values_are_refused_by_key() {
    let group = r#"groups = [{ descriptors = ["rms"], functionals = ["mean"] }]"#;
    let cases = [
        ("set = \"big\"".to_owned(), "features.set", "mfcc-energy, standard, rich"),
        (format!("[sets.standard]\n{group}"), "features.sets.standard", "ready set"),
        (format!("[sets.a]\n{group}\nframe.n_fft = 500"), "features.sets.a.frame.n_fft", "power of two from 512"),
        (format!("[sets.a]\n{group}\nframe.n_fft = 256"), "features.sets.a.frame.n_fft", "window has 400"),
        (format!("[sets.a]\n{group}\nframe.window_ms = -1.0"), "features.sets.a.frame.window_ms", "above 0"),
        (format!("[sets.a]\n{group}\nframe.hop_ms = 0.01"), "features.sets.a.frame.hop_ms", "16000 Hz"),
        (format!("[sets.a]\n{group}\nmfcc.coefficients = 200"), "features.sets.a.mfcc.coefficients", "1 to 128"),
        (format!("[sets.a]\n{group}\nmfcc.mel_bands = 0"), "features.sets.a.mfcc.mel_bands", "1 to 512"),
        (format!("[sets.a]\n{group}\nlog_mel.top_db = -3.0"), "features.sets.a.log_mel.top_db", "0 (no limit)"),
        (format!("[sets.a]\n{group}\npitch.max_hz = 50.0"), "features.sets.a.pitch.max_hz", "above 75"),
        (format!("[sets.a]\n{group}\npitch.min_hz = 5.0"), "features.sets.a.pitch.min_hz", "20 or above"),
        ("[sets.a]\ngroups = []".to_owned(), "features.sets.a.groups", "at least one"),
        (
            "[sets.a]\ngroups = [{ descriptors = [\"rms\"], functionals = [] }]".to_owned(),
            "features.sets.a.groups.0.functionals",
            "at least one",
        ),
        (
            "[sets.a]\ngroups = [{ descriptors = [\"rms\"], frames = [], functionals = [\"mean\"] }]".to_owned(),
            "features.sets.a.groups.0.frames",
            "at least one",
        ),
        (
            "[sets.a]\npitch.max_hz = 6000.0\ngroups = [{ descriptors = [\"rms\"], frames = [\"voiced\"], functionals = [\"mean\"] }]"
                .to_owned(),
            "features.sets.a.pitch.max_hz",
            "at most 4000",
        ),
        (
            "[sets.a]\ngroups = [{ descriptors = [\"rms\", \"rms\"], functionals = [\"mean\"] }]".to_owned(),
            "features.sets.a.groups.0",
            "list it once",
        ),
    ];
    for (toml, key, problem) in cases {
        let error = features(&toml).check(16000).expect_err(&toml);
        assert!(error.key == key && error.problem.contains(problem), "{toml}: {error}");
    }
}

#[test]
fn unknown_words_name_the_legal_ones() {
    let toml = |descriptor: &str, functional: &str| {
        format!("[sets.a]\ngroups = [{{ descriptors = [\"{descriptor}\"], functionals = [\"{functional}\"] }}]")
    };
    for (toml, word) in [(toml("mffc", "mean"), "`mfcc`"), (toml("rms", "average"), "mean, std")] {
        let message = toml::from_str::<FeaturesSection>(&toml).expect_err("illegal").to_string();
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn a_set_of_ones_own_is_found() {
    let toml =
        "set = \"a\"\n[sets.a]\nmfcc.top_db = 0.0\ngroups = [{ descriptors = [\"rms\"], functionals = [\"p95\"] }]";
    let params = features(toml).check(16000).expect("legal");
    assert_eq!((params.groups.len(), params.mfcc.top_db), (1, None));
}

/// The set of some descriptors under some options.
fn check(descriptors: &str, options: &str) -> Result<FeatureSetParams, ConfigError> {
    let groups = format!("groups = [{{ descriptors = [{descriptors}], functionals = [\"mean\"] }}]");
    let toml = format!("set = \"a\"\n[sets.a]\n{options}\n{groups}");
    toml::from_str::<FeaturesSection>(&toml).expect("the test's TOML has the section's shape").check(16000)
}

#[test]
fn a_preset_brings_its_bands_and_frames() {
    let cases = [
        ("librosa", Edges::Centre, 128, 26, Some(80.0)),
        ("kaldi", Edges::Snip, 23, 23, None),
        ("psf", Edges::PadEnd, 26, 26, None),
        ("htk", Edges::Snip, 26, 26, None),
    ];
    for (preset, edges, mel_bands, bands, top_db) in cases {
        let options = format!("mfcc.preset = \"{preset}\"\nlog_mel.preset = \"{preset}\"");
        for descriptors in [r#""mfcc""#, r#""log_mel""#, r#""mel_energy", "rms""#, r#""mfcc", "log_mel""#] {
            let params = check(descriptors, &options).expect("legal");
            assert_eq!(params.frame.edges, edges, "{preset} {descriptors}");
            let mfcc = params.mfcc;
            assert_eq!((mfcc.coefficients, mfcc.mel_bands, mfcc.top_db), (13, mel_bands, top_db));
            assert_eq!((params.log_mel.bands, params.log_mel.top_db), (bands, top_db));
        }
    }
}

#[test]
fn presets_of_unused_descriptors_do_not_cut_frames() {
    let options = "mfcc.preset = \"kaldi\"\nlog_mel.preset = \"psf\"";
    for (descriptor, edges) in [("rms", Edges::Centre), ("log_mel", Edges::PadEnd), ("mfcc", Edges::Snip)] {
        let params = check(&format!("\"{descriptor}\""), options).expect("legal");
        assert_eq!(params.frame.edges, edges, "{descriptor}");
    }
}

#[test]
fn presets_that_cut_frames_differently_need_a_word() {
    let options = "mfcc.preset = \"kaldi\"\nlog_mel.preset = \"psf\"";
    let error = check(r#""mfcc", "mel_energy""#, options).expect_err("two ways to cut frames");
    assert_eq!(error.key, "features.sets.a.frame.edges");
    for word in ["kaldi needs snip", "psf needs pad-end", "centre, snip and pad-end"] {
        assert!(error.problem.contains(word), "{error}");
    }
    let word = format!("{options}\nframe.edges = \"centre\"");
    assert_eq!(check(r#""mfcc", "mel_energy""#, &word).expect("legal").frame.edges, Edges::Centre);
    let alike = check(r#""mfcc", "log_mel""#, "mfcc.preset = \"kaldi\"\nlog_mel.preset = \"htk\"");
    assert_eq!(alike.expect("both cut alike").frame.edges, Edges::Snip);
}

#[test]
fn options_that_a_preset_cannot_honour_are_refused() {
    let cases = [
        ("mfcc.preset = \"kaldi\"\nmfcc.top_db = 80.0", "mfcc.top_db", "the preset kaldi has no such limit"),
        ("log_mel.preset = \"htk\"\nlog_mel.top_db = 0.0", "log_mel.top_db", "only librosa"),
        ("mfcc.preset = \"kaldi\"\nmfcc.coefficients = 24", "mfcc.coefficients", "1 to 23 (`mel_bands`)"),
        ("log_mel.preset = \"psf\"\nlog_mel.bands = 513", "log_mel.bands", "1 to 512"),
    ];
    for (options, key, problem) in cases {
        let error = check(r#""rms""#, options).expect_err(options);
        assert!(error.key == format!("features.sets.a.{key}") && error.problem.contains(problem), "{error}");
    }
}
