//! Files that are slow, on machines that are busy, and files that hang.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::harness::{extract, test_worker};

/// So many processes for each processor want to run as well.
const LOAD: usize = 8;

/// Processes that do nothing, as quickly as they can.
struct Load(Vec<Child>);

impl Load {
    fn start() -> Self {
        let n_processors = std::thread::available_parallelism().unwrap().get();
        let burner = || {
            Command::new("sh")
                .args(["-c", "while :; do :; done"])
                .spawn()
        };
        Self(
            (0..LOAD * n_processors)
                .map(|_| burner().unwrap())
                .collect(),
        )
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for burner in &mut self.0 {
            let _ = burner.kill();
            let _ = burner.wait();
        }
    }
}

#[test]
fn waiting_for_a_processor_is_no_stall() {
    let dir = wo_testkit::tempdir().unwrap();
    // Silent for longer than the limit by the clock on the wall, and for less by its own time.
    std::fs::write(dir.path().join("slow.mp4"), "wo-test work 700\n").unwrap();
    let worker = test_worker(dir.path(), "worker");
    let args = ["slow.mp4", "--stall-timeout=1", "--worker", &worker];
    let idle = extract(dir.path(), &args, 3);
    assert_eq!(idle.errors[0].code, "decode", "{:?}", idle.errors);
    let _load = Load::start();
    let since = Instant::now();
    let busy = extract(dir.path(), &args, 3);
    assert_eq!(busy.errors[0].code, "decode", "{:?}", busy.errors);
    println!("0.7 s of work took {:?}", since.elapsed());
}

#[test]
fn a_hung_file_ends_in_time_however_busy_the_machine_is() {
    let dir = wo_testkit::tempdir().unwrap();
    let worker = test_worker(dir.path(), "worker");
    let _load = Load::start();
    for (verb, limit) in [("stop", 8), ("sleep", 8), ("spin", 60)] {
        let name = format!("{verb}.mp4");
        std::fs::write(dir.path().join(&name), format!("wo-test {verb}\n")).unwrap();
        let since = Instant::now();
        let args = [&name, "--stall-timeout=2", "--worker", &worker];
        let stream = extract(dir.path(), &args, 3);
        assert!(
            since.elapsed() < Duration::from_secs(limit),
            "{verb}: {since:?}"
        );
        let [error] = &stream.errors[..] else {
            panic!("{verb}: {stream:?}")
        };
        assert_eq!(error.code, "stalled", "{verb}");
        assert!(error.what.contains("--stall-timeout"), "{}", error.what);
        // More time helps only what works.
        assert_eq!(
            error.what.contains("the decoder hangs"),
            verb != "spin",
            "{}",
            error.what
        );
    }
}
