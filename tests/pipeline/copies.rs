//! Whether copies of videos are found in disguise, and whether different persons before one camera are told apart.
//! `WO_FULL=1` draws more of them, and prints the table of docs/experiments.

mod disguise;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine;
use image::RgbImage;
use serde_json::Value;
use wo_picture::{Fingerprint, Sought, overlaps};
use wo_synth::{Exercise, Lens, PlanOptions, Renderer, VideoSpec, plan};

use self::disguise::{Disguise, Span, disguises};
use crate::ok;

/// As `wo-extract` takes from a video.
const N_FRAMES: usize = 10;
const SIZE: (u32, u32) = (480, 270);

fn is_full() -> bool {
    std::env::var_os("WO_FULL").is_some()
}

/// Lifters who do one exercise in one room, before a camera that nobody touches.
struct Room {
    lens: Lens,
    specs: Vec<VideoSpec>,
}

impl Room {
    /// Each person lifts twice, well and badly.
    fn new(seed: u64, exercise: Exercise, n_persons: u32) -> Self {
        let mut specs = plan(&PlanOptions {
            seed,
            exercises: vec![exercise],
            n_videos_per_class: n_persons,
            n_persons: Some(n_persons),
        });
        let mut tall = specs.first().expect("a video").clone();
        tall.person.body.height = 1.9;
        for spec in &mut specs {
            spec.scene = tall.scene.clone();
            spec.camera = tall.camera.clone();
            spec.camera.shake = 0.0;
        }
        let lens = tall.lens(SIZE.0, SIZE.1);
        Self { lens, specs }
    }

    fn frames(&self, spec: &VideoSpec, span: Span) -> Vec<RgbImage> {
        let renderer = Renderer::through(spec, self.lens, SIZE.0, SIZE.1);
        let times = span.times(f64::from(spec.tempo.duration_s), N_FRAMES);
        let frame = |time: f64| {
            let rgba = renderer.picture(time as f32).rgba;
            let rgb = rgba.chunks_exact(4).flat_map(|it| [it[0], it[1], it[2]]);
            RgbImage::from_raw(SIZE.0, SIZE.1, rgb.collect()).expect("as large as asked for")
        };
        times.into_iter().map(frame).collect()
    }

    fn fingerprint(&self, spec: &VideoSpec) -> Fingerprint {
        let frames = self.frames(spec, Span::Parts(0.0, 1.0));
        let made = Fingerprint::of(&frames).expect("frames");
        let read = Fingerprint::from_text(&made.to_text());
        read.filter(|it| *it == made)
            .expect("what is stored is read")
    }
}

/// How many copies were found of how many, by disguise.
#[derive(Default)]
struct Found(BTreeMap<&'static str, (u32, u32)>);

impl Found {
    fn look(&mut self, disguise: &Disguise, original: &Fingerprint, copy: &[RgbImage]) {
        let copy = Fingerprint::of(&disguise.apply(copy)).expect("frames");
        let is_found = Sought::new(&copy).found_in(original).is_some();
        let (found, all) = self.0.entry(disguise.name).or_default();
        *found += u32::from(is_found);
        *all += 1;
    }

    /// A line of the table for each disguise and one for all.
    fn table(&self, what: &str) -> String {
        let line = |(name, (found, all)): (&&str, &(u32, u32))| {
            format!("{what} | {name} | {found} of {all}\n")
        };
        let (found, all) = self.sums();
        let lines: String = self.0.iter().map(line).collect();
        format!("{lines}{what} | all | {found} of {all}")
    }

    fn sums(&self) -> (u32, u32) {
        let all = self.0.values();
        all.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1))
    }

    /// Asks for 19 of 20 over all disguises, and half of each.
    fn check(&self) {
        let (found, all) = self.sums();
        assert!(20 * found >= 19 * all, "{found} of {all} copies found");
        for (name, (found, all)) in &self.0 {
            assert!(2 * found >= *all, "{name}: {found} of {all}");
        }
    }
}

#[test]
fn copies_of_drawn_videos_are_found_in_disguise() {
    let mut all = Found::default();
    let seeds = if is_full() { 7..11 } else { 7..8 };
    let n_persons = if is_full() { 4 } else { 1 };
    for (seed, exercise) in seeds.flat_map(|seed| Exercise::ALL.map(|it| (seed, it))) {
        let room = Room::new(seed, exercise, n_persons);
        for spec in room.specs.iter().take(n_persons as usize) {
            let original = room.fingerprint(spec);
            for disguise in disguises() {
                all.look(&disguise, &original, &room.frames(spec, disguise.span));
            }
        }
    }
    println!("{}", all.table("drawn"));
    all.check();
}

#[test]
fn copies_of_gym_videos_are_found_in_disguise() {
    /// So many that the frames of a copy lie at other times.
    const N_TAKEN: usize = 80;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/clips/gym");
    if !folder.is_dir() {
        return wo_testkit::skip::not_available("the shared folder of gym clips");
    }
    let work = wo_testkit::tempdir().expect("make a folder");
    let names: &[&str] = if is_full() {
        &["*.mp4"]
    } else {
        &["deadlifts.mp4", "pull_up.mp4", "squat.mp4"]
    };
    let mut videos: BTreeMap<String, Vec<RgbImage>> = BTreeMap::new();
    for name in names {
        let path = folder.join(name);
        let line = format!(
            "wo-extract {} --frames-per-video {N_TAKEN} --size 270",
            path.display()
        );
        for line in ok(work.path(), &line).lines() {
            let record: Value = serde_json::from_str(line).expect("a record");
            let jpeg = record["image"]["inline"]["jpeg_base64"].as_str();
            let Some((id, jpeg)) = record["video_id"].as_str().zip(jpeg) else {
                continue;
            };
            let jpeg = base64::engine::general_purpose::STANDARD.decode(jpeg);
            let image = image::load_from_memory(&jpeg.expect("base64")).expect("an image");
            let of_video = videos.entry(id.to_owned()).or_default();
            of_video.push(image.into_rgb8());
        }
    }
    assert!(videos.len() >= names.len());
    let mut all = Found::default();
    for frames in videos.values() {
        // The videos last eight seconds.
        let taken = |span: Span| -> Vec<RgbImage> {
            let times = span.times(8.0, N_FRAMES).into_iter();
            let place = |time: f64| (time / 8.0 * frames.len() as f64) as usize;
            times
                .filter_map(|it| frames.get(place(it)).cloned())
                .collect()
        };
        let original = Fingerprint::of(&taken(Span::Parts(0.0, 1.0))).expect("frames");
        for disguise in disguises() {
            all.look(&disguise, &original, &taken(disguise.span));
        }
    }
    println!("{}", all.table("gym"));
    all.check();
}

#[test]
fn persons_in_one_room_are_not_copies() {
    let seeds = if is_full() { 7..11 } else { 7..8 };
    let n_persons = if is_full() { 16 } else { 12 };
    let (mut n_other, mut n_same) = (0, 0);
    let (mut alike, mut of_one_person, mut copies) = (Vec::new(), 0, 0);
    let mut spent = Duration::ZERO;
    let exercises = if is_full() {
        &Exercise::ALL[..]
    } else {
        &[Exercise::Deadlift, Exercise::Squat]
    };
    for (seed, &exercise) in seeds.flat_map(|seed| exercises.iter().map(move |it| (seed, it))) {
        let room = Room::new(seed, exercise, n_persons);
        let fingerprints: Vec<_> = room.specs.iter().map(|it| room.fingerprint(it)).collect();
        let person = |place: usize| &room.specs[place].person.id;
        for (second, first) in
            (0..room.specs.len()).flat_map(|second| (0..second).map(move |it| (second, it)))
        {
            let is_same = person(first) == person(second);
            *(if is_same { &mut n_same } else { &mut n_other }) += 1;
        }
        let start = Instant::now();
        let found = overlaps(&fingerprints.iter().map(Some).collect::<Vec<_>>());
        spent += start.elapsed();
        for it in found {
            if person(it.first) == person(it.second) {
                of_one_person += 1;
                copies += u32::from(it.is_copy());
            } else {
                alike.push((exercise, it));
            }
        }
    }
    let per_pair = spent / (n_other + n_same);
    println!(
        "persons | {} of {n_other} pairs of persons taken for copies: {alike:?}",
        alike.len()
    );
    println!(
        "persons | {of_one_person} of {n_same} pairs of sets of one person, {copies} as the very same frames"
    );
    println!("persons | {per_pair:?} a pair");
    assert!(n_other >= 300);
    assert!(1000 * alike.len() <= n_other as usize, "{alike:?}");
    assert!(copies <= n_same / 20, "sets of one person are no copies");
}
