//! What holds for every listing and every manifest.

use proptest::prelude::*;

use super::*;

/// Words that file names of the presets are made of, and others.
fn piece() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 14] = [
        "03-01-05-02-01-01-12",
        "03a01Fa",
        "1001_DFA_ANG_XX",
        "OAF_back_sad",
        "DC",
        "a01",
        "_",
        "-",
        "/",
        ".",
        "..",
        "\\",
        "\n",
        "|",
    ];
    prop_oneof![proptest::sample::select(&KNOWN[..]).prop_map(str::to_owned), "\\PC{0,6}", any::<String>()]
}

fn path() -> impl Strategy<Value = String> {
    let name = proptest::collection::vec(piece(), 0..4).prop_map(|pieces| pieces.concat());
    (name, proptest::sample::select(&[".wav", ".WAV", ".flac", ".txt", ""][..])).prop_map(|(name, end)| name + end)
}

proptest! {
    #[test]
    fn no_listing_breaks_a_preset_and_every_audio_file_is_accounted_for(
        paths in proptest::collection::btree_set(path(), 0..12),
        preset in proptest::sample::select(&["ravdess", "emodb", "crema-d", "tess", "savee"][..]),
    ) {
        let listing: Vec<&str> = paths.iter().map(String::as_str).collect();
        if let Ok(corpus) = run(&format!("preset = \"{preset}\"\nmax_unmatched_rate = 1.0"), &listing) {
            let counted: i64 = corpus.labels.iter().map(|label| label.utterances).sum();
            let refused = corpus.rejects.iter().filter(|reject| reject.code != PassedOver::CODE).count();
            prop_assert_eq!(corpus.audio_files as i64, counted + refused as i64);
            let kept: i64 = corpus.labels.iter().filter(|l| l.action == "kept" || l.action == "merged").map(|l| l.utterances).sum();
            prop_assert_eq!(corpus.utterances.len() as i64, kept);
            prop_assert!(unpacked(&corpus).rows.windows(2).all(|pair| pair[0].utterance_id < pair[1].utterance_id));
        }
    }

    #[test]
    fn the_order_of_the_listing_does_not_matter(paths in proptest::collection::btree_set(path(), 0..12)) {
        let rest = "pattern = '(?P<speaker>.)(?P<emotion>.)'\nemotion = \"calm\"\nmax_unmatched_rate = 1.0\n[exclude]\nemotion = [\"x\"]";
        let forward: Vec<&str> = paths.iter().map(String::as_str).collect();
        let backward: Vec<&str> = paths.iter().rev().map(String::as_str).collect();
        match (run(rest, &forward), run(rest, &backward)) {
            (Ok(one), Ok(two)) => prop_assert_eq!(one, two),
            (one, two) => prop_assert_eq!(one.is_err(), two.is_err()),
        }
    }

    #[test]
    fn messages_stay_on_their_lines(path in path(), label in any::<String>()) {
        let table = ManifestTable {
            columns: vec!["path".to_owned(), "emotion".to_owned()],
            cells: vec![
                [Some(path.as_str()), Some("x.wav")].into_iter().collect(),
                [Some(label.as_str()), Some("calm")].into_iter().collect(),
            ],
            ..ManifestTable::default()
        };
        let listing = [SourceFile { path: &path, bytes: 1 }].into_iter().collect();
        if let Err(error) = build(&config("manifest = \"m.csv\""), Source { root: ROOT, files: &listing, labels: &[] }, Some(&table), None, &Rules::default()) {
            prop_assert!(error.to_string().lines().count() <= 3, "{}", error);
            prop_assert!(!error.to_string().contains(|c: char| c.is_control() && c != '\n'));
        }
    }

    #[test]
    fn no_bytes_break_the_manifest_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[a-c,\"\n\t ]{0,60}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(table) = parse_text(&config("manifest = \"m.csv\""), bytes, "m.csv") {
                prop_assert!(table.cells.iter().all(|cells| cells.len() == table.len()));
                prop_assert_eq!(table.cells.len(), table.columns.len());
            }
        }
    }

    #[test]
    fn no_text_breaks_the_time_reader(text in prop_oneof![any::<String>(), "[0-9:. days,+-]{0,24}"]) {
        if let Ok(seconds) = crate::corpus::seconds::parse_seconds(&text, crate::corpus::seconds::Comma::Decimal) {
            prop_assert!(seconds.is_finite() && seconds >= 0.0);
        }
    }
}
