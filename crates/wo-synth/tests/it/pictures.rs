//! What is drawn, and that it can be encoded.

use wo_synth::{
    Exercise, PlanOptions, Renderer, VideoSpec, encode, extent, plan, plates, render_frame,
};

fn videos(seed: u64, n_videos_per_class: u32) -> Vec<VideoSpec> {
    plan(&PlanOptions {
        seed,
        exercises: Exercise::ALL.to_vec(),
        n_videos_per_class,
        n_persons: None,
    })
}

#[test]
fn the_same_seed_gives_the_same_pixels_and_another_does_not() {
    let (first, second, other) = (videos(1, 1), videos(1, 1), videos(2, 1));
    for ((a, b), c) in first.iter().zip(&second).zip(&other) {
        let a = Renderer::square(a, 96).picture(1.5);
        assert_eq!(a, Renderer::square(b, 96).picture(1.5));
        assert_ne!(a, Renderer::square(c, 96).picture(1.5));
    }
}

#[test]
fn one_exercise_alone_is_drawn_as_among_all() {
    let alone = plan(&PlanOptions {
        seed: 1,
        exercises: vec![Exercise::Deadlift],
        n_videos_per_class: 1,
        n_persons: None,
    });
    let among = videos(1, 1);
    let same = among
        .iter()
        .find(|s| s.exercise == Exercise::Deadlift && s.number == 0)
        .unwrap();
    assert_eq!(
        (alone[0].width, &alone[0].tempo, alone[0].technique),
        (same.width, &same.tempo, same.technique)
    );
}

#[test]
fn the_lifter_moves_and_every_pixel_is_opaque() {
    let spec = &videos(4, 1)[0];
    let first = render_frame(spec, 0.0);
    let t_far = (0..spec.tempo.n_frames())
        .map(|f| f as f32 / 30.0)
        .max_by(|a, b| spec.tempo.phase_at(*a).total_cmp(&spec.tempo.phase_at(*b)))
        .unwrap();
    let far = render_frame(spec, t_far);
    assert_eq!((first.width, first.height), (spec.width, spec.height));
    assert!(first.rgba.chunks(4).all(|pixel| pixel[3] == 255));
    let n_changed = first
        .rgba
        .chunks(4)
        .zip(far.rgba.chunks(4))
        .filter(|(a, b)| a != b)
        .count();
    assert!(
        n_changed * 25 > first.rgba.len() / 4,
        "{n_changed} pixels changed"
    );
}

#[test]
fn the_whole_action_is_inside_the_central_square() {
    let mut fills = Vec::new();
    for spec in videos(12, 12) {
        let side = 256;
        let lens = spec.lens(side, side);
        let (mut low, mut high) = (f32::MAX, f32::MIN);
        let (mut low_y, mut high_y) = (f32::MAX, f32::MIN);
        for step in 0..=20 {
            let skeleton = spec.skeleton_at_phase(step as f32 / 20.0);
            let mut points = extent(&skeleton, spec.person.body.head);
            if spec.fault() != Some(wo_synth::Fault::UnevenBar) {
                points.extend(plates(&skeleton, spec.load.outer_m(), spec.load.plate_m));
            }
            for point in points {
                let spot = lens.project(point);
                (low, high) = (low.min(spot.x), high.max(spot.x));
                (low_y, high_y) = (low_y.min(spot.y), high_y.max(spot.y));
            }
        }
        let all = 0.0..256.0;
        assert!(
            [low, high, low_y, high_y].iter().all(|v| all.contains(v)),
            "{:?} {:?}: {low}..{high} by {low_y}..{high_y}",
            spec.exercise,
            spec.fault()
        );
        fills.push((high - low).max(high_y - low_y) / 256.0);
    }
    let mean = fills.iter().sum::<f32>() / fills.len() as f32;
    let least = fills.iter().copied().fold(f32::MAX, f32::min);
    assert!(
        mean > 0.75 && least > 0.55,
        "filled {mean} on average, at least {least}"
    );
}

#[test]
fn a_short_video_is_encoded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/a.mp4");
    let mut spec = videos(1, 1).swap_remove(0);
    spec.tempo.duration_s = 0.5;
    encode(&spec, &path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() > 2000, "{} bytes", bytes.len());
    assert_eq!(&bytes[4..8], b"ftyp");
    assert_eq!(
        std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
        1,
        "nothing else is left there"
    );
}
