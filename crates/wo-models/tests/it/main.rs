//! The binary in workspaces that the tests make: records in, sides, looks and promotions out.

mod crash;
mod cron;
mod fingerprint;
mod gc;
mod looks;
mod promotion;
mod split;
mod takedown;
mod workspace;

use wo_testkit::Tool;

use crate::workspace::Workspace;

fn tool() -> Tool {
    Tool::new(env!("CARGO_BIN_EXE_wo-models"))
}

#[test]
fn help_says_what_it_does() {
    let help = tool().arg("--help").run();
    assert_eq!((help.status, help.stderr.as_str()), (0, ""));
    for command in [
        "get",
        "fingerprint",
        "split",
        "look",
        "promote",
        "note",
        "rollback",
        "history",
        "show",
        "gc",
    ] {
        assert!(
            help.stdout.contains(&format!("\n  {command} ")),
            "{command}"
        );
        let help = tool().args([command, "--help"]).run();
        assert_eq!((help.status, help.stderr.as_str()), (0, ""), "{command}");
    }
}

#[test]
fn a_setting_is_given_out_line_by_line() {
    let workspace = Workspace::new();
    let get = |key: &str| workspace.tool().args(["get", key]).run();
    assert_eq!(get("gate.alpha").stdout, "0.05\n");
    assert_eq!(get("train.arguments").stdout, "--method\nauto\n");
    workspace.write("wo.toml", "[train]\narguments = []\n");
    assert_eq!(get("train.arguments").stdout, "");
    let unknown = get("gate.alpa");
    assert_eq!(unknown.status, 2);
    assert!(
        unknown
            .stderr
            .contains("there is no setting gate.alpa\nhint: known are ")
    );
    workspace.write("wo.toml", "[gate]\nalpa = 0.1\n");
    let wrong = get("gate.alpha");
    assert_eq!(wrong.status, 2);
    assert!(wrong.stderr.contains("line 2"), "{}", wrong.stderr);
}
