//! Processes of one group: this test starts itself several times, and each takes its part.

#![expect(clippy::print_stdout, reason = "a process of the test tells the test")]

use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wo_clip::tch::{Device, Kind, Tensor};
use wo_clip::{Group, Rendezvous};

/// Names what a process of a group does.
const ROLE: &str = "WO_TEST_ROLE";

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Starts process `rank` of `world`, which runs the test of this name below.
fn start(role: &str, rank: &str, world: &str, port: u16, more: &[(&str, &str)]) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "a_process_of_a_group", "--nocapture"])
        .env_remove("LOCAL_RANK")
        .env_remove("GLOO_SOCKET_IFNAME")
        .envs([("RANK", rank), ("WORLD_SIZE", world)])
        .envs([("MASTER_ADDR", "127.0.0.1"), ("WO_GROUP_TIMEOUT", "30")])
        .env("MASTER_PORT", port.to_string())
        .env(ROLE, role)
        .envs(more.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this test starts")
}

fn ended(child: Child) -> (String, Output) {
    let output = child.wait_with_output().expect("it ends");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    (format!("{stdout}{stderr}"), output)
}

/// Runs `world` processes and gives what each said.
fn all(role: &str, world: usize) -> Vec<String> {
    let port = free_port();
    let start = |rank: usize| start(role, &rank.to_string(), &world.to_string(), port, &[]);
    let children: Vec<Child> = (0..world).map(start).collect();
    children.into_iter().map(|child| ended(child).0).collect()
}

/// What one process of a group does. Passes where this test was not started by another.
#[test]
fn a_process_of_a_group() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let joined = Rendezvous::from_env().and_then(|at| Group::join(&at.expect("variables")));
    let group = match joined {
        Ok(group) => group,
        Err(error) => {
            println!("SAID {error}");
            return;
        }
    };
    match role.as_str() {
        "sums" => sums(&group),
        "killed" => {
            if group.rank() == 1 {
                std::process::abort();
            }
            let error = group.sum_numbers(&[1.0]).expect_err("nobody answers");
            println!("SAID {error} LOST {}", group.is_lost());
        }
        "farewell" => {
            if group.rank() == 1 {
                group.farewell().say("frame 3 of video 7: no image");
                return;
            }
            println!(
                "SAID {}",
                group.sum_numbers(&[1.0]).expect_err("nobody answers")
            );
        }
        other => panic!("no role is called {other}"),
    }
}

/// Whole numbers, which floats hold exactly.
fn is(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

fn sums(group: &Group) {
    let (rank, world) = (group.rank() as i64, group.world() as i64);
    let float = (Kind::Float, Device::Cpu);
    let large = Tensor::ones([3, 5_000_000], float) * (rank + 1);
    let small = Tensor::full([7], rank, float);
    let turned = (Tensor::arange(6, float) + rank).view([2, 3]).tr();
    group.sum(&[&small, &large, &turned]).expect("summed");
    let n = (world * (world + 1) / 2) as f64;
    assert!((large.mean(Kind::Double).double_value(&[]) - n).abs() < 1e-12);
    assert!(is(small.double_value(&[6]), n - world as f64));
    assert!(is(
        turned.double_value(&[2, 1]),
        5.0 * world as f64 + n - world as f64
    ));
    let first = Tensor::full([3], rank + 4, float);
    group.broadcast(&[&first, &small]).expect("sent");
    assert!(is(first.double_value(&[0]), 4.0));
    assert_eq!(
        group.sum_numbers(&[1.0, rank as f64]).expect("summed"),
        [world as f64, n - world as f64]
    );
    let word = group
        .from_first(|| Ok("said by the first".to_owned()))
        .expect("sent");
    assert_eq!(word, "said by the first");
    let nothing: Option<String> = group.from_first(|| Ok(None)).expect("sent");
    assert_eq!(nothing, None);
    let differs = group
        .who_differs(if rank == 1 { "b" } else { "a" })
        .expect("compared");
    assert_eq!(differs, [1]);
    assert!(group.any(rank == 1).expect("asked") && !group.any(false).expect("asked"));
    assert_eq!(
        (group.n_local() as i64, group.local_rank() as i64),
        (world, rank)
    );
    let wait = Duration::from_millis(if rank == 0 { 300 } else { 0 });
    let began = group.in_turns(|| {
        let began = SystemTime::now();
        std::thread::sleep(wait);
        Ok(began)
    });
    let since_epoch = began.expect("done").duration_since(UNIX_EPOCH);
    let mut turns = vec![0.0; group.world()];
    turns[group.rank()] = since_epoch.expect("after 1970").as_secs_f64();
    let turns = group.sum_numbers(&turns).expect("summed");
    assert!(
        turns[1..].iter().all(|it| it - turns[0] >= 0.299),
        "the first comes first: {turns:?}"
    );
    let traffic = group.take_traffic();
    assert!(
        traffic.n_bytes > 60_000_000 && traffic.time > Duration::ZERO,
        "{traffic:?}"
    );
    assert_eq!(group.take_traffic().n_bytes, 0);
    println!("SAID done");
}

#[test]
fn sums_and_words_reach_all_processes() {
    for world in [2, 3] {
        for said in all("sums", world) {
            assert!(said.contains("SAID done"), "{said}");
        }
    }
}

#[test]
fn a_process_that_is_gone_ends_the_others_at_once() {
    let since = Instant::now();
    let said = all("killed", 3);
    for rank in [0, 2] {
        let said = &said[rank];
        assert!(said.contains("SAID another process is gone ("), "{said}");
        assert!(
            said.contains("LOST true") && !said.contains(".cc:"),
            "{said}"
        );
    }
    assert!(
        since.elapsed() < Duration::from_secs(20),
        "{:?}",
        since.elapsed()
    );
}

#[test]
fn the_words_of_the_one_that_ended_first_are_heard() {
    let said = all("farewell", 2);
    let expected = "SAID rank 1 ended first: frame 3 of video 7: no image";
    assert!(said[0].contains(expected), "{}", said[0]);
}

#[test]
fn processes_that_do_not_fit_say_why() {
    let check = |starts: &[(&str, &str, &str)], more: &[(&str, &str)], words: &[&str]| {
        let port = free_port();
        let begin = |(role, rank, world): &(&str, &str, &str)| start(role, rank, world, port, more);
        let children: Vec<Child> = starts.iter().map(begin).collect();
        let said: Vec<String> = children.into_iter().map(|child| ended(child).0).collect();
        for word in words {
            assert!(said.iter().any(|it| it.contains(word)), "{word}: {said:?}");
        }
    };
    let soon: &[(&str, &str)] = &[("WO_GROUP_TIMEOUT", "2")];
    check(
        &[("sums", "0", "2")],
        soon,
        &["1 of 2 processes are here after 2 s; missing: rank 1"],
    );
    check(
        &[("sums", "1", "2")],
        soon,
        &["cannot reach 127.0.0.1:", "where the processes meet"],
    );
    check(
        &[("sums", "0", "2"), ("sums", "1", "3")],
        &[("WO_GROUP_TIMEOUT", "10")],
        &["was started with WORLD_SIZE 3, and rank 0 with 2"],
    );
    check(
        &[("sums", "0", "3"), ("sums", "1", "3"), ("sums", "1", "3")],
        &[("WO_GROUP_TIMEOUT", "3")],
        &["two processes were started with RANK 1"],
    );
    let unknown: &[(&str, &str)] = &[
        ("MASTER_ADDR", "no-such-host.invalid"),
        ("WO_GROUP_TIMEOUT", "2"),
    ];
    check(
        &[("sums", "1", "2")],
        unknown,
        &["cannot reach no-such-host.invalid:"],
    );
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("0.0.0.0:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let (said, _) = ended(start("sums", "0", "2", port, &[("WO_GROUP_TIMEOUT", "2")]));
    let expected = format!("SAID port {port}, at which the processes meet, is taken");
    assert!(said.contains(&expected), "{said}");
}
