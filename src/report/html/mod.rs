//! report.html: the words and tables of report.md with its plots inside, one file that needs nothing else.

mod body;

use body::Body;

use super::{Facts, ReportError, markdown, plots};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The whole report as an HTML page, in light or dark as its reader likes, with tables that a click sorts. It refers to
/// nothing outside itself, and every string from data is escaped.
///
/// # Errors
/// The drawing library refuses a plot.
pub fn html(facts: &Facts) -> Result<String, ReportError> {
    let Body { title, contents, html } = Body::new(&markdown(facts), &plots::plots(facts)?);
    let dark = plots::dark_style();
    Ok(format!(
        "<!DOCTYPE html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n\
         <style>\n{STYLE}{dark}</style>\n\
         </head>\n\
         <body>\n\
         <h1>{title}</h1>\n\
         <nav aria-label=\"Contents\">\n<ol>\n{contents}</ol>\n</nav>\n\
         <main>\n{html}</main>\n\
         <script>\n{SCRIPT}</script>\n\
         </body>\n\
         </html>\n"
    ))
}

#[cfg(test)]
mod tests;
