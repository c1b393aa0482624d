//! Two models, or what they said, on the same videos: paired differences over groups, and a gate.

mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::Path;

use anyhow::{bail, ensure};
use wo_cli::{Exit, ExitWith, Outcome, verb};
use wo_clip::{Judge, set_threads};
use wo_input::{VideoItem, cures, failed_inputs, folder_of_frames};
use wo_record::{
    Comparison, Failure, Gate, Name, Prediction as Wire, Producer, Record, UNCLEAR, Writer, code,
    group_of,
};
use wo_stats::{Bootstrap, Figure, McNemar, Panel, Unit, smallest_detectable};

use crate::alike::Alike;
use crate::answers::Answers;
use crate::args::Compare;
use crate::findings::{Asked, Findings, Model};
use crate::load::{check_model, load_judge};
use crate::near_duplicates::{Again, Came, NearDuplicates};
use crate::predict::{Looks, name_of, named, predict};
use crate::prediction::Prediction;
use crate::question::counted_units;
use crate::source::Source;
use crate::spoken::{Spoken, answers_of, prediction};
use crate::tally::{Tally, counted};
pub(crate) use words::gate_in_words;
use words::table;

/// For people who name a model or a file that is not there.
const HINT: &str = "train one with wo-train, or name a file of predictions";
/// So much of a file says whether it is text.
const N_FIRST_BYTES: u64 = 512;

/// What was said by the candidate and by the champion, and what went wrong.
#[derive(Debug, Default)]
struct Said {
    wires: [Vec<Wire>; 2],
    upstream: Vec<Producer>,
    failures: Vec<Failure>,
    /// Lines that are no records.
    n_skipped: u64,
    came: Came,
    /// What the frames of videos say of them.
    tally: Tally,
    /// What the first of the models says of each video, for how it looks.
    seen: Vec<Prediction>,
    /// What that model knows.
    answers: Option<Answers>,
}

/// A model that judges for one of the two.
#[derive(Debug)]
struct Side {
    place: usize,
    judge: Judge,
    answers: Answers,
    seen_by_model: Alike,
}

/// Compares and, where a gate is given, says whether it opens.
pub(crate) fn compare(
    args: &Compare,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let paths: [&Path; 2] = [&args.candidate, &args.champion];
    let mut said = said_by(args, input)?;
    said.sort();
    refuse_seen(&said.wires, paths)?;
    let [candidate, champion] = same_videos(said.wires)?;
    let answers = answers_of(candidate.iter().chain(&champion));
    if let Some(terms) = &args.gate {
        terms.check_classes(&answers)?;
    }
    let read = |wires: Vec<Wire>| -> Vec<Prediction> {
        let wires = wires.into_iter();
        wires.map(|wire| prediction(wire, None, &answers)).collect()
    };
    let (candidate, champion) = (read(candidate), read(champion));
    let comparisons = differences(&candidate, &champion, &answers, args.seed.seed);
    let gate = args.gate.as_ref().map(|terms| {
        let [new, old] = [&candidate, &champion].map(|predictions| {
            let model = Model {
                answers: &answers,
                trust: None,
                learning_curve: None,
                videos: &[],
            };
            let asked = Asked {
                seed: args.seed.seed,
                ..Asked::default()
            };
            Findings::of(predictions, model, &asked)
        });
        terms.judge(|figure| new.known(figure), |figure| old.known(figure))
    });
    let shows_table = args.table || (!args.json && std::io::stdout().is_terminal());
    if shows_table {
        output.write_all(table(paths, &comparisons, gate.as_ref()).as_bytes())?;
    } else {
        let (upstream, failures) = (&said.upstream, &said.failures);
        write(output, upstream, failures, &comparisons, gate.as_ref())?;
    }
    let terms = gate.iter().flat_map(|it| &it.terms);
    for why in terms.filter_map(|it| it.why.as_ref()) {
        wo_cli::warn!("{why}");
    }
    Ok(if let Some(Gate { passed: false, .. }) = gate {
        Outcome::No
    } else {
        let inputs = failed_inputs(&said.failures, said.n_skipped);
        if !inputs.is_empty() {
            let folder = folder_of_frames(args.data_dir.as_deref(), None);
            let cures = cures(&said.failures, folder.as_deref(), wo_cli::shell_word);
            wo_cli::warn!("{}", wo_cli::failed(&inputs, &cures));
        }
        Outcome::from_failures(inputs.len() as u64)
    })
}

/// What each of the two says.
fn said_by(args: &Compare, input: &mut dyn BufRead) -> anyhow::Result<Said> {
    let mut said = Said::default();
    for path in [&args.candidate, &args.champion] {
        check_model(path, HINT)?;
    }
    let mut sides = Vec::new();
    for (place, path) in [&args.candidate, &args.champion].into_iter().enumerate() {
        if is_records(path) {
            let spoken = Spoken::read(path, &mut std::io::empty(), &args.reading)?;
            let predictions = spoken.predictions.iter();
            said.wires[place] = predictions.map(|it| it.record(&spoken.answers)).collect();
            said.upstream.extend(spoken.upstream);
            said.failures.extend(spoken.failures);
        } else {
            let judge = load_judge(path, &args.device, HINT)?;
            sides.push(Side {
                place,
                answers: Answers::new(judge.classes()),
                seen_by_model: Alike::seen_by_model(&judge.manifest().videos),
                judge,
            });
        }
    }
    if sides.is_empty() {
        return Ok(said);
    }
    said.answers = sides.first().map(|it| Answers::new(it.judge.classes()));
    set_threads(args.threads.count());
    let source = match &args.data_dir {
        Some(directory) => Source::Folder(directory.clone()),
        None => Source::Stream(None),
    };
    let (mut said, rest) = source.read(
        input,
        &args.reading,
        &args.captions,
        |upstream| {
            said.upstream.extend_from_slice(upstream);
            Ok(said)
        },
        |said: &mut Said, item| {
            said.judge(item, &sides);
            Ok(())
        },
    )?;
    said.failures.extend(rest.failures);
    said.n_skipped += rest.n_skipped;
    Ok(said)
}

impl Said {
    /// Has a video judged by each model. One that cannot be read is told once.
    fn judge(&mut self, mut item: VideoItem, sides: &[Side]) {
        let settled = item.settle();
        match self.came.take(&item.video) {
            Again::New => self.tally.settle(name_of(&item.video), &settled),
            Again::Same => {
                self.tally.n_repeated += 1;
                return;
            }
            Again::Otherwise(failures) => return failures.into_iter().for_each(|it| self.fail(it)),
        }
        let mut is_told = false;
        for side in sides {
            let seen = side.judge.manifest().has_seen(&item.video);
            let looks = Looks::default();
            match predict(item.clone(), &side.judge, &side.answers, seen, looks) {
                Ok(mut judged) => {
                    if let Some(warning) = judged.warning.take().filter(|_| !is_told) {
                        self.fail(Failure {
                            code: code::BAD_IMAGE.to_owned(),
                            what: warning,
                            tool: env!("CARGO_PKG_NAME").to_owned(),
                            path: item.video.path.clone(),
                            video_id: Some(item.video.video_id.clone()),
                        });
                        is_told = true;
                    }
                    let prediction = &mut judged.prediction;
                    // What one of the two models was trained on says nothing of the other's groups.
                    prediction.group = group_of(&item.video);
                    let (id, hashes) = (&prediction.video_id, &prediction.facts.hashes);
                    let twin = side.seen_by_model.twin(id, hashes, usize::MAX);
                    prediction.seen |= twin.is_some();
                    if prediction.truth().is_some() {
                        self.wires[side.place].push(prediction.record(&side.answers));
                        if sides.first().is_some_and(|first| first.place == side.place) {
                            self.seen.push(judged.prediction);
                        }
                    }
                }
                Err(failure) if !is_told => {
                    self.fail(failure);
                    is_told = true;
                }
                Err(_) => {}
            }
        }
    }

    fn fail(&mut self, failure: Failure) {
        let id = failure.video_id.as_deref().unwrap_or_default();
        wo_cli::warn!("{}: {}", named(failure.path.as_ref(), id), failure.what);
        self.failures.push(failure);
    }

    /// Leaves out what is there under two labels, and makes one group of what looks alike.
    fn sort(&mut self) {
        let seen = std::mem::take(&mut self.seen);
        let looks: Vec<_> = seen.iter().map(|it| (it, &it.facts.looks)).collect();
        let answers = self.answers.take().unwrap_or_else(|| Answers::new(&[]));
        let near = NearDuplicates::among(&looks, &answers);
        for warning in near.warning().into_iter().chain(self.tally.warnings()) {
            wo_cli::warn!("{warning}");
        }
        for prediction in seen {
            if let Some(what) = near.contradicted.get(&prediction.video_id) {
                self.fail(Failure {
                    code: code::LABEL_CONFLICT.to_owned(),
                    what: what.clone(),
                    tool: env!("CARGO_PKG_NAME").to_owned(),
                    path: prediction.path,
                    video_id: Some(prediction.video_id),
                });
            }
        }
        for wires in &mut self.wires {
            wires.retain(|it| {
                let is_contradicted = near.contradicted.contains_key(&it.video_id);
                !is_contradicted && !self.came.is_contradicted(&it.video_id)
            });
            for wire in wires {
                if let Some(group) = near.groups.get(&wire.video_id) {
                    wire.group = group.to_string();
                }
            }
        }
    }
}

/// Whether it is a file of records: text, or what can be read only once. Models are folders, or files of bytes.
fn is_records(path: &Path) -> bool {
    let Ok(facts) = path.metadata() else {
        return false;
    };
    if !facts.is_file() {
        return !facts.is_dir();
    }
    let mut first = Vec::new();
    let file = File::open(path).map(|file| file.take(N_FIRST_BYTES));
    let read = file.and_then(|mut file| file.read_to_end(&mut first));
    read.is_ok() && !first.contains(&0)
}

/// What both have seen is left out. Where that leaves nothing, and where one of them has seen a video that the other takes
/// for new, nothing is compared.
fn refuse_seen(said: &[Vec<Wire>; 2], paths: [&Path; 2]) -> anyhow::Result<()> {
    for (wires, path) in said.iter().zip(paths) {
        let n_seen = wires.iter().filter(|it| it.seen).count();
        ensure_integrity(
            n_seen < wires.len().max(1),
            &format!(
                "{} has seen all labelled videos ({n_seen}) or their groups: nothing is left to compare on",
                path.display()
            ),
        )?;
    }
    let seen = |wires: &[Wire]| -> BTreeSet<String> {
        let seen = wires.iter().filter(|it| it.seen);
        seen.map(|it| it.video_id.clone()).collect()
    };
    let [candidate, champion] = [seen(&said[0]), seen(&said[1])];
    let only_one: Vec<&String> = candidate.symmetric_difference(&champion).collect();
    ensure_integrity(
        only_one.is_empty(),
        &format!(
            "{} {} seen in training by one of the two and not by the other, such as {}: on them the comparison would not be fair\n\
             hint: compare on videos that are new to both",
            counted(only_one.len() as u64, "video"),
            verb(only_one.len(), "was", "were"),
            only_one.first().map_or("", |it| it.as_str())
        ),
    )
}

fn ensure_integrity(holds: bool, what: &str) -> anyhow::Result<()> {
    if holds {
        return Ok(());
    }
    Err(anyhow::anyhow!("{what}")).exit_with(Exit::Integrity)
}

/// What both said of the videos that neither has seen, in one order.
fn same_videos(said: [Vec<Wire>; 2]) -> anyhow::Result<[Vec<Wire>; 2]> {
    let by_id = |wires: Vec<Wire>| -> BTreeMap<String, Wire> {
        let unseen = wires
            .into_iter()
            .filter(|it| !it.seen && it.label.is_some());
        unseen.map(|it| (it.video_id.clone(), it)).collect()
    };
    let n_seen = said[0].iter().filter(|it| it.seen).count() as u64;
    if n_seen > 0 {
        wo_cli::warn!(
            "{} left out: both were trained or chosen on them, their groups or the same pictures",
            counted(n_seen, "video")
        );
    }
    let [mut candidate, mut champion] = said.map(by_id);
    let n_apart = candidate
        .keys()
        .filter(|id| !champion.contains_key(*id))
        .count()
        + champion
            .keys()
            .filter(|id| !candidate.contains_key(*id))
            .count();
    if n_apart > 0 {
        wo_cli::warn!(
            "{} left out: judged by one of the two only",
            counted(n_apart as u64, "video")
        );
    }
    candidate.retain(|id, _| champion.contains_key(id));
    champion.retain(|id, _| candidate.contains_key(id));
    if candidate.is_empty() {
        bail!("there is no labelled video that both have judged");
    }
    for (id, wire) in &candidate {
        let other = champion.get(id).map(|it| (&it.label, &it.group));
        ensure!(
            other == Some((&wire.label, &wire.group)),
            "the two disagree on the label or the group of video {id}: they were not made from the same data"
        );
    }
    Ok([
        candidate.into_values().collect(),
        champion.into_values().collect(),
    ])
}

/// The differences of all figures of labels, in all and by exercise, and of exercises.
fn differences(
    candidate: &[Prediction],
    champion: &[Prediction],
    answers: &Answers,
    seed: u64,
) -> Vec<Comparison> {
    let pairs: Vec<(&Prediction, &Prediction)> = candidate.iter().zip(champion).collect();
    let mut found = differences_in(&pairs, &answers.labels, "label", "all", seed);
    for (number, exercise) in answers.exercises.iter().enumerate() {
        let of_it: Vec<_> = pairs
            .iter()
            .filter(|(it, _)| exercise_of(it) == Some(number))
            .copied()
            .collect();
        if !of_it.is_empty() && of_it.len() < pairs.len() {
            let scope = exercise.as_str();
            found.extend(differences_in(
                &of_it,
                &answers.labels,
                "label",
                scope,
                seed,
            ));
        }
    }
    let is_told = |it: &Prediction| it.said_exercise().is_some();
    if pairs.iter().all(|(a, b)| is_told(a) && is_told(b)) {
        found.extend(differences_in(
            &pairs,
            &answers.exercises,
            "exercise",
            "all",
            seed,
        ));
    }
    found
}

fn exercise_of(video: &Prediction) -> Option<usize> {
    match video.standing {
        crate::prediction::Standing::Scored { exercise, .. } => exercise,
        _ => None,
    }
}

fn differences_in(
    pairs: &[(&Prediction, &Prediction)],
    classes: &[Name],
    task: &str,
    scope: &str,
    seed: u64,
) -> Vec<Comparison> {
    let is_label = task == "label";
    let said = |it: &Prediction| {
        if is_label {
            it.call.label
        } else {
            it.call.exercise
        }
    };
    let units: Vec<Unit<'_>> = pairs
        .iter()
        .filter_map(|(new, old)| {
            Some(Unit {
                group: &new.group,
                truth: if is_label {
                    new.truth()?
                } else {
                    exercise_of(new)?
                },
                said: vec![said(new), said(old)],
            })
        })
        .collect();
    let panel = Panel::new(&units, classes.len());
    let figures = Figure::all(classes.len());
    let compared = panel.compare(&figures, &Bootstrap::new(seed));
    let [new, old, gains] = [
        compared.scores.first(),
        compared.scores.get(1),
        compared.gains.get(1),
    ];
    let estimates = new.into_iter().flatten().zip(old.into_iter().flatten());
    figures
        .iter()
        .zip(estimates.zip(gains.into_iter().flatten()))
        .filter(|(figure, _)| {
            let class = figure.class().and_then(|class| classes.get(class));
            class.is_none_or(|class| class.as_str() != UNCLEAR)
        })
        .map(|(figure, ((new, old), gain))| {
            let test = mcnemar(*figure, &units);
            let (n, n_groups) = counted_of_either(*figure, &units);
            Comparison {
                task: task.to_owned(),
                scope: scope.to_owned(),
                name: figure.name().to_owned(),
                class: figure.class().and_then(|class| classes.get(class)).cloned(),
                candidate: new.value,
                champion: old.value,
                difference: gain.value,
                low: gain.intervals.percentile.map(|it| it.low),
                high: gain.intervals.percentile.map(|it| it.high),
                detectable: smallest_detectable(gain.intervals.standard_error),
                only_candidate_right: test.as_ref().map(|it| it.only_first),
                only_champion_right: test.as_ref().map(|it| it.only_second),
                p_value: test.as_ref().map(|it| it.p_value),
                n,
                n_groups,
            }
        })
        .collect()
}

/// How many units a figure of either model rests on, and of how many groups.
fn counted_of_either(figure: Figure, units: &[Unit<'_>]) -> (u64, u64) {
    let class = match figure {
        Figure::Precision(class) | Figure::F1(class) => Some(class),
        _ => None,
    };
    let of_unit = |it: &Unit<'_>| {
        // What one of the two says is of the class counts for both.
        let said = it.said.iter().copied();
        said.reduce(|first, next| if Some(next) == class { next } else { first })
    };
    let told = units.iter().map(|it| (it.group, it.truth, of_unit(it)));
    let (n, n_groups) = counted_units(figure, told);
    (n, n_groups as u64)
}

/// For accuracy over all units, for a recall over those of the class.
fn mcnemar(figure: Figure, units: &[Unit<'_>]) -> Option<McNemar> {
    let is_asked = |unit: &&Unit<'_>| match figure {
        Figure::Accuracy => true,
        Figure::Recall(class) => unit.truth == class,
        _ => false,
    };
    let asked: Vec<&Unit<'_>> = units.iter().filter(is_asked).collect();
    let right = |place: usize| -> Vec<bool> {
        let is_right = |it: &&Unit<'_>| it.said.get(place) == Some(&it.truth);
        asked.iter().map(is_right).collect()
    };
    (!asked.is_empty()).then(|| McNemar::of(&right(0), &right(1)))
}

fn write(
    output: &mut dyn Write,
    upstream: &[Producer],
    failures: &[Failure],
    comparisons: &[Comparison],
    gate: Option<&Gate>,
) -> anyhow::Result<()> {
    let (tool, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let mut writer = Writer::begin(output, tool, version, upstream)?;
    for failure in failures {
        writer.failure(failure.clone())?;
    }
    for comparison in comparisons {
        writer.record(&Record::Comparison(comparison.clone()))?;
    }
    if let Some(gate) = gate {
        writer.record(&Record::Gate(gate.clone()))?;
    }
    writer.end()?;
    Ok(())
}

#[cfg(test)]
mod tests;
