//! The Markdown of a report, block by block, as HTML.

use pulldown_cmark::html::push_html;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::report::PLOT_FOLDER;
use crate::report::escape::{attribute, slug};

/// What goes into a page; all of it HTML.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// The words of the first heading.
    pub title: String,
    /// A list item a section.
    pub contents: String,
    /// The blocks below the first heading.
    pub html: String,
}

impl Body {
    /// Renders a report, with its plots as (file name, SVG document).
    pub fn new(markdown: &str, plots: &[(String, String)]) -> Self {
        let mut body = Self::default();
        // No HTML comes from the Markdown: what looks like it is text.
        let mut events = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(|event| match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            other => other,
        });
        loop {
            match next_block(&mut events) {
                block if block.is_empty() => return body,
                block => body.push(block, plots),
            }
        }
    }

    fn push(&mut self, block: Vec<Event<'_>>, plots: &[(String, String)]) {
        match block.as_slice() {
            [Event::Start(Tag::Paragraph), Event::Start(Tag::Image { dest_url, .. }), .., _, _] => {
                self.html.extend(plot(plots, dest_url).map(|plot| figure(plot, &words(&block))));
            }
            [Event::Start(Tag::Heading { level, .. }), inline @ .., _] => self.heading(*level, inline),
            // Words that lead to plots become the plots, folded up.
            [Event::Start(Tag::Paragraph), lead @ Event::Text(_), Event::Start(Tag::Link { dest_url, .. }), ..]
                if plot(plots, dest_url).is_some() =>
            {
                self.html += &format!("<p>{}</p>\n", html(std::slice::from_ref(lead)).trim_end());
                self.html.extend(linked_plots(&block, plots));
            }
            _ => push_html(&mut self.html, block.into_iter().flat_map(boxed)),
        }
    }

    fn heading(&mut self, level: HeadingLevel, inline: &[Event<'_>]) {
        let words = words(inline);
        if level == HeadingLevel::H1 {
            self.title = attribute(&words);
            return;
        }
        let (id, html) = (slug(&words).trim_matches('-').replace("--", "-"), html(inline));
        self.html += &format!("<{level} id=\"{id}\">{html}</{level}>\n");
        if level == HeadingLevel::H2 {
            self.contents += &format!("<li><a href=\"#{id}\">{html}</a></li>\n");
        }
    }
}

/// The events of the next block; none at the end.
fn next_block<'a>(events: &mut impl Iterator<Item = Event<'a>>) -> Vec<Event<'a>> {
    let mut block = Vec::new();
    let mut depth = 0;
    for event in events {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
        block.push(event);
        if depth == 0 {
            break;
        }
    }
    block
}

fn html(events: &[Event<'_>]) -> String {
    let mut html = String::new();
    push_html(&mut html, events.iter().cloned());
    html
}

/// The bare words of some events.
fn words(events: &[Event<'_>]) -> String {
    let words = events.iter().map(|event| match event {
        Event::Text(text) | Event::Code(text) => text,
        _ => "",
    });
    words.collect()
}

/// The plot that a link or an image of report.md leads to.
fn plot<'a>(plots: &'a [(String, String)], link: &str) -> Option<&'a (String, String)> {
    let file = link.strip_prefix(PLOT_FOLDER)?.strip_prefix('/')?;
    plots.iter().find(|(name, _)| name == file)
}

fn anchor(file: &str) -> String {
    format!("plot-{}", file.trim_end_matches(".svg"))
}

fn figure((file, svg): &(String, String), words: &str) -> String {
    let (id, label) = (anchor(file), attribute(words));
    format!("<figure id=\"{id}\" role=\"img\" aria-label=\"{label}\">\n{}\n</figure>\n", svg.trim_end())
}

/// A wide table scrolls in a box of its own.
fn boxed(event: Event<'_>) -> Vec<Event<'_>> {
    match event {
        Event::Start(Tag::Table(_)) => vec![Event::Html("<div class=\"scroll\">".into()), event],
        Event::End(TagEnd::Table) => vec![event, Event::Html("</div>\n".into())],
        other => vec![other],
    }
}

/// The plots that a block links to, folded up.
fn linked_plots(block: &[Event<'_>], plots: &[(String, String)]) -> Vec<String> {
    let folded = |(index, event): (usize, &Event<'_>)| {
        let Event::Start(Tag::Link { dest_url, .. }) = event else { return None };
        let found = plot(plots, dest_url)?;
        let end = block[index..].iter().position(|event| *event == Event::End(TagEnd::Link))?;
        let link = &block[index + 1..index + end];
        let (summary, figure) = (html(link), figure(found, &words(link)));
        Some(format!("<details>\n<summary>{summary}</summary>\n{figure}</details>\n"))
    };
    block.iter().enumerate().filter_map(folded).collect()
}
