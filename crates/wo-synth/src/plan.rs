//! What will be drawn: every choice of every video, made before the first pixel.
//!
//! Persons, scenes, cameras, tempo, size and encoder settings come from streams that do not know the label.

use crate::camera::Camera;
use crate::catalog::{Exercise, Fault};
use crate::equipment::{Load, Plates};
use crate::person::Person;
use crate::random::{Purpose, Stream, Wobble};
use crate::scene::Scene;
use crate::technique::{Flaw, Technique};
use crate::tempo::Tempo;

/// What to plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOptions {
    /// Seeds all choices.
    pub seed: u64,
    /// The exercises.
    pub exercises: Vec<Exercise>,
    /// How many videos of each exercise and label.
    pub n_videos_per_class: u32,
    /// How many persons; one for about four videos where it is not given.
    pub n_persons: Option<u32>,
}

/// How the video is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// The quantizer of x264: more is coarser.
    pub quantizer: u32,
    /// Frames between key frames.
    pub key_interval: u32,
}

/// Everything about one video.
// More than 12 fields: all that the seed decides of a video is in one place.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoSpec {
    /// The seed of the plan.
    pub seed: u64,
    /// Place in the plan, over all exercises.
    pub index: u64,
    /// Place among the videos of its exercise; says nothing about the label.
    pub number: u32,
    /// The exercise.
    pub exercise: Exercise,
    /// The lifter.
    pub person: Person,
    /// The room.
    pub scene: Scene,
    /// The camera.
    pub camera: Camera,
    /// The way of lifting, with the fault of a bad video.
    pub technique: Technique,
    /// When the lifter is where.
    pub tempo: Tempo,
    /// The loading of the bar.
    pub load: Load,
    /// Small movement of a body that nobody can keep still: lean and gaze.
    pub idle: [Wobble; 2],
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Encoder settings.
    pub encoding: Encoding,
}

/// As phones and cameras film; all even, as H.264 wants them.
const SIZES: [(u32, u32); 5] = [(360, 640), (406, 720), (640, 360), (720, 480), (480, 480)];
/// Fewer persons than this make no split by person.
const MIN_PERSONS: u32 = 8;
/// One person for about so many videos.
const VIDEOS_PER_PERSON: u32 = 4;
/// Each person films in so many places. No place has two persons: a split by person is then one by place too.
const SCENES_PER_PERSON: u64 = 2;

impl VideoSpec {
    /// The fault, if the video shows one.
    pub fn fault(&self) -> Option<Fault> {
        self.technique.flaw.map(|flaw| flaw.fault)
    }

    /// `good_form` or `bad_form`.
    pub fn label(&self) -> &'static str {
        if self.fault().is_some() {
            wo_record::BAD_FORM
        } else {
            wo_record::GOOD_FORM
        }
    }
}

/// Makes the plan, video by video in the order of exercise and number.
pub fn plan(options: &PlanOptions) -> Vec<VideoSpec> {
    let n_exercises = options.exercises.len() as u32;
    let n_videos = 2 * options.n_videos_per_class * n_exercises;
    let n_persons = options
        .n_persons
        .unwrap_or((n_videos / VIDEOS_PER_PERSON).max(MIN_PERSONS))
        .max(1);
    let mut specs = Vec::with_capacity(n_videos as usize);
    for (place, &exercise) in options.exercises.iter().enumerate() {
        for (number, slot) in slots(options, exercise).into_iter().enumerate() {
            let turn = slot.turn * n_exercises + place as u32;
            // Each round over the persons starts one further on, and bad videos one before good ones: so each person
            // does several exercises, and both labels.
            let person = (turn + turn / n_persons + u32::from(slot.bad)) % n_persons;
            specs.push(video(
                options.seed,
                specs.len() as u64,
                number as u32,
                exercise,
                person,
                slot,
            ));
        }
    }
    specs
}

/// One good or bad video of an exercise: the how manieth of its label.
#[derive(Debug, Clone, Copy)]
struct Slot {
    bad: bool,
    turn: u32,
}

/// The videos of an exercise in random order, so that the number of a video says nothing.
fn slots(options: &PlanOptions, exercise: Exercise) -> Vec<Slot> {
    let mut slots: Vec<Slot> = [false, true]
        .into_iter()
        .flat_map(|bad| (0..options.n_videos_per_class).map(move |turn| Slot { bad, turn }))
        .collect();
    Stream::new(options.seed, Purpose::Order, exercise as u64).shuffle(&mut slots);
    slots
}

fn video(
    seed: u64,
    index: u64,
    number: u32,
    exercise: Exercise,
    person: u32,
    slot: Slot,
) -> VideoSpec {
    // The same for a video whether or not other exercises are drawn beside it.
    let own = (exercise as u64) << 32 | u64::from(number);
    let mut stream = Stream::new(seed, Purpose::Video, own);
    let stream = &mut stream;
    let scene =
        u64::from(person) * SCENES_PER_PERSON + stream.below(SCENES_PER_PERSON as usize) as u64;
    let (width, height) = stream.pick(&SIZES);
    let flaw = slot.bad.then(|| Flaw {
        fault: exercise.faults()[slot.turn as usize % 3],
        size: Stream::new(seed, Purpose::Fault, own).within(0.0..1.0),
    });
    let angle_stream = &mut Stream::new(seed, Purpose::Camera, own);
    let camera = Camera::new(format!("c{seed}-{index:04}"), exercise, angle_stream);
    let mut technique =
        Technique::new(&mut Stream::new(seed, Purpose::Technique, own)).with_flaw(flaw);
    // From above, the nearer end of a level bar is lower in the picture. A tilt the other way would look level.
    technique.high_side = -camera.azimuth_deg.signum();
    VideoSpec {
        seed,
        index,
        number,
        exercise,
        person: Person::new(seed, u64::from(person)),
        scene: Scene::new(seed, scene),
        camera,
        technique,
        tempo: Tempo::new(stream),
        load: Load::new(stream, Plates::of(exercise)),
        idle: [Wobble::new(stream), Wobble::new(stream)],
        width,
        height,
        encoding: Encoding {
            quantizer: 19 + stream.below(10) as u32,
            key_interval: stream.pick(&[30, 60, 120, 250]),
        },
    }
}
