//! Two processes that see each other over a network only: each in a network namespace of its own, as on two machines.
//!
//! With `WO_FULL` set, and where such namespaces can be made.

use std::process::Command;
use std::time::{Duration, Instant};

use wo_testkit::{skip, tempdir};

use crate::colours;
use crate::ranks::{Processes, Run, Said, TOLERANCE, all, distance, weights};

/// Two namespaces with a cable between them. They go away with this.
struct Network {
    names: [String; 2],
}

const ADDRESSES: [&str; 2] = ["10.231.7.1", "10.231.7.2"];

fn ip(args: &str) -> bool {
    let done = Command::new("ip").args(args.split_whitespace()).output();
    done.is_ok_and(|it| it.status.success())
}

impl Network {
    /// `None` where they cannot be made.
    fn new() -> Option<Self> {
        let of = |end: &str| format!("wo-{}-{end}", std::process::id());
        let this = Self {
            names: [of("a"), of("b")],
        };
        let [a, b] = &this.names;
        let mut steps = vec![
            format!("netns add {a}"),
            format!("netns add {b}"),
            format!("link add veth0 netns {a} type veth peer name veth0 netns {b}"),
        ];
        for (name, address) in this.names.iter().zip(ADDRESSES) {
            steps.push(format!("-n {name} addr add {address}/24 dev veth0"));
            steps.push(format!("-n {name} link set veth0 up"));
            steps.push(format!("-n {name} link set lo up"));
        }
        steps.iter().all(|step| ip(step)).then_some(this)
    }

    /// Starts both processes of a run, each in its namespace.
    fn start(&self, run: &Run<'_>, timeout: &str) -> Processes {
        let start = |rank: usize| {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &self.names[rank]]);
            let mut command = run.appended(command, "by-2");
            command
                .env_remove("LOCAL_RANK")
                .env_remove("GLOO_SOCKET_IFNAME")
                .envs([("MASTER_ADDR", ADDRESSES[0]), ("MASTER_PORT", "29500")])
                .envs([("WORLD_SIZE", "2"), ("WO_GROUP_TIMEOUT", timeout)])
                .env("RANK", rank.to_string());
            command.spawn().expect("it starts")
        };
        Processes((0..2).map(start).collect())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for name in &self.names {
            ip(&format!("netns delete {name}"));
        }
    }
}

fn network() -> Option<Network> {
    if std::env::var_os("WO_FULL").is_none() {
        skip::not_available("WO_FULL, with which two network namespaces are made,");
        return None;
    }
    let network = Network::new();
    if network.is_none() {
        skip::not_available("the right to make network namespaces");
    }
    network
}

#[test]
fn processes_train_over_a_network_and_one_that_falls_silent_is_given_up() {
    let Some(network) = network() else {
        return;
    };
    let folder = tempdir().expect("a folder");
    let run = Run::new(
        folder.path(),
        &colours(),
        &["--epochs", "3", "--wise", "off"],
    );
    let (one, _) = run.trained(1);
    for said in all(network.start(&run, "60")) {
        assert_eq!(said.status, Some(0), "{said:?}");
    }
    let two = weights(&run.output("by-2"));
    let distance = distance(&one, &two);
    assert!(distance < TOLERANCE, "{distance:e}");

    // The cable is pulled: no connection closes, and nothing comes any more.
    let flags = [
        "--epochs",
        "100000",
        "--self-check",
        "off",
        "--patience",
        "0",
        "--wise",
        "off",
        "--snapshot-every",
        "0",
    ];
    let run = Run::new(folder.path(), &colours(), &flags);
    let children = network.start(&run, "10");
    std::thread::sleep(Duration::from_secs(20));
    assert!(ip(&format!("-n {} link set veth0 down", network.names[1])));
    let since = Instant::now();
    let said: Vec<Said> = all(children);
    assert!(
        since.elapsed() < Duration::from_mins(1),
        "{:?}",
        since.elapsed()
    );
    for said in said {
        assert_eq!(said.status, Some(5), "{said:?}");
        assert!(
            said.stderr.contains("another process is gone ("),
            "{said:?}"
        );
    }
}
