//! Several processes of one run: how they come together, what they refuse, and what each computes a part of.

use std::fs;
use std::path::Path;

use wo_cli::{Exit, Message, Stop, bail, ensure, message};
use wo_clip::tch::{Device, Kind, Tensor};
use wo_clip::{FoundDevice, Group, Rendezvous};
use wo_record::Base;

use crate::cli::args::LossFlag;
use crate::cli::config::Config;
use crate::data::config::Source;
use crate::data::dataset::Dataset;
use crate::hyperparameters::Hyperparameters;
use crate::validation::metrics::Probabilities;

/// The processes of this run, by the environment. From here on the first of them speaks for all.
pub(crate) fn join(config: &Config, stop: &Stop) -> anyhow::Result<Group> {
    let Some(at) = Rendezvous::from_env()? else {
        return Ok(Group::alone());
    };
    wo_cli::speak_as_rank(at.rank);
    refuse_what_needs_one(config)?;
    let stopped = || message!("stopped while waiting for the other processes");
    let group = stop.while_waiting(stopped, || Group::join(&at))?;
    wo_cli::say!(
        "{} processes, {} of them on this machine",
        group.world(),
        group.n_local()
    );
    Ok(group)
}

/// What cannot be parted among processes.
fn refuse_what_needs_one(config: &Config) -> anyhow::Result<()> {
    if let Source::Stream(input) = &config.data.source {
        let input = input.as_deref().filter(|it| *it != Path::new("-"));
        let is_file = |path: &Path| fs::metadata(path).is_ok_and(|it| it.is_file() || it.is_dir());
        match input {
            // What is not there is told where it is opened.
            Some(path) if is_file(path) || !path.exists() => {}
            _ if config.fetches_only => {}
            _ => bail!(
                Exit::Usage,
                "several processes cannot read one stream: each would get a part of it";
                "give --data-dir DIR, or write the records to a file that each process can read: wo-train FILE"
            ),
        }
    }
    let loss = config.args.loss.loss;
    ensure!(
        !matches!(loss, LossFlag::Infonce | LossFlag::Diagonal),
        Exit::Usage,
        "the losses infonce and diagonal compare the frames of a whole batch, which several processes would part";
        "take --loss bank or sigmoid, in which each video stands for itself; or train with one process"
    );
    Ok(())
}

/// Fails where processes were started with other flags, or read other videos.
pub(crate) fn check_same(group: &Group, what: &str, text: &str) -> anyhow::Result<()> {
    let others = group.who_differs(text)?;
    let names: Vec<String> = others.iter().map(usize::to_string).collect();
    let (names, who) = (
        names.join(", "),
        if others.len() == 1 { "rank" } else { "ranks" },
    );
    ensure!(
        others.is_empty(),
        Exit::Integrity,
        "the processes do not train the same: {what} of {who} {names} differ from those of rank 0";
        "start all with the same command, and have the same files under the same paths on each machine"
    );
    Ok(())
}

/// Fails where other processes do something else than the first.
pub(crate) fn check_same_run(
    group: &Group,
    found: &FoundDevice,
    hyper: &Hyperparameters,
    base: &Base,
    dataset: &Dataset,
) -> anyhow::Result<()> {
    // Videos a pass are a matter of each, by its memory.
    let hyper = Hyperparameters {
        micro_batch: 0,
        ..hyper.clone()
    };
    let (hyper, on_gpu) = (serde_json::to_string(&hyper)?, found.device.is_cuda());
    let flags = format!("{} {hyper} {on_gpu} {}", crate::VERSION, base.init);
    check_same(group, "version, flags or device", &flags)?;
    check_same(group, "videos", &dataset.fingerprint())
}

/// What is said where a signal ends a run that waits, and the others hear it too.
pub(crate) fn with_farewell(
    group: &Group,
    tidy: impl FnOnce() -> Message + Send + 'static,
) -> impl FnOnce() -> Message + Send + 'static {
    let farewell = group.farewell();
    move || {
        farewell.say_stopped();
        tidy()
    }
}

/// Features of all videos, of which this process has `own`: those of its slice. `n_frames` are those of each video.
pub(crate) fn gather_features(
    group: &Group,
    own: Vec<Tensor>,
    n_frames: &[usize],
    width: i64,
) -> anyhow::Result<Vec<Tensor>> {
    if group.is_alone() {
        return Ok(own);
    }
    let zeros = |&n: &usize| Tensor::zeros([n as i64, width], (Kind::Float, Device::Cpu));
    let mut all: Vec<Tensor> = n_frames.iter().map(zeros).collect();
    for (place, features) in group.slice(n_frames.len()).zip(own) {
        all[place] = features;
    }
    group.sum(&all.iter().collect::<Vec<_>>())?;
    Ok(all)
}

/// Probabilities over `n_classes` classes of all `n` videos, of which this process has `own`: those of its slice.
pub(crate) fn gather_probabilities(
    group: &Group,
    own: Vec<Probabilities>,
    (n, n_classes): (usize, usize),
) -> anyhow::Result<Vec<Probabilities>> {
    if group.is_alone() || n_classes == 0 {
        return Ok(own);
    }
    let mut flat = vec![0.0; n * n_classes];
    let first = group.slice(n).start * n_classes;
    let places = flat.iter_mut().skip(first);
    places.zip(own.concat()).for_each(|(to, from)| *to = from);
    let all = group.sum_numbers(&flat)?;
    Ok(all.chunks(n_classes).map(<[f64]>::to_vec).collect())
}
