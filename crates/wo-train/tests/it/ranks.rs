//! Several processes train one model, by the variables that torchrun and srun set.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use wo_clip::tch::Tensor;
use wo_testkit::{stream, tempdir};

use crate::{SMALL, colours, records, video};

/// How far weights may be from those of one process.
pub(crate) const TOLERANCE: f64 = 1e-5;

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A run on records in a file, with these flags.
pub(crate) struct Run<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) input: PathBuf,
    flags: Vec<&'a str>,
}

/// What a process said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            status: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

impl<'a> Run<'a> {
    pub(crate) fn new(folder: &'a Path, lines: &[String], flags: &[&'a str]) -> Self {
        let input = folder.join("records.ndjson");
        std::fs::write(&input, stream(lines)).expect("written");
        Self {
            folder,
            input,
            flags: flags.to_vec(),
        }
    }

    pub(crate) fn output(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn command(&self, name: &str) -> Command {
        let binary = Command::new(env!("CARGO_BIN_EXE_wo-train"));
        self.arguments(binary, name)
    }

    /// A command that starts the binary.
    pub(crate) fn appended(&self, mut command: Command, name: &str) -> Command {
        command.arg(env!("CARGO_BIN_EXE_wo-train"));
        self.arguments(command, name)
    }

    fn arguments(&self, mut command: Command, name: &str) -> Command {
        command.arg(&self.input).args(SMALL).args(&self.flags);
        command.arg("--output").arg(self.output(name));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts process `rank` of `world`.
    pub(crate) fn start(&self, name: &str, (rank, world): (usize, usize), port: u16) -> Child {
        let mut command = self.command(name);
        command
            .env_remove("LOCAL_RANK")
            .env_remove("GLOO_SOCKET_IFNAME")
            .env("RANK", rank.to_string())
            .env("WORLD_SIZE", world.to_string())
            .env("MASTER_ADDR", "127.0.0.1")
            .env("MASTER_PORT", port.to_string())
            .env("WO_GROUP_TIMEOUT", "60");
        command.spawn().expect("the binary starts")
    }

    pub(crate) fn start_all(&self, name: &str, world: usize) -> Processes {
        let port = free_port();
        let start = |rank| self.start(name, (rank, world), port);
        Processes((0..world).map(start).collect())
    }

    /// Trains with `world` processes, and gives the weights and what the first said.
    pub(crate) fn trained(&self, world: usize) -> (Vec<(String, Tensor)>, Said) {
        let name = format!("by-{world}");
        let mut said = if world == 1 {
            vec![Said::of(&self.command(&name).output().expect("it runs"))]
        } else {
            all(self.start_all(&name, world))
        };
        for said in &said {
            assert_eq!(said.status, Some(0), "{said:?}");
        }
        for (rank, said) in said.iter().enumerate().skip(1) {
            assert_eq!(
                (said.stdout.as_str(), said.stderr.as_str()),
                ("", ""),
                "rank {rank}"
            );
        }
        (weights(&self.output(&name)), said.swap_remove(0))
    }
}

/// Processes that end with this, also where a test fails.
pub(crate) struct Processes(pub(crate) Vec<Child>);

impl Drop for Processes {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What each of them said, once all have ended.
pub(crate) fn all(mut processes: Processes) -> Vec<Said> {
    let children = std::mem::take(&mut processes.0);
    let end = |child: Child| Said::of(&child.wait_with_output().expect("it ends"));
    children.into_iter().map(end).collect()
}

pub(crate) fn weights(model: &Path) -> Vec<(String, Tensor)> {
    let mut weights = Tensor::read_safetensors(model.join("model.safetensors")).expect("written");
    weights.sort_by(|a, b| a.0.cmp(&b.0));
    weights
}

pub(crate) fn distance(a: &[(String, Tensor)], b: &[(String, Tensor)]) -> f64 {
    assert_eq!(a.len(), b.len());
    let of = |((name, a), (other, b)): (&(String, Tensor), &(String, Tensor))| {
        assert_eq!(name, other);
        (a - b).abs().max().double_value(&[])
    };
    a.iter().zip(b).map(of).fold(0.0, f64::max)
}

/// Seventeen training videos: four processes have four, four, four and five of a step.
pub(crate) fn seventeen() -> Vec<String> {
    let label = |n: u8| ["good_form", "bad_form"][usize::from(n % 2)];
    (0..21_u8)
        .flat_map(|n| video(n, &format!("p{}", n / 2), label(n)))
        .collect()
}

const WHOLE: [&str; 10] = [
    "--batch-size",
    "17",
    "--epochs",
    "3",
    "--test",
    "0",
    "--validation",
    "0.2",
    "--wise",
    "off",
];

fn ends_alike(lines: &[String], flags: &[&str], worlds: &[usize]) {
    let folder = tempdir().expect("a folder");
    let run = Run::new(folder.path(), lines, flags);
    let (one, said) = run.trained(1);
    for &world in worlds {
        let (several, of_first) = run.trained(world);
        let distance = distance(&one, &several);
        assert!(
            distance < TOLERANCE,
            "{world} processes: {distance:e}, {flags:?}"
        );
        assert!(of_first.stderr.contains(&format!(
            "{world} processes, {world} of them on this machine"
        )));
        let metrics = |said: &Said| records(&said.stdout, "metric");
        assert_eq!(metrics(&said).len(), metrics(&of_first).len());
        let loss = |said: &Said| metrics(said)[2]["values"]["validation_loss"].as_f64();
        let (alone, shared) = (loss(&said), loss(&of_first));
        assert!(
            alone.zip(shared).is_some_and(|(a, b)| (a - b).abs() < 1e-4),
            "{alone:?} {shared:?}"
        );
        let values = &metrics(&of_first)[0]["values"];
        assert!(
            values["communication_bytes_a_step"].as_f64() > Some(1e4),
            "{values}"
        );
    }
}

#[test]
fn one_two_and_four_processes_end_with_the_same_weights() {
    ends_alike(&seventeen(), &WHOLE, &[2, 4]);
}

#[test]
fn adapters_with_dropout_and_an_average_end_with_the_same_weights() {
    let mut flags = WHOLE.to_vec();
    flags.extend([
        "--init",
        "tiny",
        "--method",
        "lora",
        "--ema",
        "0.9",
        "--lora-dropout",
        "0.2",
    ]);
    flags.extend(["--checkpoint-blocks"]);
    ends_alike(&seventeen(), &flags, &[4]);
}

#[test]
fn a_process_without_videos_joins_all_sums() {
    let mut flags = WHOLE.to_vec();
    // Steps of three videos for four processes, with another average and small passes.
    flags.extend([
        "--batch-size",
        "3",
        "--ema",
        "0.5",
        "--micro-batch",
        "1",
        "--patience",
        "1",
    ]);
    ends_alike(&seventeen(), &flags, &[4]);
}

#[test]
fn a_probe_and_folds_are_shared() {
    let folder = tempdir().expect("a folder");
    for (flags, name) in [
        (vec!["--method", "probe", "--init", "tiny"], "probe"),
        (
            vec!["--folds", "2", "--epochs", "1", "--seeds", "2"],
            "folds",
        ),
    ] {
        let place = folder.path().join(name);
        std::fs::create_dir(&place).expect("a folder");
        let run = Run::new(&place, &colours(), &flags);
        let (one, _) = run.trained(1);
        let (two, _) = run.trained(2);
        assert!(distance(&one, &two) < TOLERANCE);
        let predictions =
            |name: &str| std::fs::read_to_string(run.output(name).join("out_of_fold.ndjson"));
        let count = |name| predictions(name).map_or(0, |it| records(&it, "prediction").len());
        assert_eq!(count("by-1"), count("by-2"));
        assert_eq!(count("by-2") > 0, name == "folds");
    }
}
