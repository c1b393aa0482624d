//! Which process of how many this is, and where they meet: by the environment, as torchrun and Slurm set it.

use std::ffi::OsString;

use wo_cli::{Error, Exit, error};

/// Which process this is, and where all meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendezvous {
    /// The number of this process, from 0.
    pub rank: usize,
    /// How many processes there are; at least 2.
    pub world: usize,
    /// Its number on this machine, where something says so.
    pub(crate) local_rank: Option<usize>,
    /// Where the store is.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Whether torchrun keeps the store; else process 0 does.
    pub(crate) is_kept_by_torchrun: bool,
    /// Before each key of the store, so that a run that is started again does not read what the one before wrote.
    pub(crate) prefix: String,
}

/// What torchrun sets.
const RANK: &str = "RANK";
const WORLD: &str = "WORLD_SIZE";
const LOCAL_RANK: &str = "LOCAL_RANK";
const HOST: &str = "MASTER_ADDR";
const PORT: &str = "MASTER_PORT";
/// What Slurm sets in each process of a step.
const SLURM: [&str; 3] = ["SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"];
/// Only in a step, as srun begins one: the variables above are in the script of a job as well, which is one process.
const SLURM_STEP: &str = "SLURM_STEP_ID";
/// The largest number of processes: a mistyped one is no reason to wait.
const MOST: usize = 100_000;

impl Rendezvous {
    /// By the environment of this process. `None` where it is alone.
    pub fn from_env() -> Result<Option<Self>, Error> {
        Self::of(&|name| std::env::var_os(name))
    }

    fn of(get: &dyn Fn(&str) -> Option<OsString>) -> Result<Option<Self>, Error> {
        let env = Environment(get);
        let names = [RANK, WORLD, HOST, PORT];
        if names.iter().all(|name| !env.has(name)) {
            return Ok(None);
        }
        let [rank_by, world_by, local_by] = env.namers();
        let missing: Vec<&str> = [rank_by, world_by, HOST, PORT]
            .into_iter()
            .filter(|name| !env.has(name))
            .collect();
        // One process of one needs nobody to meet.
        let is_one = env.text(rank_by)?.as_deref() == Some("0")
            && env.text(world_by)?.as_deref() == Some("1");
        if !missing.is_empty() && !is_one {
            let there: Vec<&str> = names.into_iter().filter(|name| env.has(name)).collect();
            return Err(error!(
                Exit::Usage,
                "the environment has {}, but not {}", there.join(", "), missing.join(", ");
                "torchrun sets all of them; for a single process unset {}", there.join(" ")
            ));
        }
        let (rank, world) = (
            env.number(rank_by, 0..MOST)?,
            env.number(world_by, 1..MOST)?,
        );
        if rank >= world {
            return Err(error!(
                Exit::Usage,
                "{rank_by} is {rank} and {world_by} is {world}: processes are numbered from 0 to {}",
                world - 1
            ));
        }
        if world == 1 {
            return Ok(None);
        }
        let local_rank = env.has(local_by).then(|| env.number(local_by, 0..MOST));
        let text = |name| Ok::<_, Error>(env.text(name)?.unwrap_or_default());
        Ok(Some(Self {
            rank,
            world,
            local_rank: local_rank.transpose()?,
            host: text(HOST)?,
            port: u16::try_from(env.number(PORT, 1..1 << 16)?).expect("it is below 65536"),
            is_kept_by_torchrun: text("TORCHELASTIC_USE_AGENT_STORE")? == "True",
            prefix: format!(
                "wo/{}/{}",
                text("TORCHELASTIC_RUN_ID")?,
                text("TORCHELASTIC_RESTART_COUNT")?
            ),
        }))
    }
}

/// Variables by their names.
struct Environment<'a>(&'a dyn Fn(&str) -> Option<OsString>);

impl Environment<'_> {
    fn has(&self, name: &str) -> bool {
        (self.0)(name).is_some_and(|value| !value.is_empty())
    }

    /// Which variables name the process: torchrun's, or Slurm's where only where to meet is set beside them.
    fn namers(&self) -> [&'static str; 3] {
        let is_step = SLURM.iter().chain([&SLURM_STEP]).all(|name| self.has(name));
        if is_step && self.has(HOST) && self.has(PORT) && !self.has(RANK) && !self.has(WORLD) {
            return SLURM;
        }
        [RANK, WORLD, LOCAL_RANK]
    }

    fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let value = (self.0)(name).filter(|it| !it.is_empty());
        let text = value.map(OsString::into_string).transpose();
        text.map_err(|value| error!(Exit::Usage, "{name} is {value:?}, which is no text"))
    }

    fn number(&self, name: &str, range: std::ops::Range<usize>) -> Result<usize, Error> {
        let text = self.text(name)?.unwrap_or_default();
        let number = text.parse().ok().filter(|it| range.contains(it));
        number.ok_or_else(|| {
            let (least, most) = (range.start, range.end - 1);
            error!(
                Exit::Usage,
                "{name} is {text:?}, and must be a number from {least} to {most}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// By variables such as `RANK=0`.
    fn of(variables: &str) -> Result<Option<Rendezvous>, String> {
        let pairs = variables
            .split_whitespace()
            .filter_map(|it| it.split_once('='));
        let pairs: BTreeMap<&str, &str> = pairs.collect();
        Rendezvous::of(&|name| pairs.get(name).map(OsString::from)).map_err(|e| e.to_string())
    }

    const MEET: &str = "MASTER_ADDR=10.0.0.1 MASTER_PORT=29500";

    #[test]
    fn a_process_without_the_variables_is_alone() {
        for alone in [
            "",
            "LOCAL_RANK=3",
            "RANK=0 WORLD_SIZE=1",
            "SLURM_PROCID=1 SLURM_NTASKS=2 SLURM_LOCALID=1 SLURM_STEP_ID=0",
            "RANK= WORLD_SIZE= MASTER_ADDR= MASTER_PORT=",
        ] {
            assert_eq!(of(alone), Ok(None), "{alone}");
        }
        let one = format!("RANK=0 WORLD_SIZE=1 {MEET}");
        assert_eq!(of(&one), Ok(None));
    }

    #[test]
    fn torchrun_and_srun_name_the_process() {
        let torchrun = format!(
            "RANK=3 WORLD_SIZE=4 LOCAL_RANK=1 {MEET} TORCHELASTIC_RESTART_COUNT=2 TORCHELASTIC_RUN_ID=a \
             TORCHELASTIC_USE_AGENT_STORE=True"
        );
        let found = of(&torchrun).expect("well formed").expect("one of four");
        assert_eq!((found.rank, found.world, found.local_rank), (3, 4, Some(1)));
        assert_eq!((found.host.as_str(), found.port), ("10.0.0.1", 29500));
        assert_eq!(
            (found.is_kept_by_torchrun, found.prefix.as_str()),
            (true, "wo/a/2")
        );
        let slurm = format!("SLURM_PROCID=1 SLURM_NTASKS=2 SLURM_LOCALID=0 {MEET}");
        let found = of(&format!("{slurm} SLURM_STEP_ID=0")).expect("well formed");
        let found = found.expect("one of two");
        assert_eq!((found.rank, found.world, found.local_rank), (1, 2, Some(0)));
        // The script of a job is no step of it.
        let message = of(&slurm).expect_err("no step");
        assert!(message.contains("but not RANK, WORLD_SIZE"), "{message}");
    }

    #[test]
    fn what_is_missing_or_no_number_is_named() {
        let check = |variables: &str, words: &str| {
            let message = of(variables).expect_err(variables);
            assert!(message.contains(words), "{variables}: {message}");
        };
        check(
            "RANK=0 WORLD_SIZE=2",
            "has RANK, WORLD_SIZE, but not MASTER_ADDR, MASTER_PORT",
        );
        check("WORLD_SIZE=2", "but not RANK, MASTER_ADDR, MASTER_PORT");
        check("RANK=1", "but not WORLD_SIZE");
        check(
            MEET,
            "has MASTER_ADDR, MASTER_PORT, but not RANK, WORLD_SIZE",
        );
        let with = |more: &str| format!("{more} {MEET}");
        check(
            &with("RANK=x WORLD_SIZE=2"),
            "RANK is \"x\", and must be a number from 0",
        );
        check(&with("RANK=-1 WORLD_SIZE=2"), "RANK is \"-1\"");
        check(&with("RANK=0 WORLD_SIZE=0"), "WORLD_SIZE is \"0\"");
        check(
            &with("RANK=2 WORLD_SIZE=2"),
            "RANK is 2 and WORLD_SIZE is 2: processes are numbered from 0 to 1",
        );
        check(
            &with("RANK=0 WORLD_SIZE=2 LOCAL_RANK=b"),
            "LOCAL_RANK is \"b\"",
        );
        check(
            "RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=70000",
            "MASTER_PORT is \"70000\"",
        );
    }
}
