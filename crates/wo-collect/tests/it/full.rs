//! A disk that is full, at each write.

use std::fs;
use std::path::Path;
use std::process::Command;

use wo_testkit::{Tool, skip, tempdir};

use crate::server::{Route, Server};
use crate::workspace::{Workspace, video, yt_dlp};

/// A file system of 1 MiB, for as long as this lives.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    /// `None` where this machine does not allow it.
    fn mount(folder: &'a Path) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m,nr_inodes=400", "tmpfs"])
            .arg(folder)
            .output();
        mount
            .is_ok_and(|it| it.status.success())
            .then_some(Self(folder))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_ends_the_run_and_leaves_nothing_half() {
    let folder = tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        return skip::not_available("mounting a file system");
    };
    let tool = |arguments: &[&str]| {
        Tool::new(env!("CARGO_BIN_EXE_wo-collect"))
            .args(arguments)
            .current_dir(folder.path())
            .env("NO_PROXY", "*")
    };
    assert_eq!(tool(&["init", "."]).run().status, 0);
    let elsewhere = tempdir().unwrap();
    fs::write(elsewhere.path().join("a.mp4"), video(1)).unwrap();
    let url = elsewhere.path().join("a.mp4");
    let table = format!(
        "url,exercise,label,faults,person\n{},squat,good,,anna\n",
        url.display()
    );
    fs::write(folder.path().join("data/sources.csv"), table).unwrap();
    let filler = folder.path().join("filler");
    // From no space at all up to enough: each write is the one that fails in turn.
    let mut statuses = Vec::new();
    for n_free in (0..12).map(|n| n * 4096) {
        fill(&filler, n_free);
        let run = tool(&[]).run();
        assert!(
            [0, 5].contains(&run.status),
            "{n_free} bytes: {}",
            run.stderr
        );
        statuses.push(run.status);
        let videos = folder.path().join("data/training_data/squat/good_form");
        for file in fs::read_dir(videos).unwrap().flatten() {
            let name = file.file_name().into_string().unwrap();
            if Path::new(&name).extension().is_some_and(|it| it == "mp4") {
                assert_eq!(fs::read(file.path()).unwrap(), video(1), "{n_free} bytes");
            }
        }
        let groups =
            fs::read_to_string(folder.path().join("data/training_data/groups.csv")).unwrap();
        assert!(
            groups.starts_with("path,person_id,source_id,angle\n"),
            "{n_free} bytes: {groups}"
        );
        fs::remove_file(&filler).unwrap();
    }
    assert_eq!((statuses[0], statuses[11]), (5, 0), "{statuses:?}");
    let run = tool(&[]).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stdout.contains("\"outcome\":\"known\""),
        "{}",
        run.stdout
    );
    let groups = fs::read_to_string(folder.path().join("data/training_data/groups.csv")).unwrap();
    assert_eq!(groups.matches(",anna,").count(), 1);
    drop(disk);
}

#[test]
fn a_disk_that_a_download_fills_is_no_fault_of_the_source() {
    let Some(yt_dlp) = yt_dlp() else { return };
    let (workspace, server) = (Workspace::new(), Server::start());
    let data = workspace.path("data");
    let table = fs::read(data.join("sources.csv")).unwrap();
    let Some(disk) = SmallDisk::mount(&data) else {
        return skip::not_available("mounting a file system");
    };
    fs::write(data.join("sources.csv"), table).unwrap();
    fs::create_dir_all(data.join("training_data/squat")).unwrap();
    let url = server.route("/large.mp4", Route::HugeUnannounced(video(1), 1 << 22));
    workspace.settings("max_bytes = \"8 MiB\"\npause_s = 0\nattempts = 1\n");
    workspace.sources(&[(&url, "squat,good")]);
    let run = workspace.tool(&[]).env("WO_YT_DLP", yt_dlp).run();
    assert_eq!(run.status, 5, "{}", run.stderr);
    assert!(workspace.ledger().is_empty() && workspace.videos().is_empty());
    drop(disk);
}

/// Fills the disk up to `n_free` bytes.
fn fill(filler: &Path, n_free: usize) {
    let part = vec![7; 4096];
    let mut bytes = Vec::new();
    while fs::write(filler, [&bytes[..], &part].concat()).is_ok() {
        bytes.extend_from_slice(&part);
    }
    // What did not fit may have been written in part.
    bytes.truncate(bytes.len().saturating_sub(n_free));
    fs::write(filler, &bytes).unwrap();
}
