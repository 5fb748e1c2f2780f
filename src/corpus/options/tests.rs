use super::*;

fn parse(rest: &str) -> Corpus {
    toml::from_str(&format!("name = \"a\"\nsource = \"data\"\n{rest}")).expect("the test's TOML is sound")
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let corpus = parse("preset = \"crema-d\"");
    assert_eq!(corpus.preset, Some("crema-d".to_owned()));
    assert_eq!(corpus.max_unmatched_rate, 0.05);
    assert_eq!(corpus.extensions.len(), 33);
    assert!(!corpus.allow_outside);
    assert_eq!(corpus.check("corpus.0"), Ok(()));
    let json = serde_json::to_string(&corpus).expect("a config is JSON");
    assert_eq!(serde_json::from_str::<Corpus>(&json).expect("and reads back"), corpus);
}

#[test]
fn sound_sections_pass() {
    let sound = [
        "pattern = '(?P<emotion>x)'",
        "pattern = '(?P<speaker>x)'\nemotion = \"anger\"",
        "manifest = \"m.csv\"\nallow_outside = true\n[columns]\npath = \"wav\"\n[labels]\nW = \"anger\"\nx = \"-\"",
        "preset = \"tess\"\n[filter]\nspeaker = [\"OAF\"]",
    ];
    for rest in sound {
        assert_eq!(parse(rest).check("corpus.0"), Ok(()), "{rest}");
    }
}

#[test]
fn wrong_sections_name_key_and_remedy() {
    let cases = [
        ("", "`corpus.0` is a section with 0 of them: a corpus has exactly one of `preset`, `pattern` and `manifest`"),
        ("preset = \"tess\"\nmanifest = \"m.csv\"", "2 of them"),
        ("preset = \"ravdes\"", "`corpus.0.preset` is \"ravdes\": no such preset"),
        ("pattern = '('", "`corpus.0.pattern` is \"(\": not a regular expression"),
        ("pattern = '(?P<speaker>..)'", "no group (?P<emotion>...)"),
        ("pattern = '(?P<emotion>..)(?P<path>..)'", "`path` is taken"),
        ("preset = \"tess\"\nemotion = \"anger\"", "`corpus.0.emotion`"),
        ("preset = \"tess\"\nallow_outside = true", "`corpus.0.allow_outside`"),
        ("preset = \"tess\"\n[columns]\npath = \"x\"", "`corpus.0.columns`"),
        ("preset = \"tess\"\nmissing = []", "`corpus.0.missing`"),
        ("preset = \"tess\"\nseparator = \";\"", "`corpus.0.separator`"),
        ("preset = \"tess\"\npath_prefix = \"/x\"", "`corpus.0.path_prefix`"),
        ("manifest = \"m\"\nseparator = \";;\"", "`corpus.0.separator` is \";;\": one character"),
        ("manifest = \"m\"\npath_prefix = \"\"", "`corpus.0.path_prefix`"),
        ("manifest = \"m\"\n[columns]\npath = \"\"", "`corpus.0.columns.path`"),
        ("preset = \"tess\"\n[labels]\n\"a b\" = \"Anger!\"", "`corpus.0.labels.\"a b\"` is \"Anger!\""),
        ("preset = \"tess\"\n[labels]\na = \"-x\"", "`corpus.0.labels.a`"),
        ("preset = \"tess\"\n[filter]\nspeaker = []", "`corpus.0.filter.speaker` is []"),
        ("preset = \"tess\"\n[exclude]\nspeaker = []", "`corpus.0.exclude.speaker` is []"),
        ("preset = \"tess\"\nextensions = []", "`corpus.0.extensions`"),
        ("preset = \"tess\"\nextensions = [\".wav\"]", "without the dot"),
        ("preset = \"tess\"\nmax_unmatched_rate = 1.5", "`corpus.0.max_unmatched_rate` is 1.5"),
        ("preset = \"tess\"\nmax_unmatched_rate = nan", "NaN"),
        ("preset = \"tess\"\nlanguage = \" \"", "`corpus.0.language`"),
    ];
    for (rest, want) in cases {
        let error = parse(rest).check("corpus.0").expect_err(rest).to_string();
        assert!(error.contains(want), "{rest}\n{error}\nshould say {want}");
    }
}

#[test]
fn names_are_words_and_differ() {
    for name in ["", "Ravdess", "a b", "a/b", "ä"] {
        let corpus = Corpus { name: name.into(), ..parse("preset = \"tess\"") };
        assert!(corpus.check("corpus.0").is_err(), "{name}");
    }
    let one = parse("preset = \"tess\"");
    assert_eq!(Corpus::check_all(std::slice::from_ref(&one)), Ok(()));
    let error = Corpus::check_all(&[one.clone(), one]).expect_err("twice the same name").to_string();
    assert!(error.contains("`corpus.1.name` is \"a\""), "{error}");
    assert!(Corpus::check_all(&[]).is_err());
}

#[test]
fn unknown_keys_are_refused() {
    for rest in ["preset = \"tess\"\nextension = [\"wav\"]", "manifest = \"m\"\n[columns]\nlabel = \"x\""] {
        assert!(toml::from_str::<Corpus>(&format!("name = \"a\"\nsource = \"b\"\n{rest}")).is_err(), "{rest}");
    }
}

#[test]
fn what_is_missing_is_one_rule() {
    let usual = parse("manifest = \"m\"");
    for word in ["", "nan", "NaN", "None", "<NA>", "NULL", "N/A", "NA", "NaT", "#N/A"] {
        assert!(usual.is_missing(word), "{word}");
    }
    for word in ["Nancy", "0", "-", "unknown", "Nat.", "none of it"] {
        assert!(!usual.is_missing(word), "{word}");
    }
    let own = parse("manifest = \"m\"\nmissing = [\"Unknown\", \"-\"]");
    assert!(["", "unknown", "-"].into_iter().all(|word| own.is_missing(word)));
    assert!(!own.is_missing("NA"), "whose initials are NA");
}
