//! The page as a whole: what is on it, what is not, and that browsers have nothing to forgive.

#[path = "../examples/sample/mod.rs"]
mod sample;

use scraper::{Html, Selector};
use wo_record::{Confusion, Name};
use wo_report::{
    Cards, Conclusion, Estimate, Fact, Metric, MetricBlock, Metrics, Report, Slice, Slices,
    Suspect, SuspectKind, Suspects, TrustLevel, html,
};

const HOSTILE: &str =
    "</td></title><script>alert(1)</script><img src=x onerror=\"a\"> & 'q' \u{202e}\0\u{1b}";

fn all<'a>(page: &'a Html, selector: &str) -> Vec<scraper::ElementRef<'a>> {
    let selector = Selector::parse(selector).expect("a selector");
    page.select(&selector).collect()
}

fn texts(page: &Html, selector: &str) -> Vec<String> {
    let text = |element: scraper::ElementRef<'_>| element.text().collect();
    all(page, selector).into_iter().map(text).collect()
}

/// Reads the page and fails on anything that a browser would have to forgive.
fn read(page: &str) -> Html {
    let read = Html::parse_document(page);
    assert_eq!(read.errors, Vec::<String>::new());
    read
}

/// A report in which every text is hostile.
fn hostile() -> Report {
    let text = || HOSTILE.to_owned();
    Report {
        title: text(),
        subtitle: Some(text()),
        conclusion: Some(Conclusion {
            trust: TrustLevel::DoNotTrust,
            sentence: text(),
            reasons: vec![text()],
        }),
        metrics: Some(hostile_metrics()),
        confusions: vec![Confusion {
            task: text(),
            unit: text(),
            scope: text(),
            classes: vec![Name::new(HOSTILE)],
            counts: vec![vec![3]],
        }],
        slices: Some(Slices {
            metric: text(),
            overall: Estimate::missing(text()),
            slices: vec![Slice {
                field: text(),
                value: text(),
                estimate: Estimate::missing(text()),
                n_videos: 0,
                n_groups: 0,
                note: Some(text()),
            }],
        }),
        suspects: Some(Suspects {
            n_videos: 1,
            suspects: vec![Suspect {
                video: text(),
                kind: SuspectKind::Outlier,
                label: None,
                suggested: None,
                score: f64::NAN,
                reason: text(),
                other: Some(text()),
            }],
        }),
        cards: Some(Cards {
            data: vec![Fact::new(HOSTILE, HOSTILE)],
            model: Vec::new(),
        }),
        ..hostile_charts()
    }
}

fn hostile_metrics() -> Metrics {
    let text = || HOSTILE.to_owned();
    let metric = Metric {
        name: text(),
        model: Estimate::alone(f64::INFINITY, text()),
        chance: None,
        n_videos: 1,
        n_groups: 1,
        smallest_difference: None,
        baselines: Vec::new(),
    };
    Metrics {
        n_videos: 1,
        n_groups: 1,
        warnings: vec![text()],
        blocks: vec![MetricBlock {
            title: text(),
            unit: text(),
            metrics: vec![metric],
        }],
    }
}

/// The sample with hostile texts where charts and pictures take them.
fn hostile_charts() -> Report {
    let mut report = sample::pages::report();
    if let Some(learning) = &mut report.learning {
        HOSTILE.clone_into(&mut learning.metric);
    }
    if let Some(robustness) = &mut report.robustness {
        HOSTILE.clone_into(&mut robustness.metric);
        for change in &mut robustness.changes {
            HOSTILE.clone_into(&mut change.name);
            for step in &mut change.steps {
                HOSTILE.clone_into(&mut step.strength);
            }
        }
    }
    if let Some(worst) = &mut report.worst {
        for video in &mut worst.videos {
            HOSTILE.clone_into(&mut video.name);
        }
    }
    report
}

#[test]
fn texts_stay_texts() {
    let page = html(&hostile());
    let read = read(&page);
    assert_eq!(all(&read, "script").len(), 0);
    assert_eq!(all(&read, "[onerror]").len(), 0);
    assert!(
        all(&read, "img")
            .iter()
            .all(|img| img.attr("src").is_some_and(|src| src.starts_with("data:")))
    );
    let heading = texts(&read, "h1").concat();
    assert!(
        heading.contains("</td></title><script>alert(1)</script>"),
        "{heading}"
    );
    assert!(!page.contains('\0') && !page.contains('\u{1b}'));
}

#[test]
fn nothing_is_loaded_from_outside() {
    let page = html(&sample::pages::report());
    for word in [
        "http:",
        "https:",
        "//",
        "@import",
        "url(",
        "<script",
        "<iframe",
        "javascript:",
    ] {
        // base64 has slashes of its own.
        let without_pictures: String = page
            .split('"')
            .filter(|part| !part.starts_with("data:"))
            .collect();
        assert!(!without_pictures.contains(word), "{word}");
    }
    let page = read(&page);
    for element in all(&page, "[src]") {
        let address = element.attr("src").unwrap_or_default();
        assert!(address.starts_with("data:image/jpeg;base64,"), "{address}");
    }
    for element in all(&page, "[href]") {
        let address = element.attr("href").unwrap_or_default();
        assert!(address.starts_with('#') || address == "data:,", "{address}");
    }
    for name in ["style", "onload", "onclick", "xlink:href"] {
        let with = page
            .tree
            .values()
            .filter_map(|node| node.as_element())
            .filter(|element| element.attr(name).is_some());
        assert_eq!(with.count(), 0, "{name}");
    }
    let policy = all(&page, "meta[http-equiv]");
    let policy = policy
        .first()
        .and_then(|meta| meta.attr("content"))
        .unwrap_or_default();
    assert!(
        policy.starts_with("default-src 'none'; img-src data:; style-src 'sha256-"),
        "{policy}"
    );
}

#[test]
fn what_was_not_measured_leaves_no_trace() {
    let page = html(&Report {
        title: "nothing".to_owned(),
        ..Report::default()
    });
    let page = read(&page);
    let ids: Vec<_> = all(&page, "main > section")
        .iter()
        .filter_map(|it| it.attr("id"))
        .collect();
    assert_eq!(ids, ["guide"]);
    assert_eq!(all(&page, "nav li").len(), 1);
    assert_eq!(all(&page, "table, svg, img").len(), 0);
}

#[test]
fn sections_stand_in_order_and_in_the_contents() {
    let page = html(&sample::pages::report());
    let page = read(&page);
    let ids: Vec<String> = all(&page, "main > section")
        .iter()
        .filter_map(|it| it.attr("id"))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        ids,
        [
            "conclusion",
            "figures",
            "confusion",
            "calibration",
            "selective",
            "audit",
            "slices",
            "learning",
            "robustness",
            "worst",
            "suspects",
            "cards",
            "guide",
        ]
    );
    let contents: Vec<_> = all(&page, "nav a")
        .iter()
        .filter_map(|it| it.attr("href"))
        .map(|it| it.trim_start_matches('#').to_owned())
        .collect();
    assert_eq!(contents, ids);
}

#[test]
fn those_who_cannot_see_it_can_read_it() {
    let page = html(&sample::pages::report());
    let page = read(&page);
    assert_eq!(all(&page, "h1").len(), 1);
    assert_eq!(all(&page, "html[lang]").len(), 1);
    assert_eq!(all(&page, "th:not([scope])").len(), 0);
    assert_eq!(all(&page, "img:not([alt]), img[alt='']").len(), 0);
    assert_eq!(
        all(&page, "svg:not([role='img']):not([aria-hidden='true'])").len(),
        0
    );
    assert_eq!(
        all(&page, "svg[role='img']").len(),
        all(&page, "svg[role='img'] > title").len()
    );
    let mut ids: Vec<_> = all(&page, "[id]")
        .iter()
        .filter_map(|it| it.attr("id"))
        .collect();
    let n_ids = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), n_ids, "an id is there twice");
}

#[test]
fn the_worst_slice_comes_first_and_one_without_a_figure_last() {
    let page = html(&sample::pages::report());
    let page = read(&page);
    let rows = texts(&page, "#slices tbody th");
    assert_eq!(rows.first().map(String::as_str), Some("person p-019"));
    assert_eq!(rows.last().map(String::as_str), Some("exercise lunge"));
}

#[test]
fn the_same_report_gives_the_same_bytes_and_not_too_many() {
    let page = html(&sample::pages::report());
    assert_eq!(page, html(&sample::pages::report()));
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}

#[test]
fn numbers_that_are_none_do_not_break_the_page() {
    let mut report = sample::pages::report();
    let broken = || Estimate::between(f64::NAN, f64::NEG_INFINITY, f64::INFINITY);
    if let Some(learning) = &mut report.learning {
        for point in &mut learning.points {
            point.n_videos = 0.0;
            point.estimate = broken();
        }
        for forecast in &mut learning.forecasts {
            forecast.n_videos = f64::NAN;
        }
    }
    if let Some(selective) = &mut report.selective {
        for point in &mut selective.curve {
            point.risk = broken();
        }
    }
    if let Some(calibration) = &mut report.calibration {
        calibration.bins.clear();
    }
    if let Some(robustness) = &mut report.robustness {
        robustness.unchanged = broken();
        for step in robustness
            .changes
            .iter_mut()
            .flat_map(|change| &mut change.steps)
        {
            step.estimate = broken();
        }
    }
    let page = html(&report);
    read(&page);
    assert!(!page.contains("NaN\"") && !page.contains("inf\""));
}
