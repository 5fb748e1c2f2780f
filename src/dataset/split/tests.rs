use super::*;

fn check(toml: &str) -> Result<SplitParams, ConfigError> {
    toml::from_str::<SplitSection>(toml).expect("the cases are well-formed").check()
}

#[test]
fn defaults_are_resolved() {
    let emotion = || vec!["emotion".to_owned()];
    let speaker = || "speaker".to_owned();
    let cases = [
        ("", SplitParams::SpeakerDisjoint { test: 0.2, dev: 0.1, stratify_by: emotion(), group_by: speaker() }),
        ("scheme = 'k-fold'\ndev = 0", SplitParams::KFold { folds: 5, dev: 0.0, stratify_by: emotion() }),
        (
            "scheme = 'group-k-fold'\nfolds = 3\nstratify_by = []",
            SplitParams::GroupKFold { folds: 3, dev: 0.1, stratify_by: vec![], group_by: speaker() },
        ),
        (
            "scheme = 'predefined'\ncolumn = 'part'\nsides = { Train = 'train', '' = '-' }",
            SplitParams::Predefined {
                column: "part".into(),
                sides: [("Train", "train"), ("", "-")].map(|(word, side)| (word.into(), side.into())).into(),
                group_by: None,
            },
        ),
    ];
    for (toml, want) in cases {
        assert_eq!(check(toml).as_ref(), Ok(&want), "{toml}");
    }
}

#[test]
fn wrong_keys_and_values_are_refused() {
    let cases = [
        ("scheme = 'loso'\nfolds = 5", "split.folds", "does not use"),
        ("scheme = 'stratified'\ngroup_by = 'speaker'", "split.group_by", "it uses test, dev, stratify_by"),
        ("scheme = 'k-fold'\ntest = 0.2", "split.test", "does not use"),
        ("test = 1.0", "split.test", "below 1"),
        ("test = nan", "split.test", "above 0"),
        ("dev = -0.1", "split.dev", "0 or more"),
        ("scheme = 'k-fold'\nfolds = 1", "split.folds", "2 or more"),
        ("stratify_by = ['emotion', 'emotion']", "split.stratify_by", "twice"),
        ("group_by = ''", "split.group_by", "text column"),
        ("scheme = 'cross-corpus'\ntest_corpora = []", "split.test_corpora", "names"),
        ("scheme = 'cross-corpus'\ntest_corpora = ['a']\ntrain_corpora = ['a']", "split.test_corpora", "one side"),
        ("scheme = 'predefined'", "split.column", "needs"),
        ("scheme = 'predefined'\ncolumn = 'x'\ngroup_by = 'room'", "split.group_by", "promise"),
        ("scheme = 'predefined'\ncolumn = 'x'\nsides = { Val = 'validation' }", "split.sides.\"Val\"", "dev and test"),
        ("scheme = 'loso'\nsides = { Val = 'dev' }", "split.sides", "does not use"),
        ("scheme = 'loso'\ndisjoint = ['speaker']", "split.disjoint", "does not use"),
        ("scheme = 'group-k-fold'\ndisjoint = []", "split.disjoint", "names"),
        ("scheme = 'group-k-fold'\ndisjoint = ['speaker']\ngroup_by = 'room'", "split.group_by", "does not go with"),
        ("scheme = 'group-k-fold'\ndisjoint = ['speaker']\nfrozen = 'x'", "split.frozen", "does not go with"),
        ("scheme = 'published'", "split.protocol", "needs the name"),
        ("scheme = 'loco'\nprotocol = 'emobox'", "split.protocol", "does not use"),
    ];
    for (toml, key, problem) in cases {
        let error = check(toml).expect_err(toml);
        assert_eq!(error.key, key, "{toml}");
        assert!(error.problem.contains(problem), "{toml}: {error}");
    }
}

#[test]
fn groupings_follow_the_scheme() {
    let cases: [(&str, &[&str]); 9] = [
        ("", &["speaker"]),
        ("group_by = 'room'", &["speaker", "room"]),
        ("scheme = 'stratified'", &[]),
        ("scheme = 'group-k-fold'\ngroup_by = 'text_id'", &["text_id"]),
        ("scheme = 'loso'", &["speaker"]),
        ("scheme = 'predefined'\ncolumn = 'part'", &[]),
        ("scheme = 'group-k-fold'\ndisjoint = ['speaker', 'text_id']", &["speaker"]),
        ("scheme = 'loco'", &["speaker"]),
        ("scheme = 'published'\nprotocol = 'emobox'", &[]),
    ];
    for (toml, grouping) in cases {
        let params = check(toml).expect(toml);
        assert_eq!(params.grouping(), grouping, "{toml}");
    }
}

#[test]
fn the_scheme_words_are_those_of_the_file() {
    let words = ["stratified", "speaker-disjoint", "k-fold", "group-k-fold", "loso", "cross-corpus", "loco"];
    for word in words.into_iter().chain(["predefined", "published"]) {
        let split: SplitSection = toml::from_str(&format!("scheme = '{word}'")).expect(word);
        assert_eq!(split.scheme.as_str(), word);
    }
}
