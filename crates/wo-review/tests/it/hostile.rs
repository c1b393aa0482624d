//! What a label may say.

/// Texts that would run as a script where a page takes them for markup.
pub(crate) fn scripts() -> Vec<String> {
    let run = "window.hacked=1";
    let tags = [
        "img src=x onerror",
        "svg onload",
        "body onload",
        "video src=x onerror",
        "details open ontoggle",
        "input autofocus onfocus",
    ];
    let mut texts: Vec<String> = tags.iter().map(|tag| format!("<{tag}={run}>")).collect();
    texts.extend(tags.iter().map(|tag| format!("\"><{tag}=\"{run}\">")));
    texts.extend(tags.iter().map(|tag| format!("'><{tag}='{run}'>")));
    texts.extend(
        tags.iter()
            .map(|tag| format!("</textarea></option></title><{tag}={run}>")),
    );
    texts.extend(
        [
            "script",
            "SCRIPT",
            "script src=data:text/javascript,1",
            "script/x",
        ]
        .map(|tag| format!("<{tag}>{run}</script>")),
    );
    texts.extend(
        ["javascript:", "data:text/html,<script>", "vbscript:"]
            .map(|scheme| format!("{scheme}{run}")),
    );
    texts.extend(["{{", "${", "<%=", "#{", "[["].map(|open| format!("{open}{run}}}}}")));
    texts.extend(
        [
            "\u{202e}",
            "\u{0}",
            "\u{7f}",
            "\r\nSet-Cookie: a=b",
            "\u{feff}",
            "&lt;img onerror&gt;",
            "&#60;script&#62;",
        ]
        .map(|odd| format!("{odd}{run}")),
    );
    texts.extend(
        [
            "<iframe srcdoc='<script>parent.hacked=1</script>'>",
            "<math><mi xlink:href='javascript:alert(1)'>",
            "<a href=javascript:alert(1)>x</a>",
            "<style>@import 'http://evil.com'</style>",
            "<link rel=stylesheet href=//evil.com>",
            "<base href=//evil.com>",
            "<meta http-equiv=refresh content=0>",
            "</script><script>window.hacked=1</script>",
        ]
        .map(str::to_owned),
    );
    assert!(texts.len() >= 50, "{}", texts.len());
    texts
}
