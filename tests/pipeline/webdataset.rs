//! Shards as other programs read them, and as they come out of an object store.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wo_testkit::skip;

use crate::bash;

/// A folder of Python packages that `scripts/parity` makes; `None` where `program` is not in it.
fn venv(name: &str, program: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("WO_CACHE").map(PathBuf::from);
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/wo"));
    let bin = cache.or_else(home)?.join(name).join("bin");
    bin.join(program).exists().then_some(bin)
}

fn done(folder: &Path, line: &str) -> Output {
    let output = bash(folder, line);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {said}");
    output
}

/// Stills of 16 videos in shards `f-000.tar` to `f-003.tar`, and their described records.
fn shards() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = [
        "wo-synth --out stills --exercises squat,deadlift --videos-per-class 4 --persons 8 --stills 3 --still-size 64 -q > truth",
        "wo-describe stills/records.ndjson -o stills/records.ndjson -q",
        "wo-describe stills/records.ndjson --to webdataset -o f-%03d.tar --tar-size 12",
    ];
    for line in lines {
        done(folder.path(), line);
    }
    assert!(folder.path().join("f-003.tar").exists() && !folder.path().join("f-004.tar").exists());
    folder
}

#[test]
fn webdataset_and_open_clip_read_shards() {
    let Some(bin) = venv("venv-parity", "python") else {
        return skip::not_available(
            "Python webdataset and open_clip_train (scripts/parity webdataset brings them)",
        );
    };
    let has = Command::new(bin.join("python"))
        .args(["-c", "import importlib.util as it; assert it.find_spec('webdataset') and it.find_spec('open_clip_train')"])
        .stderr(Stdio::null())
        .status();
    if !has.expect("python runs").success() {
        return skip::not_available("Python webdataset (scripts/parity webdataset brings it)");
    }
    let folder = shards();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/parity_webdataset.py");
    let line = format!(
        "{} {} 'f-{{000..003}}.tar' stills/records.ndjson",
        bin.join("python").display(),
        script.display()
    );
    let output = done(folder.path(), &line);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("webdataset: 48 samples") && said.contains("open_clip_train: 48 frames"),
        "{said}"
    );
}

#[test]
fn shards_of_stills_give_the_plan_of_their_records() {
    let folder = shards();
    let plan = |from: &str| {
        let line = format!("wo-train {from} --init tiny --dry-run --validation 0.25 --test 0.25");
        String::from_utf8(done(folder.path(), &line).stderr).expect("UTF-8")
    };
    let of_records = plan("stills/records.ndjson");
    assert!(of_records.contains("48 frames"), "{of_records}");
    for shards in [
        "'f-*.tar'",
        "'f-{000..003}.tar'",
        "'pipe:cat f-{000..003}.tar'",
        "f-000.tar::f-001.tar::f-002.tar::f-003.tar",
    ] {
        assert_eq!(
            plan(&format!("--data-dir {shards}")),
            of_records,
            "{shards}"
        );
    }
}

/// An object store on this machine, which ends with the test.
struct Store {
    server: Child,
    port: u16,
}

impl Store {
    fn start(bin: &Path, log: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("its address").port();
        drop(free);
        let log = fs::File::create(log).expect("a log");
        let server = Command::new(bin.join("moto_server"))
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("moto_server starts");
        let store = Self { server, port };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "no object store came"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        store
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn shards_come_out_of_an_object_store() {
    let Some(bin) = venv("venv-s3", "moto_server").filter(|bin| bin.join("aws").exists()) else {
        return skip::not_available(
            "an S3-compatible server (scripts/parity webdataset brings it)",
        );
    };
    let folder = shards();
    let store = Store::start(&bin, &folder.path().join("store.log"));
    let settings =
        "export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=y AWS_DEFAULT_REGION=us-east-1";
    let aws = format!(
        "{} --endpoint-url http://127.0.0.1:{}",
        bin.join("aws").display(),
        store.port
    );
    done(
        folder.path(),
        &format!(
            "{settings}; {aws} s3 mb s3://gym && {aws} s3 cp . s3://gym --recursive --exclude '*' --include '*.tar'"
        ),
    );
    let train = |pipe: &str| {
        let line = format!(
            "{settings}; wo-train --data-dir 'pipe:{pipe}' --init tiny --dry-run --validation 0.25 --test 0.25"
        );
        bash(folder.path(), &line)
    };
    let plan = |output: Output| {
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(output.status.success(), "{said}");
        said
    };
    let of_files = plan(train("cat f-{000..003}.tar"));
    assert_eq!(
        plan(train(&format!("{aws} s3 cp s3://gym/f-{{000..003}}.tar -"))),
        of_files
    );
    // Signed addresses are for programs that know no keys.
    let signed = (0..4).map(|number| {
        let output = done(
            folder.path(),
            &format!("{settings}; {aws} s3 presign s3://gym/f-00{number}.tar"),
        );
        let address = String::from_utf8(output.stdout).expect("UTF-8");
        format!("pipe:curl -fsS \"{}\"", address.trim())
    });
    let signed: Vec<String> = signed.collect();
    let signed = signed.join("::");
    assert_eq!(plan(train(signed.trim_start_matches("pipe:"))), of_files);
    // An object that is not there is named, and never fewer frames.
    let output = train(&format!("{aws} s3 cp s3://gym/f-{{000..004}}.tar -"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(
        said.contains("s3://gym/f-004.tar -: the command failed with exit code 1"),
        "{said}"
    );
}
