//! What of the input is not trained on, and why: said before anything is fitted.

use wo_cli::{count, named, verb};

use crate::data::config::Mixed;

/// Names of videos, by why they are left out.
#[derive(Debug, Default)]
pub(crate) struct Exclusions {
    pub(crate) unlabelled: Vec<String>,
    pub(crate) unclear: Vec<String>,
    pub(crate) undescribed: Vec<String>,
    /// As many frames say one label as another, with what they say.
    pub(crate) tied: Vec<String>,
    /// Videos of which some frames say otherwise.
    pub(crate) mixed: Vec<String>,
    /// How many frames these are.
    pub(crate) n_contrary: usize,
    /// How many of them nobody can judge.
    pub(crate) n_unclear_frames: usize,
}

impl Exclusions {
    /// A sentence for each reason. `describe` is the command that writes descriptions.
    pub(crate) fn sentences(&self, mixed: Mixed, describe: &str) -> Vec<String> {
        let of_videos = |videos: &[String], why: &str, more: &str| {
            let n = count(videos.len(), "video");
            let names = named(videos);
            (!videos.is_empty()).then(|| format!("{n} left out, {why}: {names}{more}"))
        };
        let hint = format!("\nhint: {describe}");
        [
            of_videos(&self.unlabelled, "without a label or an exercise", ""),
            of_videos(&self.unclear, "labelled unclear", ""),
            of_videos(&self.undescribed, "without a description", &hint),
            of_videos(&self.tied, "whose frames are divided", ""),
            self.of_frames(mixed),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn of_frames(&self, mixed: Mixed) -> Option<String> {
        let frames = count(self.n_contrary, "frame");
        let videos = count(self.mixed.len(), "video");
        let names = named(&self.mixed);
        let say = verb(self.n_contrary, "says", "say");
        let sentence = match mixed {
            Mixed::LeaveOut => format!(
                "{frames} of {videos} left out, since {} otherwise than most frames of the video: {names}\n\
                 hint: --mixed frames trains each of them with its own label",
                verb(self.n_contrary, "it says", "they say")
            ),
            Mixed::Frames if self.n_unclear_frames > 0 => format!(
                "{frames} of {videos} {say} otherwise than most frames of the video; {} unclear and left out, the others train with \
                 their own label: {names}",
                count_are(self.n_unclear_frames)
            ),
            Mixed::Frames => format!(
                "{frames} of {videos} {say} otherwise than most frames of the video and {} with {} own label: {names}",
                verb(self.n_contrary, "trains", "train"),
                verb(self.n_contrary, "its", "their")
            ),
        };
        (self.n_contrary > 0).then_some(sentence)
    }
}

fn count_are(n: usize) -> String {
    format!("{n} {}", verb(n, "is", "are"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            exclusions.sentences(Mixed::LeaveOut, "wo-describe"),
            [
                "1 video left out, without a label or an exercise: a.mp4",
                "7 videos left out, without a description: 1.mp4, 2.mp4, 3.mp4, 4.mp4, 5.mp4 and 2 more\nhint: wo-describe",
                "1 frame of 1 video left out, since it says otherwise than most frames of the video: b.mp4\n\
                 hint: --mixed frames trains each of them with its own label",
            ]
        );
        let frames = &exclusions.sentences(Mixed::Frames, "")[2];
        assert_eq!(
            frames,
            "1 frame of 1 video says otherwise than most frames of the video and trains with its own label: b.mp4"
        );
        assert_eq!(
            Exclusions::default().sentences(Mixed::Frames, ""),
            Vec::<String>::new()
        );
    }
}
