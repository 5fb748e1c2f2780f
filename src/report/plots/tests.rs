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
    let share = format!("{:.0}", 100.0 * confusion.class_counts().recall(0).unwrap());
    assert!(
        texts.contains(&share.as_str()) && texts.contains(&confusion.count(0, 0).to_string().as_str()),
        "{texts:?}"
    );
}

/// Width and height of a document, which its `viewBox` repeats, so that pages may scale it.
fn size(svg: &str) -> (i32, i32) {
    let number =
        |name: &str| svg.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split('"').next()?.parse().ok());
    let (width, height) = number("width").zip(number("height")).expect("a size");
    assert!(svg.contains(&format!("viewBox=\"0 0 {width} {height}\"")), "{svg}");
    (width, height)
}

#[test]
fn plots_fit_a_phone() {
    let many: Vec<String> = (0..20).map(|class| format!("a rather long emotion {class}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let models = ["a-model-with-a-rather-long-name", "svm"];
    let drawn = [(8, 10), (12, 60), (20, 10)].map(|(classes, speakers)| {
        let mut facts = facts(Shape { models: &models, classes: &many[..classes], speakers, folds: 2, named: true });
        facts.normalization.transductive = true;
        plots(&facts).unwrap()
    });
    for (name, svg) in drawn.into_iter().flatten() {
        assert_eq!(size(&svg).0, canvas::WIDTH, "{name}");
        for element in svg.split("<text").skip(1) {
            let (attributes, rest) = element.split_once('>').expect("a tag ends");
            let words = rest.split('<').next().expect("words").trim().replace("&lt;", "<");
            let number = |name: &str| {
                let value = attributes.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split('"').next());
                value.and_then(|value| value.parse::<f64>().ok()).unwrap_or_else(|| panic!("{name} of {attributes}"))
            };
            let (x, font) = (number("x"), number("font-size"));
            assert!(font > 10.9, "{name}: {words} of {font} pixels");
            // Letters are about half as wide as high.
            let width = if attributes.contains("rotate") { 0.0 } else { 0.52 * font * words.chars().count() as f64 };
            let (before, behind) = match () {
                () if attributes.contains("\"start\"") => (0.0, width),
                () if attributes.contains("\"end\"") => (width, 0.0),
                () => (width / 2.0, width / 2.0),
            };
            assert!(x - before >= 0.0 && x + behind <= f64::from(canvas::WIDTH), "{name}: {words} leaves the plot");
        }
    }
}

#[test]
fn figures_carry_their_track() {
    let mut facts = facts(SMALL);
    for (transductive, words) in [(false, "(inductive)"), (true, "(transductive)")] {
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
