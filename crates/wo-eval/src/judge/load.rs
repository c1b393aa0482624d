//! Loads a model.

use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith, opened};
use wo_clip::tch::Device;
use wo_clip::{Checkpoint, Class, Judge, Kernels, Manifest, read_checkpoint};

use crate::judge::place::Place;
use crate::render::sentences::base_model::caution_in_words;

/// Loads a model onto a device, to judge in this precision. `hint` is for a path that does not exist.
pub(crate) fn load_judge(model: &Path, place: &Place, hint: &str) -> anyhow::Result<Judge> {
    check_model(model, hint)?;
    if place.found.device == Device::Cpu {
        // Only a libtorch without oneDNN refuses, and then its own kernels stay.
        let _ = Kernels::of_machine().apply();
    }
    let loading = || format!("load the model {}", model.display());
    let checkpoint = whole_checkpoint(model)?;
    if let Some(note) = checkpoint.config.license_note() {
        wo_cli::warn!("{note}");
    }
    let judge = Judge::on(&checkpoint, &place.found, place.precision)
        .with_context(loading)
        .exit_with(Exit::Integrity)?;
    warn_of_equal_captions(&judge).exit_or(Exit::Integrity)?;
    if let Some(caution) = judge.manifest().caution() {
        wo_cli::warn!(
            "caution with {}: {}",
            model.display(),
            caution_in_words(caution)
        );
    }
    Ok(judge)
}

/// What a model says of itself, without the model.
pub(crate) fn load_manifest(model: &Path, hint: &str) -> anyhow::Result<Manifest> {
    check_model(model, hint)?;
    let manifest = whole_checkpoint(model)?.manifest;
    manifest.ok_or_else(|| {
        let error = wo_cli::error!(
            Exit::Integrity,
            "{} has no wo.json, so it judged nothing", model.display();
            "{hint}"
        );
        error.into()
    })
}

/// A checkpoint whose manifest is the one that was written with it.
fn whole_checkpoint(model: &Path) -> anyhow::Result<Checkpoint> {
    // An early end of a model's file is an I/O error to those who read it, and a corrupt model to us. It says which model
    // it reads.
    let checkpoint = read_checkpoint(model).exit_with(Exit::Integrity)?;
    wo_cli::ensure!(
        !checkpoint.is_edited(),
        Exit::Integrity,
        "load the model {}: its wo.json is not the one that wo-train wrote, so which videos are held out is unknown: the \
         videos, their groups or the abstention policy were changed",
        model.display();
        "take wo.json from a backup, or train the model again"
    );
    Ok(checkpoint)
}

/// Warns of classes with equal captions, which older versions of wo-train allowed.
fn warn_of_equal_captions(judge: &Judge) -> anyhow::Result<()> {
    let manifest = judge.manifest();
    let texts = judge.read_texts(&manifest.prompts)?;
    let equal = texts.equal_classes().filter(|_| manifest.head.is_none());
    if let Some((class, other)) = equal {
        let name = |class: usize| name_of_class(manifest, class);
        wo_cli::warn!(
            "the model reads no caption that belongs to {} alone, so it cannot separate it from {}",
            name(class),
            name(other);
            "train again with descriptions that differ"
        );
    }
    Ok(())
}

/// The name of a class of a model; empty where there is none.
pub(crate) fn name_of_class(manifest: &Manifest, class: usize) -> String {
    let class = manifest.classes.get(class);
    class.map_or_else(String::new, class_name)
}

/// `squat/bad_form+knees_cave`.
pub(crate) fn class_name(class: &Class) -> String {
    let faults = class.faults.iter().map(|fault| format!("+{fault}"));
    let faults: String = faults.collect();
    format!("{}/{}{faults}", class.exercise, class.label)
}

/// Fails if the model does not exist.
pub(crate) fn check_model(model: &Path, hint: &str) -> anyhow::Result<()> {
    let doing = || format!("open the model {}", model.display());
    match std::fs::metadata(model) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            wo_cli::bail!(Exit::Usage, "{}: {error}", doing(); "{hint}")
        }
        found => opened(found, doing).map(drop),
    }
}
