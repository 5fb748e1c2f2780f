use super::*;
use crate::report::fixture::{SMALL, Shape, facts};
use crate::report::{RejectCount, plots};

/// Elements that have no end tag.
const VOID: [&str; 3] = ["meta", "br", "hr"];

fn page(facts: &Facts) -> String {
    html(facts).expect("plots can be drawn")
}

/// The part of a page between two strings.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    page.split_once(start).expect(start).1.split_once(end).expect(end).0
}

/// Checks that tags nest, attributes are quoted, ids are unique and text has no stray bracket.
fn check_well_formed(page: &str) {
    let script = between(page, "<script>", "</script>");
    let style = between(page, "<style>", "</style>");
    let markup = page.replacen(script, "", 1).replacen(style, "", 1);
    let mut rest = markup.strip_prefix("<!DOCTYPE html>\n").expect("a doctype");
    let mut open: Vec<&str> = Vec::new();
    while let Some((text, tail)) = rest.split_once('<') {
        assert!(!text.contains('>'), "stray `>` in {text:?}");
        let (tag, tail) = tail.split_once('>').expect("a tag ends");
        let name = tag.split([' ', '\n', '/']).next().unwrap_or_default();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        match tag.strip_prefix('/') {
            Some(closing) => assert_eq!(open.pop(), Some(closing), "{tag}"),
            None if tag.ends_with('/') || VOID.contains(&name) => {}
            None => open.push(name),
        }
        rest = tail;
    }
    assert_eq!((open.as_slice(), rest), (&[][..], "\n"));
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "{ids:?}");
}

/// Checks that links lead to something in the page, and that nothing else is referred to.
fn check_self_contained(page: &str) {
    for link in page.split("href=\"").skip(1).filter_map(|part| part.split('"').next()) {
        let id = link.strip_prefix('#').unwrap_or_else(|| panic!("{link} leads elsewhere"));
        assert!(page.contains(&format!(" id=\"{id}\"")), "{link} leads nowhere");
    }
    let page = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for word in ["http:", "https:", "src=", "url(", "@import", "//cdn", "<link", "<img", "<iframe"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn a_page_is_well_formed_and_needs_nothing_else() {
    let many: Vec<String> = (0..20).map(|class| format!("a rather long emotion {class}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let shapes = [
        SMALL,
        Shape { models: &["majority"], classes: &["anger", "fear"], speakers: 2, folds: 1, named: false },
        Shape { models: &["mlp"], classes: &many, speakers: 60, folds: 24, named: true },
    ];
    for shape in shapes {
        let page = page(&facts(shape));
        check_well_formed(&page);
        check_self_contained(&page);
    }
}

#[test]
fn every_plot_is_inside_once_and_below_its_heading() {
    let facts = facts(SMALL);
    let page = page(&facts);
    for (file, svg) in plots::plots(&facts).unwrap() {
        assert_eq!(page.matches(svg.trim_end()).count(), 1, "{file}");
    }
    assert!(between(&page, "<h2 id=\"results", "<h2").contains("<figure id=\"plot-results\""));
    let classes = between(&page, "<h2 id=\"emotions-under-mlp", "<h2");
    assert!(classes.contains("</div>\n<figure id=\"plot-confusion_mlp\""), "{classes}");
    assert!(classes.contains("<p>The other models:</p>\n<details>"), "{classes}");
    assert_eq!(classes.matches(">svm<").count(), 1, "a fold-up names it, and no list of links: {classes}");
    let folded = "<details>\n<summary>svm</summary>\n<figure id=\"plot-confusion_svm\"";
    assert!(classes.contains(folded) && classes.matches("<details>").count() == 2, "{classes}");
}

#[test]
fn the_page_says_what_the_markdown_says() {
    let facts = facts(Shape { speakers: 4, ..SMALL });
    let (page, report) = (page(&facts), markdown(&facts));
    let plain = |line: &str| line.replace(['*', '`', '\\'], "").replace("> ", "");
    let bare: String = page.split('<').filter_map(|part| Some(part.split_once('>')?.1)).collect();
    for line in report.lines().filter(|line| !line.is_empty() && !line.contains("](")) {
        let cells = line.split('|').map(|cell| plain(cell.trim().trim_start_matches(['#', '-']).trim_start()));
        for words in cells.filter(|words| !words.trim_matches([':', '-']).is_empty()) {
            assert!(bare.contains(&words), "{words}");
        }
    }
    for heading in report.lines().filter_map(|line| line.strip_prefix("## ")) {
        let heading = plain(heading);
        let listed = between(&page, "<nav", "</nav>").replace("<code>", "").replace("</code>", "");
        assert!(listed.contains(&format!(">{heading}</a>")), "{heading}");
    }
}

#[test]
fn hostile_names_stay_text() {
    let hostile = "a|b\n<script>alert(1)</script>&\"'`*_<img onerror=x>]()\u{202e}";
    let shape = Shape { models: &[hostile, "svm"], classes: &[hostile, "neutral"], ..SMALL };
    let mut facts = facts(shape);
    for name in [&mut facts.pipeline, &mut facts.corpora[0].name, &mut facts.labels[0].source_label] {
        *name = hostile.to_owned();
    }
    facts.metrics.iter_mut().filter(|row| row.slice == "speaker").for_each(|row| row.group.push_str(hostile));
    let (stage, code) = ("ingest".to_owned(), "decode".to_owned());
    facts.rejects.push(RejectCount { stage, code, count: 1, example: hostile.to_owned() });
    let page = page(&facts);
    check_well_formed(&page);
    check_self_contained(&page);
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("<img") && !page.contains('\u{202e}'));
    assert!(between(&page, "<title>", "</title>").starts_with("a|b &lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;"));
}

#[test]
fn numbers_stand_right_and_wide_tables_in_a_box() {
    let page = page(&facts(SMALL));
    let results = between(&page, "<h2 id=\"results", "<h2");
    assert_eq!(results.matches("<th style=\"text-align: right\">").count(), 4, "{results}");
    assert_eq!(page.matches("<table>").count(), page.matches("<div class=\"scroll\"><table>").count());
}

#[test]
fn a_link_to_a_term_stays_in_its_sentence() {
    let page = page(&facts(SMALL));
    assert!(page.contains("Brackets: <a href=\"#terms\">95 % intervals</a> over speakers."), "{page}");
    assert!(page.contains("<h2 id=\"terms\">Terms</h2>"));
}

#[test]
fn every_colour_of_a_plot_is_known_on_a_dark_page() {
    let wide = Shape { models: &["mlp", "svm"], ..SMALL };
    let (page, dark) = (page(&facts(wide)), plots::dark_style());
    let plots = between(&page, "<main>", "</main>");
    for paint in ["fill=\"#", "stroke=\"#"] {
        for color in plots.split(paint).skip(1).filter_map(|part| part.split('"').next()) {
            assert!(
                dark.contains(&format!("[{paint}{color}\"]")),
                "{paint}{color}: give it a dark one in plots/dark.rs"
            );
        }
    }
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    assert_eq!(page(&facts(SMALL)), page(&facts(SMALL)));
}
