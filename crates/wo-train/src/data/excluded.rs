//! What of the input is excluded from training, and why. It is reported before training.

use wo_cli::{Message, count, message, named, verb};

use crate::data::config::Mixed;

/// Names of excluded videos, by reason.
#[derive(Debug, Default)]
pub(crate) struct Exclusions {
    pub(crate) unlabelled: Vec<String>,
    pub(crate) unclear: Vec<String>,
    pub(crate) undescribed: Vec<String>,
    /// Two labels are equally frequent among their frames; with the labels.
    pub(crate) tied: Vec<String>,
    /// Videos with frames whose label differs.
    pub(crate) mixed: Vec<String>,
    /// The number of such frames.
    pub(crate) n_contrary: usize,
    /// How many of them are labelled unclear.
    pub(crate) n_unclear_frames: usize,
}

impl Exclusions {
    /// A message per reason. `describe` is the command that writes descriptions.
    pub(crate) fn sentences(&self, mixed: Mixed, describe: &str) -> Vec<Message> {
        let of_videos = |videos: &[String], why: &str| {
            let n = count(videos.len(), "video");
            let names = named(videos);
            (!videos.is_empty()).then(|| message!("{n} excluded, {why}: {names}"))
        };
        let undescribed = of_videos(&self.undescribed, "without a description");
        [
            of_videos(&self.unlabelled, "without a label or an exercise"),
            of_videos(&self.unclear, "labelled unclear"),
            undescribed.map(|it| it.hint(describe)),
            of_videos(&self.tied, "with two equally frequent labels"),
            self.of_frames(mixed),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn of_frames(&self, mixed: Mixed) -> Option<Message> {
        let frames = count(self.n_contrary, "frame");
        let videos = count(self.mixed.len(), "video");
        let names = named(&self.mixed);
        let labels = verb(self.n_contrary, "label differs", "labels differ");
        let sentence = match mixed {
            Mixed::LeaveOut => message!(
                "{frames} of {videos} excluded, whose {labels} from the video's: {names}";
                "--mixed frames trains on each with its own label"
            ),
            Mixed::Frames if self.n_unclear_frames > 0 => message!(
                "{frames} of {videos} with labels that differ from the video's: {} excluded as unclear, the others train with their \
                 own label: {names}",
                self.n_unclear_frames
            ),
            Mixed::Frames => message!(
                "{frames} of {videos} {} with {} own label, which differs from the video's: {names}",
                verb(self.n_contrary, "trains", "train"),
                verb(self.n_contrary, "its", "their")
            ),
        };
        (self.n_contrary > 0).then_some(sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(messages: &[Message]) -> Vec<String> {
        messages.iter().map(Message::shown).collect()
    }

    #[test]
    fn each_reason_names_its_videos() {
        let exclusions = Exclusions {
            unlabelled: vec!["a.mp4".to_owned()],
            undescribed: (1..=7).map(|it| format!("{it}.mp4")).collect(),
            mixed: vec!["b.mp4".to_owned()],
            n_contrary: 1,
            ..Exclusions::default()
        };
        assert_eq!(
            words(&exclusions.sentences(Mixed::LeaveOut, "wo-describe")),
            [
                "1 video excluded, without a label or an exercise: a.mp4",
                "7 videos excluded, without a description: 1.mp4, 2.mp4, 3.mp4, 4.mp4, 5.mp4 and 2 more\nhint: wo-describe",
                "1 frame of 1 video excluded, whose label differs from the video's: b.mp4\n\
                 hint: --mixed frames trains on each with its own label",
            ]
        );
        let frames = &words(&exclusions.sentences(Mixed::Frames, ""))[2];
        assert_eq!(
            frames,
            "1 frame of 1 video trains with its own label, which differs from the video's: b.mp4"
        );
        assert_eq!(Exclusions::default().sentences(Mixed::Frames, ""), []);
    }
}
