//! The power goes: what a disk has at that moment is all that is left. A loop-mounted image is copied while the server is
//! at work, and the copy is mounted, which replays its journal as after a real cut.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::crash::{N_CLIENTS, Told, Unmount};
use crate::harness::{Server, fill};

fn run(program: &str, args: &[&str]) -> bool {
    let status = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn mount(image: &Path, at: &Path) -> Option<Unmount> {
    fs::create_dir_all(at).expect("make a folder");
    run(
        "mount",
        &[
            "-o",
            "loop",
            &image.display().to_string(),
            &at.display().to_string(),
        ],
    )
    .then(|| Unmount(at.to_owned()))
}

#[test]
fn a_power_cut_loses_nothing_acknowledged() {
    let n_cuts = if std::env::var_os("WO_FULL").is_some() {
        50
    } else {
        5
    };
    let dir = wo_testkit::tempdir().expect("make a folder");
    let image = dir.path().join("disk");
    let file = fs::File::create(&image).expect("make an image");
    file.set_len(32 << 20).expect("make an image");
    if !run("mkfs.ext4", &["-q", &image.display().to_string()]) {
        wo_testkit::skip::not_installed("mkfs.ext4");
        return;
    }
    let live = dir.path().join("live");
    let Some(_live) = mount(&image, &live) else {
        wo_testkit::skip::not_available("the right to mount an image");
        return;
    };
    let frames = live.join("frames");
    fill(&frames, 3, 10);
    run("sync", &["-f", &live.display().to_string()]);
    let told = Arc::new(Told::default());
    for cut in 0..n_cuts {
        let mut server = Server::start(
            &frames,
            &["--reviewer", "a", "--reviewer", "b", "--reviewer", "c"],
        );
        let clients: Vec<_> = (0..N_CLIENTS)
            .map(|who| told.load(server.enter(who), 30))
            .collect();
        thread::sleep(Duration::from_millis(30 + cut * 53 % 200));
        // Nothing more is asked of the disk from here on; what was acknowledged before must be on it.
        let pid = server.pid().to_string();
        assert!(run("kill", &["-STOP", &pid]));
        let acknowledged = told.acknowledged();
        let copy = dir.path().join("copy");
        fs::copy(&image, &copy).expect("copy the image");
        server.kill();
        for client in clients {
            client.join().expect("no client fails");
        }
        let after = dir.path().join("after");
        let unmount = mount(&copy, &after).expect("mount the copy");
        let server = Server::start(&after.join("frames"), &["--reviewer", "a"]);
        server.enter(0);
        drop(server);
        told.check_of(&after.join("frames"), &acknowledged);
        drop(unmount);
    }
    println!(
        "{n_cuts} cuts, {} decisions acknowledged, none lost, none twice",
        told.n_acknowledged()
    );
}
