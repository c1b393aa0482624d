//! The page itself, inside the binary.

/// A file of the page: its bytes and its media type.
pub(crate) fn asset(name: &str) -> Option<(&'static str, &'static str)> {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    let file = match name {
        "style.css" => (
            include_str!("../../assets/style.css"),
            "text/css; charset=utf-8",
        ),
        "app.js" => (include_str!("../../assets/app.js"), SCRIPT),
        "api.js" => (include_str!("../../assets/api.js"), SCRIPT),
        "dom.js" => (include_str!("../../assets/dom.js"), SCRIPT),
        "keys.js" => (include_str!("../../assets/keys.js"), SCRIPT),
        "queue.js" => (include_str!("../../assets/queue.js"), SCRIPT),
        "single.js" => (include_str!("../../assets/single.js"), SCRIPT),
        "editor.js" => (include_str!("../../assets/editor.js"), SCRIPT),
        "player.js" => (include_str!("../../assets/player.js"), SCRIPT),
        "grid.js" => (include_str!("../../assets/grid.js"), SCRIPT),
        "agreement.js" => (include_str!("../../assets/agreement.js"), SCRIPT),
        "icon.svg" => (include_str!("../../assets/icon.svg"), "image/svg+xml"),
        _ => return None,
    };
    Some(file)
}

/// The page. It holds nothing of the folder, so that anyone may have it.
pub(crate) const PAGE: &str = include_str!("../../assets/index.html");
