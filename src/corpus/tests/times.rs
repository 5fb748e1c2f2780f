//! Times of segments in manifests.

use super::*;

#[test]
fn what_looks_like_times_and_was_not_taken_is_named() {
    let csv = "path,emotion,speaker,start_s,end_s,offset\na.wav,fear,s1,0.5,1,x\n";
    let warnings = |rest: &str| run_manifest(rest, &["a.wav"], csv).expect("sound").warnings.join("\n");
    assert!(warnings("").contains("set in [corpus.columns] start = \"start_s\", end = \"end_s\""), "{}", warnings(""));
    for rest in ["[columns]\nstart = \"\"\nend = \"\"\n", "[columns]\nstart = \"start_s\"\nend = \"end_s\"\n"] {
        assert!(!warnings(rest).contains("look like segment times"), "{}", warnings(rest));
    }
    let words =
        run_manifest("", &["a.wav"], "path,emotion,speaker,begin\na.wav,fear,s1,once\n").expect("sound").warnings;
    assert!(!words.join("").contains("look like segment times"), "{words:?}");
}

#[test]
fn rows_that_all_fail_for_their_times_are_told_about_times() {
    let csv = "path,emotion,start,end\na.wav,fear,soon,late\na.wav,fear,2,1\n";
    let error = run_manifest("", &["a.wav"], csv).expect_err("no row is sound").to_string();
    assert!(error.contains("hint: times are seconds") && !error.contains("paths are relative"), "{error}");
    assert!(error.contains("column \"start\" is `start` and \"end\" is `end`"), "{error}");
}

#[test]
fn a_comma_in_a_time_is_read_or_refused() {
    let times = |csv: &str| {
        let corpus = run_manifest("", &["a.wav", "b.wav"], csv).expect("sound");
        (unpacked(&corpus).rows.iter().map(|u| (u.start_s, u.end_s)).collect::<Vec<_>>(), codes(&corpus))
    };
    let (read, refused) = times("path;emotion;start;end\na.wav;fear;0,10;0,45\nb.wav;fear;1,250;2,5\n");
    assert_eq!(read, [(Some(0.1), Some(0.45)), (Some(1.25), Some(2.5))]);
    assert!(refused.is_empty());
    let (read, refused) = times("path,emotion,start,end\na.wav,fear,\"1,250\",\"2,500\"\nb.wav,fear,1,2\n");
    assert_eq!((read, refused), (vec![(Some(1.0), Some(2.0))], vec!["bad_time a.wav".to_owned()]));
}
