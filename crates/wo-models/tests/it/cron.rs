//! The line in the crontab, and the units of systemd.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use wo_testkit::{Run, TempDir, Tool, skip, tempdir};

/// A crontab that is a file.
const FAKE: &str = r#"#!/bin/sh
file=$FAKE_CRONTAB
[ ! -e "$file.broken" ] || { echo "crontab: cannot open your file" >&2; exit 1; }
case $1 in
    -l) [ -s "$file" ] && cat "$file" || { echo "no crontab for anna" >&2; exit 1; } ;;
    -) cat > "$file.new" && mv "$file.new" "$file" && echo written >> "$file.log" ;;
    *) exit 64 ;;
esac
"#;

fn scripts() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("crates/wo-models lies in the workspace")
        .join("scripts")
}

/// A folder with a workspace and a crontab.
struct Cron {
    dir: TempDir,
}

impl Cron {
    fn new() -> Self {
        let dir = tempdir().expect("a folder");
        let fake = dir.path().join("bin/crontab");
        fs::create_dir_all(fake.parent().expect("a folder")).expect("a folder");
        fs::write(&fake, FAKE).expect("a script");
        fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).expect("a script");
        for workspace in ["lifting", "it's 2"] {
            fs::create_dir_all(dir.path().join(workspace).join("data")).expect("a folder");
        }
        Self { dir }
    }

    fn path(&self, name: &str) -> String {
        let path = self.dir.path().canonicalize().expect("a folder").join(name);
        path.to_string_lossy().into_owned()
    }

    fn run(&self, args: &[&str]) -> Run {
        Tool::new(scripts().join("cron/crontab"))
            .args(args)
            .env("PATH", format!("{}:/usr/bin:/bin", self.path("bin")))
            .env("FAKE_CRONTAB", self.path("crontab"))
            .run()
    }

    fn crontab(&self) -> String {
        fs::read_to_string(self.path("crontab")).unwrap_or_default()
    }
}

#[test]
fn a_line_is_added_once_and_taken_out_again() {
    let cron = Cron::new();
    let theirs = "# mine\nMAILTO=anna\n5 4 * * * backup 100\\% # wo-retrain elsewhere\n\n";
    fs::write(cron.path("crontab"), theirs).expect("a crontab");
    let lifting = cron.path("lifting");
    let install = ["install", &lifting];
    let run = cron.run(&install);
    assert_eq!(run, Run::new(0, "", ""));
    let line = format!(
        "17 3 * * 0 '{}' '{lifting}' # wo-retrain {lifting}\n",
        scripts().join("retrain").display()
    );
    assert_eq!(cron.crontab(), format!("{theirs}{line}"));
    assert_eq!(cron.run(&install), Run::new(0, "", ""));
    assert_eq!(cron.crontab(), format!("{theirs}{line}"));
    let log = fs::read_to_string(cron.path("crontab.log")).expect("a log");
    assert_eq!(log, "written\n", "what is there is not written again");
    // Another time replaces the line, and another workspace has its own.
    let other = cron.path("it's 2");
    cron.run(&["install", "--at", "0 5 * * 1", &lifting, "--wait", "60"]);
    cron.run(&["install", &other]);
    let crontab = cron.crontab();
    assert_eq!(crontab.lines().count(), 6, "{crontab}");
    assert!(crontab.contains(&format!(
        "0 5 * * 1 '{}' '--wait' '60' ",
        scripts().join("retrain").display()
    )));
    assert!(crontab.contains(r"/it'\''s 2' # wo-retrain "), "{crontab}");
    for workspace in [&lifting, &other, &lifting] {
        assert_eq!(cron.run(&["remove", workspace]), Run::new(0, "", ""));
    }
    assert_eq!(cron.crontab(), theirs);
    // A workspace that is gone, with the folder that it lay in.
    let gone = cron.path("disk/lifting");
    fs::create_dir_all(cron.path("disk/lifting/data")).expect("a folder");
    cron.run(&["install", &gone]);
    fs::remove_dir_all(cron.path("disk")).expect("a folder");
    assert_eq!(cron.run(&["remove", &gone]), Run::new(0, "", ""));
    assert_eq!(cron.crontab(), theirs);
}

#[test]
fn an_empty_crontab_gets_its_first_line_and_a_broken_one_is_left_alone() {
    let cron = Cron::new();
    let lifting = cron.path("lifting");
    assert_eq!(cron.run(&["install", &lifting]).status, 0);
    assert_eq!(cron.crontab().lines().count(), 1);
    fs::write(cron.path("crontab.broken"), "").expect("a file");
    let run = cron.run(&["remove", &lifting]);
    assert_eq!(run.status, 5);
    assert!(
        run.stderr.contains("crontab: cannot open your file"),
        "{}",
        run.stderr
    );
    assert_eq!(cron.crontab().lines().count(), 1);
    fs::remove_file(cron.path("crontab.broken")).expect("a file");
    assert_eq!(cron.run(&["remove", &lifting]).status, 0);
    assert_eq!(cron.crontab(), "");
}

#[test]
fn what_cron_would_misread_is_refused_or_written_as_it_wants_it() {
    let cron = Cron::new();
    let lifting = cron.path("lifting");
    for (args, status) in [
        (vec!["install"], 2),
        (vec!["install", "--at", "3 o'clock", &lifting], 2),
        (vec!["install", "/nowhere"], 2),
        (vec!["install", &lifting, "--on-failure-cmd", "a\nb"], 2),
        (vec!["instal", &lifting], 2),
    ] {
        assert_eq!(cron.run(&args).status, status, "{args:?}");
    }
    let printed = cron.run(&["print", &lifting, "--on-success-cmd", "date +%F"]);
    assert!(
        printed.stdout.contains(r"'date +\%F'"),
        "{}",
        printed.stdout
    );
    assert_eq!(cron.crontab(), "");
    // The line does in a shell what it says.
    let line = printed.stdout.replace("\\%", "%");
    let command = line.trim().strip_prefix("17 3 * * 0 ").expect("a time");
    let words = Tool::new("/bin/sh")
        .args(["-c", &format!("printf '%s\\n' {command}")])
        .run();
    let retrain = scripts().join("retrain");
    let expected = [
        &*retrain.to_string_lossy(),
        "--on-success-cmd",
        "date +%F",
        &lifting,
    ]
    .join("\n")
        + "\n";
    assert_eq!(words.stdout, expected);
}

#[test]
fn units_hold_any_path_that_a_unit_can_hold() {
    let cron = Cron::new();
    let workspace = cron.path("a&b|c");
    fs::create_dir_all(cron.path("a&b|c/data")).expect("a folder");
    let cache = cron.path("c&che");
    let units = |workspace: &str| {
        Tool::new(scripts().join("cron/units"))
            .args([workspace, &cron.path("units")])
            .env("XDG_CACHE_HOME", &cache)
            .run()
    };
    assert_eq!(units(&workspace), Run::new(0, "", ""));
    let service = fs::read_to_string(cron.path("units/wo-retrain.service")).expect("a unit");
    for line in [
        format!(" --wait 600 {workspace}\n"),
        // The cache of the shell, in which a takedown looks.
        format!("\nReadWritePaths={workspace} {cache}/wo\n"),
        format!("\nEnvironment=XDG_CACHE_HOME={cache}\n"),
    ] {
        assert!(service.contains(&line), "{line}: {service}");
    }
    assert!(Path::new(&cache).join("wo").is_dir());
    fs::create_dir_all(cron.path("a$b/data")).expect("a folder");
    assert_eq!(units(&cron.path("a$b")).status, 2);
}

#[test]
fn the_units_are_what_systemd_reads() {
    let cron = Cron::new();
    let (lifting, out) = (cron.path("lifting"), cron.path("units"));
    let run = Tool::new(scripts().join("cron/units"))
        .args([&lifting, &out])
        .env("XDG_CACHE_HOME", cron.path("cache"))
        .run();
    assert_eq!(run, Run::new(0, "", ""));
    let service = fs::read_to_string(cron.path("units/wo-retrain.service")).expect("a unit");
    assert!(service.contains(&format!(
        "ExecStart={} --wait 600 {lifting}\n",
        scripts().join("retrain").display()
    )));
    assert!(
        !service.contains('@') || service.matches('@').count() == 1,
        "only @system-service is left: {service}"
    );
    let units = ["units/wo-retrain.service", "units/wo-retrain.timer"].map(|it| cron.path(it));
    let verify = std::process::Command::new("systemd-analyze")
        .arg("verify")
        .args(&units)
        .output();
    let Ok(verify) = verify else {
        skip::not_available("systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&verify.stderr);
    assert!(verify.status.success() && said.is_empty(), "{said}");
    assert_eq!(
        Tool::new(scripts().join("cron/units"))
            .args(["/nowhere", &out])
            .run()
            .status,
        2
    );
}
