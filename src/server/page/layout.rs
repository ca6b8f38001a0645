//! The frame around every page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::server::report::Report;
use crate::server::verdict::Mood;
use crate::server::words::format_second;

use super::assets::{ICON_PATH, SCRIPT_PATH, STYLE_PATH};

/// What the frame has to know.
pub(super) struct Frame<'a> {
    pub title: &'a str,
    pub report: &'a Report,
}

/// A whole page.
pub(super) fn lay_out(frame: &Frame<'_>, body: &Markup) -> Markup {
    let Frame { title, report } = frame;
    let sign = match report.verdict.mood {
        Mood::Complete => "\u{2713}",
        Mood::Working => "\u{2026}",
        Mood::Attention => "!",
        Mood::Broken => "\u{2717}",
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (sign) " " (title) " · Convene" }
                link rel="stylesheet" href=(*STYLE_PATH);
                link rel="icon" href=(*ICON_PATH) type="image/svg+xml";
                script src=(*SCRIPT_PATH) defer {}
                noscript { meta http-equiv="refresh" content="60"; }
            }
            body {
                a.skip href="#main" { "To the content" }
                header.top {
                    a.brand href="/" { (brand_sign()) "Convene" }
                    form.search action="/search" method="get" role="search" {
                        label.hidden for="search" { "Id of a row" }
                        input #search type="search" name="id" placeholder="Id of a row" autocomplete="off" spellcheck="false";
                        button type="submit" { "Find" }
                    }
                }
                main #main tabindex="-1" { (body) }
                footer {
                    p #stamp {
                        "Convene " (report.version)
                        @if let Some(at) = report.at {
                            " · as of " time datetime=(at.to_rfc3339()) { (format_second(at)) } " UTC"
                        }
                    }
                    p { span #live data-live="no" role="status" { "reload the page for newer figures" } }
                    nav aria-label="For programs" {
                        a href="/api/status" { "JSON" } " · " a href="/metrics" { "Metrics" } " · " a href="/readyz" { "Readiness" }
                    }
                }
            }
        }
    }
}

fn brand_sign() -> PreEscaped<&'static str> {
    PreEscaped(
        "<svg class=\"sign\" viewBox=\"0 0 32 32\" aria-hidden=\"true\"><path d=\"M5 9h22M5 16h22M5 23h14\"/></svg>",
    )
}
