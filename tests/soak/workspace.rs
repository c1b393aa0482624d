//! The workspace as a person fills it: new videos, groups, settings, and files moved to where they belong.

use std::fs;
use std::path::{Path, PathBuf};

use crate::plan::{EXERCISES, Plan, UNKNOWN_FAULTS, WeekPlan, Which, Wrong, seed};
use crate::tools::{Tools, of_type, output, records};
use crate::video::Video;

/// What all weeks hold out in the long run; the first week's persons are enough for all of them.
const LATER_SHARE: f64 = 0.2;
/// So many bytes of a video come before a download breaks off.
const BROKEN_OFF: usize = 3000;
const PAGE: &str =
    "<!DOCTYPE html><html><body>This video is not available in your country.</body></html>\n";

/// The workspace, and what is known of its videos.
pub(crate) struct Workspace {
    pub(crate) tools: Tools,
    pub(crate) videos: Vec<Video>,
    /// What must not be found any more.
    pub(crate) forgotten: Vec<String>,
}

impl Workspace {
    /// As `wo-collect init` makes it.
    pub(crate) fn init(tools: Tools, plan: &Plan) -> Self {
        let run = tools.tool("wo-collect").args(["init", "workspace"]).run();
        output("wo-collect init", run);
        let workspace = Self {
            tools,
            videos: Vec::new(),
            forgotten: Vec::new(),
        };
        workspace.settings(1, plan);
        workspace
    }

    /// Writes `wo.toml`. The held-out share of the first week is large, so that its persons are enough for all weeks.
    pub(crate) fn settings(&self, week: usize, plan: &Plan) {
        let share = if week == 1 {
            plan.first_share
        } else {
            LATER_SHARE
        };
        let text = format!(
            "[train]\narguments = [\"--method\", \"probe\", \"--seed\", \"7\"]\n\n\
             [extract]\narguments = [\"--frames-per-video\", \"4\", \"--size\", \"112\"]\n\n\
             [held_out]\nshare = {share}\n\n[gate]\nfirst = \"{}\"\nlooks = 8\nmin_groups = {}\n\n[keep]\nmodels = 20\n",
            plan.first_gate, plan.min_groups
        );
        fs::write(self.tools.workspace().join("wo.toml"), text).expect("write wo.toml");
    }

    pub(crate) fn n_videos(&self) -> usize {
        self.videos.len()
    }

    pub(crate) fn frames(&self) -> PathBuf {
        self.tools.workspace().join("data/labeled_frames")
    }

    fn folder(&self) -> PathBuf {
        self.tools.workspace().join("data/training_data")
    }

    /// Draws the videos of a week and files them, some of them wrongly. Returns how many are new.
    pub(crate) fn add(
        &mut self,
        number: usize,
        week: &WeekPlan,
        events: &mut Vec<String>,
    ) -> usize {
        let drawn = self.tools.folder().join("drawn");
        let n_persons = week.n_persons.to_string();
        let per_class = (week.n_persons / EXERCISES.len()).to_string();
        let seed = seed(number).to_string();
        let tool = self.tools.tool("wo-synth").arg("--out").arg(&drawn);
        let tool = tool.args(["--quiet", "--exercises", &EXERCISES.join(",")]);
        let tool = tool.args(["--videos-per-class", &per_class, "--persons", &n_persons]);
        let truths = records(&output("wo-synth", tool.args(["--seed", &seed]).run()));
        let mut new: Vec<Video> = of_type(&truths, "truth")
            .map(|truth| Video::of(truth, number))
            .collect();
        let n_wrong = mislabel(&mut new, week.wrong);
        if n_wrong > 0 {
            events.push(format!("{n_wrong} of {} labels wrong", new.len()));
        }
        for video in &new {
            place(&drawn.join(&video.drawn), &self.folder().join(video.path()));
        }
        self.break_some(number, &new[0]);
        fs::remove_dir_all(&drawn).expect("remove what is left of the drawing");
        let n_new = new.len();
        self.videos.append(&mut new);
        self.write_groups();
        n_new
    }

    /// A download that broke off, and a page in place of a video.
    fn break_some(&self, number: usize, whole: &Video) {
        let bytes = fs::read(self.folder().join(whole.path())).expect("read a video");
        let folder = self.folder().join("squat").join(crate::video::GOOD);
        let begun = &bytes[..bytes.len().min(BROKEN_OFF)];
        fs::write(folder.join(format!("w{number}_broken_off.mp4")), begun).expect("write");
        fs::write(folder.join(format!("w{number}_page.mp4")), PAGE).expect("write");
    }

    fn write_groups(&self) {
        let lines: String = self.videos.iter().map(Video::groups_line).collect();
        let text = format!("path,person_id,source_id,angle\n{lines}");
        fs::write(self.folder().join("groups.csv"), text).expect("write groups.csv");
    }

    /// Moves wrongly filed videos to the folder where they belong.
    pub(crate) fn move_back(&mut self, which: Which) -> String {
        let folder = self.folder();
        let mut n_moved = 0;
        for video in self.videos.iter_mut().filter(|it| which.takes(it)) {
            let from = folder.join(video.path());
            video.filed.clone_from(&video.truth);
            place(&from, &folder.join(video.path()));
            n_moved += 1;
        }
        self.write_groups();
        format!("{n_moved} moved to their label")
    }
}

impl Which {
    /// Whether it is one of these, and wrong.
    pub(crate) fn takes(self, video: &Video) -> bool {
        video.is_wrong()
            && match self {
                Self::Of(exercise) => video.exercise == exercise,
                Self::Until(week) => video.week <= week,
            }
    }
}

/// Files some videos wrongly. Returns how many.
fn mislabel(videos: &mut [Video], wrong: Wrong) -> usize {
    let n_videos = videos.len();
    let is_unknown = |video: &Video| {
        let fault = video.fault.as_deref();
        fault.is_some_and(|it| UNKNOWN_FAULTS.contains(&it))
    };
    for (i, video) in videos.iter_mut().enumerate() {
        let is_wrong = match wrong {
            Wrong::UnknownFaults => is_unknown(video),
            Wrong::Few(n) => i % n_videos.div_ceil(n) == 0,
            Wrong::All => true,
        };
        if is_wrong {
            video.flip();
        }
    }
    videos.iter().filter(|it| it.is_wrong()).count()
}

fn place(from: &Path, to: &Path) {
    let folder = to.parent().expect("a video lies in a folder");
    fs::create_dir_all(folder).expect("make a folder");
    fs::rename(from, to).unwrap_or_else(|e| panic!("move {}: {e}", from.display()));
}
