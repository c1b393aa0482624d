use std::fs;

use wo_cli::message_of;

use super::*;
use crate::file::parse;

fn told(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn the_template_says_the_defaults() {
    assert_eq!(parse(Settings::TEMPLATE).unwrap(), Settings::default());
    assert_eq!(parse("").unwrap(), Settings::default());
    for key in Settings::keys() {
        let name = key.split('.').next_back().unwrap();
        let line = format!("\n{name} = ");
        assert!(Settings::TEMPLATE.contains(&line), "{key}");
    }
}

#[test]
fn each_key_is_read_and_given_out() {
    let text = "\u{feff}[collect]\nmax_bytes = \"7 MiB\"\nmin_height = 480\npause_s = 0.5\nattempts = 1\ntimeout_s = 2\n\
                max_minutes = 1.5\nmax_entries = 3\n[train]\ninit = \"scratch:tiny\"\narguments = [\"--seed\", \"1\"]\n[extract]\narguments = [\"-j\"]\n\
                [held_out]\nshare = 0.25\ngroup_by = \"person\"\n[gate]\nconditions = \"a>0\"\nfirst = \"b>0\"\nalpha = 0.1\n\
                looks = 4\nmin_groups = 3\n[keep]\nmodels = 2\ndisk = \"1 GB\"\n";
    let settings = parse(text).unwrap();
    let defaults = Settings::default();
    for key in Settings::keys() {
        let (value, default) = (settings.get(key).unwrap(), defaults.get(key).unwrap());
        assert_ne!(value, default, "{key}");
        let shown = value.join("\", \"");
        let is_said = [
            format!("= {shown}\n"),
            format!("= \"{shown}\"\n"),
            format!("= [\"{shown}\"]\n"),
        ];
        assert!(
            is_said.iter().any(|it| text.contains(it)),
            "{key}: {value:?}"
        );
    }
    assert_eq!(settings.get("gate.alpa"), None);
}

#[test]
fn what_is_not_known_is_named_with_what_may_be_meant() {
    assert_eq!(
        told("[collect]\npause = 1\nmax_byte = \"1 B\"\n[gaet]\n[cron]\n"),
        "line 2: [collect] has no key `pause`; known are max_bytes, min_height, pause_s, attempts, timeout_s, max_minutes, max_entries\n\
         line 3: [collect] has no key `max_byte`; write `max_bytes`\n\
         line 4: the file has no section `gaet`; write `gate`\n\
         line 5: the file has no section `cron`; known are collect, train, extract, held_out, gate, keep"
    );
    assert_eq!(
        told("alpha = 0.1\nbeta = 1\n"),
        "line 1: `alpha` stands in no section; write it as gate.alpha\n\
         line 2: `beta` is no section; the sections are collect, train, extract, held_out, gate, keep"
    );
}

#[test]
fn what_has_the_wrong_kind_is_named() {
    for (text, expected) in [
        (
            "[collect]\nmax_bytes = 3",
            "collect.max_bytes is a text in quotes",
        ),
        (
            "[collect]\nmax_bytes = \"3\"",
            "a size is a number with a unit",
        ),
        (
            "[collect]\nattempts = 0",
            "collect.attempts is a number from 1 to",
        ),
        (
            "[collect]\nattempts = 1.5",
            "collect.attempts is a whole number",
        ),
        (
            "[held_out]\nshare = 1",
            "held_out.share is a number from 0.001 to 0.999",
        ),
        ("[held_out]\nshare = \"x\"", "held_out.share is a number"),
        (
            "[held_out]\ngroup_by = \"gym\"",
            "take person, source or both",
        ),
        ("[train]\ninit = \" \"", "train.init is empty"),
        ("[train]\ninit = true", "train.init is a text in quotes"),
        (
            "[train]\narguments = \"--seed 7\"",
            "train.arguments is a list of texts",
        ),
        (
            "[train]\narguments = [7]",
            "train.arguments is a list of texts",
        ),
        ("[gate]\nalpha = nan", "gate.alpha is a number"),
        (
            "[collect]\ntimeout_s = 0",
            "collect.timeout_s is a number from 0.01 to 10080",
        ),
        (
            "[collect]\nmax_minutes = 0.0",
            "collect.max_minutes is a number from 0.01 to 10080",
        ),
    ] {
        assert!(told(text).starts_with("line 2: "), "{}", told(text));
        assert!(told(text).contains(expected), "{}", told(text));
    }
    assert!(told("[gate\n").contains("line 1"), "{}", told("[gate\n"));
}

#[test]
fn a_number_is_read_as_toml_means_it() {
    for (written, expected) in [
        ("0x10", 16),
        ("0o20", 16),
        ("0b1_0000", 16),
        ("1_000", 1000),
        ("+7", 7),
        ("1e2", 100),
    ] {
        let settings = parse(&format!("[collect]\nattempts = {written}\n"));
        assert_eq!(settings.unwrap().collect.attempts, expected, "{written}");
    }
    let settings = parse("[collect]\npause_s = 0\ntimeout_s = 1_0.5_0\n").unwrap();
    assert_eq!(settings.collect.pause_s.to_bits(), 0.0_f64.to_bits());
    assert!((settings.collect.timeout_s - 10.5).abs() < 1e-9);
}

#[test]
fn a_named_file_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    assert!(Settings::read(Some(&path)).is_err());
    fs::write(&path, "[keep]\nmodels = 9\n").unwrap();
    assert_eq!(Settings::read(Some(&path)).unwrap().keep.models, 9);
    fs::write(&path, "[keep]\nmodel = 9\n").unwrap();
    let error = Settings::read(Some(&path)).unwrap_err();
    let message = message_of(&error).shown();
    assert!(
        message.ends_with("line 2: [keep] has no key `model`; write `models`"),
        "{message}"
    );
}
