//! Every fault is a measurable change of the joints, clear of all that good form does.

use wo_synth::{Exercise, Fault, Flaw, LEFT, PlanOptions, RIGHT, Skeleton, VideoSpec, plan, vec3};

/// The phases at which a fault has to show.
const PHASES: [f32; 3] = [0.6, 0.8, 1.0];
const N_GOOD: usize = 200;

fn good_videos(exercise: Exercise) -> Vec<VideoSpec> {
    let options = PlanOptions {
        seed: 11,
        exercises: vec![exercise],
        n_videos_per_class: N_GOOD as u32,
        n_persons: None,
    };
    let good: Vec<VideoSpec> = plan(&options)
        .into_iter()
        .filter(|spec| spec.fault().is_none())
        .collect();
    assert_eq!(good.len(), N_GOOD);
    good
}

/// How far in front of the ankles the bar is.
fn bar_forward(s: &Skeleton) -> f32 {
    s.bar.centre.z - s.ankles[LEFT].z
}

fn elbow_deg(s: &Skeleton) -> f32 {
    (s.shoulders[LEFT] - s.elbows[LEFT]).angle_deg(s.hands[LEFT] - s.elbows[LEFT])
}

/// What tells a fault: larger is worse.
fn measure(fault: Fault, exercise: Exercise, spec: &VideoSpec, s: &Skeleton) -> f32 {
    let body = &spec.person.body;
    let trunk = s.spine.top() - s.spine.base();
    match fault {
        // Against the feet, since a wide stance has wide knees.
        Fault::KneesCave => {
            (s.ankles[LEFT].x - s.ankles[RIGHT].x) - (s.knees[LEFT].x - s.knees[RIGHT].x)
        }
        Fault::ShallowDepth => s.hips[LEFT].y - s.knees[LEFT].y,
        Fault::RoundedBack => s.spine.flexion_deg(),
        Fault::ChestCollapses | Fault::HipsRiseFirst => trunk.angle_deg(vec3(0.0, 1.0, 0.0)),
        Fault::BarDriftsAway => bar_forward(s),
        Fault::BarDriftsForward => s.bar.centre.z - s.shoulders[LEFT].z,
        Fault::ElbowsFlared => {
            // Level angle between the upper arm and the line from the shoulder to the feet.
            let arm = s.elbows[LEFT] - s.shoulders[LEFT];
            vec3(arm.x, 0.0, arm.z).angle_deg(vec3(0.0, 0.0, 1.0))
        }
        Fault::HipsLift => s.hips[LEFT].y - s.shoulders[LEFT].y,
        Fault::UnevenBar => s.bar.axis.y.abs(),
        Fault::TooUpright => -trunk.angle_deg(vec3(0.0, 1.0, 0.0)),
        Fault::ShortPull | Fault::PartialLockout if exercise == Exercise::BarbellRow => {
            (s.bar.centre - s.spine.points[1]).length() / body.height
        }
        Fault::BackArches => -s.spine.flexion_deg(),
        Fault::ShortPull | Fault::PartialLockout => -elbow_deg(s),
    }
}

/// The phases at which this fault shows. Some are over, or not yet there, at others.
fn phases_of(fault: Fault) -> &'static [f32] {
    match fault {
        Fault::HipsRiseFirst => &[0.3, 0.4, 0.5],
        Fault::ShallowDepth | Fault::ShortPull | Fault::PartialLockout => &[1.0],
        Fault::ElbowsFlared => &[0.8, 1.0],
        _ => &PHASES,
    }
}

#[test]
fn every_fault_is_clear_of_200_good_videos() {
    for exercise in Exercise::ALL {
        let good = good_videos(exercise);
        for fault in exercise.faults() {
            for &phase in phases_of(fault) {
                let value = |spec: &VideoSpec, flaw: Option<Flaw>| {
                    let mut spec = spec.clone();
                    spec.technique = spec.technique.with_flaw(flaw);
                    measure(fault, exercise, &spec, &spec.skeleton_at_phase(phase))
                };
                let worst_good = good
                    .iter()
                    .map(|spec| value(spec, None))
                    .fold(f32::MIN, f32::max);
                // The smallest size that is ever drawn, on each of the bodies.
                let smallest = Some(Flaw { fault, size: 0.0 });
                let best_bad = good
                    .iter()
                    .map(|spec| value(spec, smallest))
                    .fold(f32::MAX, f32::min);
                assert!(
                    best_bad > worst_good,
                    "{exercise:?} {fault:?} at phase {phase}: good up to {worst_good}, bad from {best_bad}"
                );
            }
        }
    }
}

#[test]
fn limbs_keep_their_lengths() {
    for exercise in Exercise::ALL {
        let flaws = exercise
            .faults()
            .map(|fault| Some(Flaw { fault, size: 1.0 }));
        for mut spec in good_videos(exercise).into_iter().take(40) {
            for flaw in std::iter::once(None).chain(flaws) {
                spec.technique = spec.technique.with_flaw(flaw);
                for step in 0..=10 {
                    let s = spec.skeleton_at_phase(step as f32 / 10.0);
                    let body = &spec.person.body;
                    for side in [LEFT, RIGHT] {
                        let lengths = [
                            ((s.hips[side] - s.knees[side]).length(), body.thigh),
                            (
                                (s.shoulders[side] - s.elbows[side]).length(),
                                body.upper_arm,
                            ),
                            ((s.elbows[side] - s.hands[side]).length(), body.forearm),
                            // A foot on the floor is at the end of the shank unless the leg is too short for it.
                            ((s.knees[side] - s.ankles[side]).length(), body.shank),
                        ];
                        for (i, (is, should)) in lengths.into_iter().enumerate() {
                            assert!(
                                (is / should - 1.0).abs() < 0.06,
                                "{exercise:?} {flaw:?} phase {step}/10 limb {i}: {is} for {should}"
                            );
                        }
                        let hand_to_bar = s.hands[side] - s.bar.centre;
                        let off = hand_to_bar - s.bar.axis * hand_to_bar.dot(s.bar.axis);
                        assert!(
                            off.length() < 0.05,
                            "{exercise:?} {flaw:?} phase {step}/10: hand {} off the bar",
                            off.length()
                        );
                    }
                }
            }
        }
    }
}
