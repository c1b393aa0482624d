//! How processes find each other before they connect: who is there, who lacks, and at which address each listens.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wo_cli::{Error, Exit, error};

use crate::group::fault::lost;
use crate::group::link::Store;
use crate::group::rendezvous::Rendezvous;

/// What a process says of itself in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Card {
    world: usize,
    /// The same for all processes of a machine, and for no other.
    machine: String,
    addresses: Addresses,
}

/// Addresses as a process sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Addresses {
    /// Its own on the way to where all meet.
    own: Option<IpAddr>,
    /// That of where all meet.
    meeting: Option<IpAddr>,
}

/// What a process knows of the others before it connects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Met {
    /// Its number on this machine.
    pub(crate) local_rank: usize,
    /// How many processes are on this machine.
    pub(crate) n_local: usize,
    /// Where it listens; `None` leaves that to c10d.
    pub(crate) address: Option<IpAddr>,
}

const CARD: &str = "here/";

/// Meets all others at the store within this time. All must have been started for as many processes, and each with a rank
/// of its own.
pub(crate) fn meet(store: &Store, at: &Rendezvous, timeout: Duration) -> Result<Met, Error> {
    let (rank, world) = (at.rank, at.world);
    let gone = |error| lost(at, &error);
    // Process 0 comes first, so that what does not fit is told by whoever does not fit.
    if rank != 0 {
        let first = store.gather(CARD, 1, timeout).map_err(gone)?;
        let first = cards(&first)?.into_iter().flatten().next();
        let first = first.ok_or_else(|| missing(&[0], at, timeout))?;
        check_world(at, 0, &first)?;
    }
    // torchrun numbers its processes itself, and may begin again in the same store.
    if !at.is_kept_by_torchrun && store.count(&format!("came/{rank}")).map_err(gone)? > 1 {
        return Err(error!(
            Exit::Usage,
            "two processes were started with RANK {rank}"; "give each of the {world} a number of its own, from 0 to {}", world - 1
        ));
    }
    let own = Card {
        world,
        machine: machine(),
        addresses: Addresses::of(&at.host, at.port),
    };
    let text = serde_json::to_string(&own).expect("texts and numbers");
    store.set(&format!("{CARD}{rank}"), &text).map_err(gone)?;
    let found = cards(&store.gather(CARD, world, timeout).map_err(gone)?)?;
    let lacking = found.iter().enumerate().filter(|(_, card)| card.is_none());
    let lacking: Vec<usize> = lacking.map(|(rank, _)| rank).collect();
    if !lacking.is_empty() {
        return Err(missing(&lacking, at, timeout));
    }
    let found: Vec<Card> = found.into_iter().flatten().collect();
    for (other, card) in found.iter().enumerate() {
        check_world(at, other, card)?;
    }
    Ok(Met::of(rank, at.local_rank, &found))
}

impl Met {
    fn of(rank: usize, local_rank: Option<usize>, cards: &[Card]) -> Self {
        let here = &cards[rank];
        let is_here = |card: &&Card| card.machine == here.machine;
        let n_local = cards.iter().filter(is_here).count();
        let meetings = cards.iter().filter_map(|card| card.addresses.meeting);
        let mut from_outside = meetings.filter(|it| !it.is_loopback());
        let own = here.addresses.own.filter(|_| !is_interface_named());
        Self {
            local_rank: local_rank.unwrap_or_else(|| cards[..rank].iter().filter(is_here).count()),
            n_local,
            // Where the name of a machine means 127.0.1.1 to itself, as on Debian, others know how it is reached.
            address: match own {
                Some(own) if own.is_loopback() && n_local < cards.len() => {
                    from_outside.next().or(Some(own))
                }
                own => own,
            },
        }
    }
}

impl Addresses {
    /// On the way to this host. Nothing is sent.
    fn of(host: &str, port: u16) -> Self {
        let meeting = (host, port)
            .to_socket_addrs()
            .ok()
            .and_then(|mut it| it.next());
        let own = meeting.and_then(|meeting| {
            let any: SocketAddr = if meeting.is_ipv4() {
                ([0, 0, 0, 0], 0).into()
            } else {
                ([0_u16; 8], 0).into()
            };
            let socket = UdpSocket::bind(any).ok()?;
            socket.connect(meeting).ok()?;
            Some(socket.local_addr().ok()?.ip())
        });
        Self {
            own,
            meeting: meeting.map(|it| it.ip()),
        }
    }
}

/// Whether the user says which network to take, as torch's documentation has it.
fn is_interface_named() -> bool {
    std::env::var_os("GLOO_SOCKET_IFNAME").is_some_and(|it| !it.is_empty())
}

fn cards(texts: &[Option<String>]) -> Result<Vec<Option<Card>>, Error> {
    let parse = |text: &Option<String>| text.as_deref().map(serde_json::from_str).transpose();
    let cards: Result<Vec<Option<Card>>, _> = texts.iter().map(parse).collect();
    cards.map_err(|_| {
        error!(
            Exit::Usage,
            "the processes are of different versions"; "install the same version on all machines"
        )
    })
}

fn check_world(at: &Rendezvous, other: usize, card: &Card) -> Result<(), Error> {
    if card.world == at.world {
        return Ok(());
    }
    let (world, theirs) = (at.world, card.world);
    Err(error!(
        Exit::Usage,
        "this process was started with WORLD_SIZE {world}, and rank {other} with {theirs}";
        "all processes of a run need the same"
    ))
}

fn missing(ranks: &[usize], at: &Rendezvous, timeout: Duration) -> Error {
    let names: Vec<String> = ranks.iter().map(usize::to_string).collect();
    let (n, world) = (at.world - ranks.len(), at.world);
    let who = if ranks.len() == 1 { "rank" } else { "ranks" };
    // One that waits for process 0 has not looked for the others.
    let of = if at.rank == 0 {
        format!(
            "{n} of {world} processes are here after {} s",
            timeout.as_secs()
        )
    } else {
        format!(
            "not all of {world} processes are here after {} s",
            timeout.as_secs()
        )
    };
    error!(
        Exit::Io,
        "{of}; missing: {who} {}", names.join(", ");
        "start as many as WORLD_SIZE says; WO_GROUP_TIMEOUT=SECONDS waits longer"
    )
}

/// Names this machine until it is started anew; containers on it have the same name.
fn machine() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map_or_else(
        |_| std::process::id().to_string(),
        |it| it.trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(machine: &str, own: &str, meeting: &str) -> Card {
        let address = |it: &str| Some(it.parse().expect("an address"));
        Card {
            world: 4,
            machine: machine.to_owned(),
            addresses: Addresses {
                own: address(own),
                meeting: address(meeting),
            },
        }
    }

    #[test]
    fn processes_are_counted_by_machine_and_found_from_outside() {
        let cards = [
            card("a", "127.0.0.1", "127.0.1.1"),
            card("b", "10.0.0.2", "10.0.0.1"),
            card("a", "127.0.0.1", "127.0.1.1"),
            card("b", "10.0.0.2", "10.0.0.1"),
        ];
        let met = |rank| Met::of(rank, None, &cards);
        let address = |it: &str| it.parse().ok();
        // What a machine calls 127.0.1.1 is 10.0.0.1 for the others.
        let expected = |local_rank, own| Met {
            local_rank,
            n_local: 2,
            address: address(own),
        };
        assert_eq!(met(0), expected(0, "10.0.0.1"));
        assert_eq!(met(1), expected(0, "10.0.0.2"));
        assert_eq!(met(2), expected(1, "10.0.0.1"));
        assert_eq!(Met::of(3, Some(5), &cards).local_rank, 5, "as is said");
        // On one machine nothing leaves it.
        let alone = [
            card("a", "127.0.0.1", "127.0.0.1"),
            card("a", "127.0.0.1", "127.0.0.1"),
        ];
        assert_eq!(Met::of(1, None, &alone).address, address("127.0.0.1"));
    }

    #[test]
    fn the_way_to_a_host_has_an_address_of_its_own() {
        let here = Addresses::of("127.0.0.1", 29500);
        let expected = "127.0.0.1".parse().ok();
        assert_eq!((here.own, here.meeting), (expected, expected));
        let nowhere = Addresses::of("no-such-host.invalid", 29500);
        assert_eq!((nowhere.own, nowhere.meeting), (None, None));
    }
}
