//! Videos that are probably labelled wrong, or that are there twice.

use std::collections::BTreeMap;

use wo_clip::{Split, SplitVideo};
use wo_picture::{Hashes, SAME_PART};
use wo_record::Suspect;
use wo_stats::{LabelErrors, Selection, Suspicion};

use crate::answers::Answers;
use crate::prediction::Prediction;

/// The most suspicious first: labels that the model confidently contradicts (Northcutt et al. 2021, arXiv 1911.00068), then
/// videos whose frames are those of another video of the input or of one that the model was trained on.
pub(crate) fn suspects(
    videos: &[&Prediction],
    answers: &Answers,
    trained_on: &[SplitVideo],
) -> Vec<Suspect> {
    let mut suspects = mislabelled(videos, answers);
    suspects.extend(duplicates(videos, answers, trained_on));
    suspects
}

fn suspect(video: &Prediction, answers: &Answers) -> Suspect {
    let record = video.record(answers);
    Suspect {
        video_id: record.video_id,
        path: record.path,
        index: None,
        exercise: record.exercise,
        label: record.label,
        suggested_label: None,
        score: 1.0,
        reason: String::new(),
    }
}

/// Those whose label confident learning takes for wrong.
fn mislabelled(videos: &[&Prediction], answers: &Answers) -> Vec<Suspect> {
    let scored: Vec<(&Prediction, usize)> = videos
        .iter()
        .filter_map(|it| Some((*it, it.truth()?)))
        .collect();
    let labels: Vec<usize> = scored.iter().map(|(_, label)| *label).collect();
    let said: Vec<Vec<f64>> = scored.iter().map(|(it, _)| it.calibrated.clone()).collect();
    let Some(errors) = LabelErrors::new(&labels, &said) else {
        return Vec::new();
    };
    errors
        .ranked(Suspicion::NormalizedMargin, Selection::NoiseRate)
        .into_iter()
        .filter(|it| it.is_selected)
        .filter_map(|found| {
            let (video, _) = scored.get(found.unit)?;
            Some(Suspect {
                suggested_label: answers.labels.get(found.suggested).cloned(),
                score: found.score.clamp(0.0, 1.0),
                reason: "label".to_owned(),
                ..suspect(video, answers)
            })
        })
        .collect()
}

/// Those that look like another one, each named once.
fn duplicates(
    videos: &[&Prediction],
    answers: &Answers,
    trained_on: &[SplitVideo],
) -> Vec<Suspect> {
    let trained_on = trained_on
        .iter()
        .filter(|it| it.split != Split::Test)
        .map(|it| {
            let of_frame = |hash: &String| u64::from_str_radix(hash, 16).ok();
            (
                it.video_id.as_str(),
                it.hashes.iter().filter_map(of_frame).collect(),
            )
        });
    let here = videos
        .iter()
        .map(|it| (it.video_id.as_str(), it.facts.hashes.clone()));
    let hashed: Vec<(&str, Vec<u64>)> = trained_on.chain(here).collect();
    let numbered = hashed.iter().enumerate();
    let known = Hashes::new(
        numbered.flat_map(|(number, (_, hashes))| hashes.iter().map(move |&hash| (number, hash))),
    );
    let first = hashed.len() - videos.len();
    let mut found = Vec::new();
    for (video, (number, (id, hashes))) in videos.iter().zip(hashed.iter().enumerate().skip(first))
    {
        let mut alike: BTreeMap<usize, usize> = BTreeMap::new();
        for &hash in hashes {
            let before = |other: &usize| *other < number;
            let mut others: Vec<usize> = known.alike(hash).filter(before).collect();
            others.sort_unstable();
            others.dedup();
            for other in others {
                *alike.entry(other).or_default() += 1;
            }
        }
        let most = alike
            .into_iter()
            .filter(|(other, _)| hashed.get(*other).is_some_and(|(other, _)| other != id))
            .map(|(_, n)| n as f64 / hashes.len().max(1) as f64)
            .fold(0.0, f64::max);
        if most >= SAME_PART {
            found.push(Suspect {
                score: most.min(1.0),
                reason: "near_duplicate".to_owned(),
                ..suspect(video, answers)
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::tests::classes;
    use crate::evaluation::tests::squat;

    #[test]
    fn a_label_that_is_contradicted_is_a_suspect() {
        let answers = Answers::new(&classes());
        let mut videos: Vec<Prediction> = (0..40)
            .map(|person| {
                let mut video = squat(person, person % 2, person % 2, 1000.0);
                video.calibrated = vec![0.1, 0.1];
                video.calibrated[person % 2] = 0.9;
                video
            })
            .collect();
        videos[7].calibrated = vec![0.97, 0.03];
        let found = suspects(&videos.iter().collect::<Vec<_>>(), &answers, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].video_id, videos[7].video_id);
        assert_eq!(found[0].suggested_label.as_ref(), answers.labels.first());
        assert!(found[0].score > 0.9 && found[0].reason == "label");
    }

    #[test]
    fn the_same_pictures_are_told_here_and_in_training() {
        let answers = Answers::new(&classes());
        let mut videos: Vec<Prediction> = (0..3).map(|i| squat(i, 0, 0, 1.0)).collect();
        videos[0].facts.hashes = vec![0xaaaa_0000_1111_2222, 0x1234_5678_9abc_def0];
        videos[1].facts.hashes = vec![0xaaaa_0000_1111_2223, 0x0f0f_0f0f_0f0f_0f0f];
        videos[2].facts.hashes = vec![0x7777_6666_5555_4444];
        let mut trained = crate::evaluation::tests::training();
        trained[0].hashes = vec!["7777666655554444".to_owned()];
        let found = suspects(&videos.iter().collect::<Vec<_>>(), &answers, &trained);
        let ids: Vec<&str> = found.iter().map(|it| it.video_id.as_str()).collect();
        assert_eq!(
            ids,
            [videos[1].video_id.as_str(), videos[2].video_id.as_str()]
        );
        assert!(found.iter().all(|it| it.reason == "near_duplicate"));
    }
}
