//! The videos that a person would film, and the table that they would write: drawn lifters.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::thread;

use wo_synth::{Exercise, Fault, PlanOptions, VideoSpec, encode, plan};

/// Each of them is filmed once with good and once with bad form. Three in ten are held out: with fewer persons chance alone
/// could keep the first model from being surely better than guessing.
pub(super) const N_PERSONS: u32 = 28;
/// The person whom the page takes out.
pub(super) const FORGOTTEN: &str = "svenja";
const SEED: u64 = 41;
/// Persons of another seed are other persons.
const SEED_OF_NEW: u64 = 42;
/// Large enough that nothing must be mended, and small enough to be drawn quickly: one portrait, one landscape.
const SIZES: [(u32, u32); 2] = [(240, 320), (320, 240)];
/// The shortest set that the page asks for.
const DURATION_S: f32 = 5.0;
/// Gross faults: this is about the order of things, and not about how well drawn form can be told.
const FAULT_SIZE: f32 = 1.0;

/// What will be filmed.
pub(super) struct Films {
    specs: Vec<VideoSpec>,
}

impl Films {
    pub(super) fn plan() -> Self {
        Self {
            specs: specs(SEED, N_PERSONS),
        }
    }

    /// Copies the videos "from the phones", and lists them; of the last one the consent is not written down yet.
    pub(super) fn hand_in(&self, gym: &Path) {
        let folder = gym.join("data/films");
        fs::create_dir_all(&folder).expect("make a folder");
        wo_synth::probe().expect("GStreamer can encode");
        let n_threads = thread::available_parallelism().map_or(1, usize::from);
        let numbered: Vec<(usize, &VideoSpec)> = self.specs.iter().enumerate().collect();
        thread::scope(|scope| {
            for part in numbered.chunks(numbered.len().div_ceil(n_threads)) {
                let folder = &folder;
                scope.spawn(move || {
                    for (number, spec) in part {
                        encode(spec, &folder.join(name(*number))).expect("draw a video");
                    }
                });
            }
        });
        self.list(gym, self.specs.len() - 1);
    }

    /// Writes down all consents.
    pub(super) fn note_all_consents(&self, gym: &Path) {
        self.list(gym, self.specs.len());
    }

    /// Writes the table, with consents of the first so many.
    fn list(&self, gym: &Path, n_consents: usize) {
        let path = gym.join("data/sources.csv");
        let table = fs::read_to_string(&path).expect("the folder has a table of sources");
        let header = table.lines().next().expect("a table has a header");
        // Whoever writes the table knows its columns from the page.
        assert!(super::page().contains(header), "the page lacks {header}");
        let mut table = format!("{header}\n");
        for (number, spec) in self.specs.iter().enumerate() {
            let fault = spec.fault().map_or("", Fault::name);
            let (person, gym) = (person(spec), person_number(spec));
            let consent = if number < n_consents {
                "2026-05-04 on paper"
            } else {
                ""
            };
            writeln!(
                table,
                "films/{},{},{},{fault},{person},gym {gym},{},,,own,{consent},",
                name(number),
                spec.exercise.name(),
                spec.label(),
                spec.camera.angle.name(),
            )
            .expect("a text grows");
        }
        fs::write(&path, table).expect("write the table");
    }

    /// A video of somebody who is in no other.
    pub(super) fn draw_new(path: &Path) {
        let mut specs = specs(SEED_OF_NEW, 1);
        let spec = specs.pop().expect("at least one video");
        encode(&spec, path).expect("draw a video");
    }
}

fn specs(seed: u64, n_persons: u32) -> Vec<VideoSpec> {
    let mut specs = plan(&PlanOptions {
        seed,
        exercises: vec![Exercise::Squat],
        n_videos_per_class: n_persons,
        n_persons: Some(n_persons),
    });
    for (spec, size) in specs.iter_mut().zip(SIZES.into_iter().cycle()) {
        (spec.width, spec.height) = size;
        spec.tempo.duration_s = DURATION_S;
        if let Some(flaw) = &mut spec.technique.flaw {
            flaw.size = FAULT_SIZE;
        }
    }
    specs
}

/// As a phone names them.
fn name(number: usize) -> String {
    format!("IMG_{number:04}.mp4")
}

/// The number of the person, with which ids end.
fn person_number(spec: &VideoSpec) -> u32 {
    let digits = spec.person.id.rsplit('-').next();
    let digits = digits.expect("an id has parts");
    digits.parse().expect("an id ends with a number")
}

/// The first person that is drawn has the name that the page takes out.
fn person(spec: &VideoSpec) -> String {
    match person_number(spec) {
        0 => FORGOTTEN.to_owned(),
        number => format!("lifter {number}"),
    }
}
