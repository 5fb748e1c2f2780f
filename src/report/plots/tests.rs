use super::*;
use crate::report::fixture::{SMALL, Shape, facts};

/// Checks that tags nest and nothing but text and known tags is there: enough of XML for what a backend can break.
fn check_well_formed(name: &str, svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        assert!(!text.contains('>'), "{name}: stray `>` in {text:?}");
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        let tag_name = |tag: &'_ str| tag.find([' ', '/']).unwrap_or(tag.len());
        if let Some(closing) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closing), "{name}");
        } else if !tag.ends_with('/') {
            open.push(&tag[..tag_name(tag)]);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{name}: {tag}");
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && svg.starts_with("<svg") && !svg.chars().any(|c| c.is_control() && c != '\n'), "{name}");
}

fn texts(svg: &str) -> Vec<&str> {
    svg.split("<text").skip(1).filter_map(|part| Some(part.split_once('>')?.1.split('<').next()?.trim())).collect()
}

fn plot<'a>(plots: &'a [(String, String)], file: &str) -> &'a str {
    &plots.iter().find(|(name, _)| name == file).expect("the plot is there").1
}

#[test]
fn every_plot_is_there_and_well_formed() {
    let plots = plots(&facts(SMALL)).unwrap();
    let names: Vec<&str> = plots.iter().map(|(name, _)| name.as_str()).collect();
    let want = [
        "results.svg",
        "confusion_mlp.svg",
        "confusion_svm.svg",
        "confusion_majority.svg",
        "reliability_mlp.svg",
        "reliability_svm.svg",
        "reliability_majority.svg",
        "speakers.svg",
        "learning_curves_mlp.svg",
        "classes.svg",
    ];
    assert_eq!(names, want);
    plots.iter().for_each(|(name, svg)| check_well_formed(name, svg));
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    assert_eq!(plots(&facts(SMALL)).unwrap(), plots(&facts(SMALL)).unwrap());
}

#[test]
fn cells_show_counts_and_shares_of_their_row() {
    let facts = facts(SMALL);
    let plots = plots(&facts).unwrap();
    let texts = texts(plot(&plots, "confusion_mlp.svg"));
    let confusion = &facts.confusions[0].confusion;
    let share = format!("{:.0} %", 100.0 * confusion.class_counts().recall(0).unwrap());
    assert!(
        texts.contains(&share.as_str()) && texts.contains(&confusion.count(0, 0).to_string().as_str()),
        "{texts:?}"
    );
}

#[test]
fn figures_carry_their_track() {
    let mut facts = facts(SMALL);
    for (transductive, words) in [(false, "(inductive track)"), (true, "(transductive track)")] {
        facts.normalization.transductive = transductive;
        for (name, svg) in plots(&facts).unwrap() {
            let is_figure = !name.starts_with("classes") && !name.starts_with("learning_curves");
            assert_eq!(svg.contains(words), is_figure, "{name}");
        }
    }
}

#[test]
fn former_plots_are_known_by_their_names() {
    for (path, want) in [
        ("report/reliability_mlp.svg", true),
        ("report/confusion_svm.svg", true),
        ("report/results.svg", true),
        ("report/notes.svg", false),
        ("report/reliability_mlp.png", false),
    ] {
        assert_eq!(is_plot(path), want, "{path}");
    }
}

#[test]
fn hostile_names_stay_text() {
    let hostile = "a|b\n<script>&\"\u{0}\u{202e}";
    let shape = Shape { models: &[hostile, "svm"], classes: &[hostile, "neutral"], ..SMALL };
    let plots = plots(&facts(shape)).unwrap();
    for (name, svg) in &plots {
        check_well_formed(name, svg);
        assert!(!svg.contains("<script") && !name.contains(['|', '<', '\n', '/']), "{name}");
    }
    assert!(plot(&plots, "classes.svg").contains("a|b &lt;script&gt;&amp;"));
}

#[test]
fn edges_are_drawn() {
    let many: Vec<String> = (0..20).map(|class| format!("a rather long emotion {class}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let shapes = [
        Shape { models: &["majority"], classes: &["anger"], speakers: 1, folds: 1, named: false },
        Shape { models: &["mlp"], classes: &many, speakers: 60, folds: 24, named: true },
    ];
    for shape in shapes {
        let mut facts = facts(shape);
        facts.curves.iter_mut().for_each(|row| (row.dev_loss, row.dev_uar) = (None, None));
        plots(&facts).unwrap().iter().for_each(|(name, svg)| check_well_formed(name, svg));
    }
}

#[test]
fn without_rows_there_is_no_plot() {
    let mut facts = facts(SMALL);
    facts.curves.clear();
    facts.metrics.retain(|row| row.slice != "speaker");
    facts.class_counts.clear();
    facts.calibration.clear();
    let names: Vec<String> = plots(&facts).unwrap().into_iter().map(|(name, _)| name).collect();
    assert!(names.iter().all(|name| name == "results.svg" || name.starts_with("confusion_")), "{names:?}");
}
