//! Names of the files in a folder of frames.

use std::path::{Component, Path};

use wo_label::fitted_name;
use wo_record::{BAD_FORM, Frame, GOOD_FORM, Image, Name};

/// The records of the frames.
pub const RECORDS: &str = "records.ndjson";
/// The folder of deleted frames: their images, records and rows.
pub const TRASH: &str = "trash";
/// The log of reviews.
pub const REVIEWS: &str = "reviews.ndjson";
/// The table of persons and sources. It is a CSV, but not one of frames.
pub const GROUPS: &str = "groups.csv";
/// What `wo-extract` has finished. A folder with this file was made by it.
pub const STATE: &str = ".wo-extract.ndjson";
/// How many hexadecimal digits of a video's id are in the names of its frames: 64 bits, so that two never meet.
const ID_DIGITS: usize = 16;
/// How many digits its index has there, at least, and how many its time.
const INDEX_DIGITS: usize = 3;
const TIME_DIGITS: usize = 7;

/// How names of videos and images end, and, because phones put videos under it too, of one kind of sound.
pub const MEDIA_ENDINGS: [&str; 34] = [
    "mp4", "m4v", "mov", "qt", "m4a", "3gp", "3gpp", "3g2", "f4v", "insv", "lrv", "mkv", "webm",
    "avi", "divx", "mpg", "mpeg", "mpe", "vob", "ts", "mts", "m2ts", "flv", "wmv", "asf", "ogv",
    "mxf", "gif", "jpg", "jpeg", "jpe", "png", "apng", "webp",
];
/// Whether a name ends as one of these kinds of files, in any case.
pub fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|it| it.to_str());
    ending.is_some_and(|it| endings.iter().any(|known| it.eq_ignore_ascii_case(known)))
}

/// How the names of labels end the names of tables.
const LABEL_ENDINGS: [&str; 5] = ["_good_form", "_bad_form", "_unclear", "_good", "_bad"];

/// What stands for an exercise that is not known.
const UNKNOWN: &str = "unknown";

/// The folder of the images of an exercise and a label, such as `frames_squat_bad`.
pub fn frame_folder(exercise: Option<&Name>, label: Option<&Name>) -> String {
    let label = match label.map(Name::as_str) {
        None => "unlabelled",
        Some(GOOD_FORM) => "good",
        Some(BAD_FORM) => "bad",
        Some(other) => other,
    };
    let exercise = exercise.map_or(UNKNOWN, Name::as_str);
    format!("frames_{}_{}", fitted_name(exercise), fitted_name(label))
}

/// The image file of a frame, such as `0123456789abcdef_007_0012345.jpg`: its video, index and time in milliseconds.
pub fn frame_name(video_id: &str, index: u32, time_ns: u64) -> String {
    let pts_ms = (time_ns + 500_000) / 1_000_000;
    format!("{}_{index:03}_{pts_ms:07}.jpg", short_id(video_id))
}

/// The video, index and time in milliseconds that the name of an image says, without its ending, where [`frame_name`] gave
/// it: `0123456789abcdef_007_0012345`.
pub(crate) fn parts_of_frame_name(stem: &str) -> Option<(&str, u32, u64)> {
    let (id, rest) = stem.split_at_checked(ID_DIGITS)?;
    let (index, pts_ms) = rest.strip_prefix('_')?.split_once('_')?;
    let is_digits = |text: &str, at_least: usize| {
        text.len() >= at_least && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_ours = id.bytes().all(|byte| byte.is_ascii_hexdigit())
        && is_digits(index, INDEX_DIGITS)
        && is_digits(pts_ms, TIME_DIGITS);
    is_ours.then_some((id, index.parse().ok()?, pts_ms.parse().ok()?))
}

fn short_id(video_id: &str) -> &str {
    video_id.get(..ID_DIGITS).unwrap_or(video_id)
}

/// The table of a frame, such as `squat_bad_form.csv`; none for a frame without a label.
pub fn table_name(frame: &Frame) -> Option<String> {
    let label = frame.label.as_ref()?;
    Some(table_name_of(frame.exercise.as_ref(), label))
}

/// The table of frames of an exercise and a label.
pub fn table_name_of(exercise: Option<&Name>, label: &Name) -> String {
    let exercise = exercise.map_or(UNKNOWN, Name::as_str);
    format!(
        "{}_{}.csv",
        fitted_name(exercise),
        fitted_name(label.as_str())
    )
}

/// The exercise of a table by its name without `.csv`: `squat` for `squat_good_form`, `squat_bad` and, since spreadsheets and
/// browsers name copies so, `squat_good_form (1)`.
pub fn exercise_of_table(stem: &str) -> Option<Name> {
    let stem = Name::new(stem);
    let stem = stem.as_str();
    let before = |label: &&str| {
        let (before, after) = stem.rsplit_once(*label)?;
        (after.is_empty() || after.starts_with('_')).then_some(before)
    };
    let exercise = LABEL_ENDINGS.iter().find_map(before)?;
    Some(Name::new(exercise)).filter(|name| !name.is_empty() && !name.is_too_long())
}

/// The exercise of an image by its folder, such as `frames_squat_bad`.
pub fn exercise_of_image(image: &Path) -> Option<Name> {
    let folder = image.parent()?.file_name()?.to_str()?;
    exercise_of_table(folder.strip_prefix("frames_")?).filter(|name| name.as_str() != UNKNOWN)
}

/// Whether a table has a name that the tools give tables.
pub(crate) fn is_table_name(name: &str) -> bool {
    let stem = name.strip_suffix(".csv");
    stem.is_some_and(|stem| {
        LABEL_ENDINGS
            .iter()
            .take(3)
            .any(|label| stem.ends_with(label))
    })
}

/// The image of a frame that `wo-extract` wrote into the folder, by its path there. A record that names any other file
/// must not get that file deleted.
pub fn own_image(frame: &Frame) -> Option<&Path> {
    let Image::File { path, .. } = &frame.image else {
        return None;
    };
    let path = path.as_path();
    let is_inside = path
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    let is_ours = path
        .file_name()?
        .to_str()?
        .starts_with(short_id(&frame.video_id))
        && !frame.video_id.is_empty();
    (is_inside && is_ours).then_some(path)
}

/// Whether `dir` is a folder of frames that one of the tools wrote.
pub fn is_frame_folder(dir: &Path) -> bool {
    dir.join(STATE).is_file() || dir.join(RECORDS).is_file()
}

/// Whether an entry of a folder of frames holds images that a tool wrote: `frames_squat_bad`, or the trash.
pub fn holds_written_images(name: &str) -> bool {
    name == TRASH || name.starts_with("frames_")
}

/// True for names that `AtomicWriteFile` gives files of this folder before they appear: a dot, the name to be, a dot, six
/// letters.
pub(crate) fn is_leftover(name: &str) -> bool {
    let Some((before, letters)) = name
        .strip_prefix('.')
        .and_then(|name| name.rsplit_once('.'))
    else {
        return false;
    };
    let is_ours = [RECORDS, STATE].contains(&before)
        || [".csv", ".jpg"]
            .iter()
            .any(|ending| before.ends_with(ending));
    is_ours && letters.len() == 6 && letters.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_exercise_label_video_place_and_time() {
        let name = |text: &str| Name::new(text);
        let folder = |exercise, label| frame_folder(Some(&name(exercise)), Some(&name(label)));
        assert_eq!(folder("squat", BAD_FORM), "frames_squat_bad");
        assert_eq!(folder("squat", "unclear"), "frames_squat_unclear");
        assert_eq!(frame_folder(None, None), "frames_unknown_unlabelled");
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(
            frame_name(id, 7, 12_344_600_000),
            "0123456789abcdef_007_0012345.jpg"
        );
        assert_eq!(exercise_of_table("squat_bad_form"), Some(name("squat")));
        assert_eq!(exercise_of_table("Squat bad"), Some(name("squat")));
        assert_eq!(exercise_of_table("labels"), None);
        for copy in ["squat_good_form (1)", "squat_bad_form fixed", "squat_bad"] {
            assert_eq!(exercise_of_table(copy), Some(name("squat")), "{copy}");
        }
        let morning = Some(name("good_morning"));
        assert_eq!(exercise_of_table("good_morning_good"), morning);
        let image = Path::new("frames_squat_bad/x.jpg");
        assert_eq!(exercise_of_image(image), Some(name("squat")));
    }

    #[test]
    fn names_that_are_too_long_still_fit_into_names_of_files() {
        for letter in ["a", "ä", "語"] {
            let long = |end: &str| Name::new(&format!("{}{end}", letter.repeat(300)));
            let (one, other) = (long("x"), long("y"));
            let table = table_name_of(Some(&one), &other);
            assert!(table.len() < 210, "{table}");
            assert_ne!(table, table_name_of(Some(&one), &one));
            assert_ne!(table, table_name_of(Some(&other), &other));
            assert!(frame_folder(Some(&one), Some(&other)).len() < 215);
        }
        let longest = Name::new(&"a".repeat(100));
        let table = table_name_of(Some(&longest), &longest);
        assert_eq!(table.len(), 205);
    }

    #[test]
    fn the_name_of_a_frame_says_its_video() {
        let parts = parts_of_frame_name("0123456789abcdef_007_0012345");
        assert_eq!(parts, Some(("0123456789abcdef", 7, 12_345)));
        for other in [
            "a_001",
            "0123456789abcdef",
            "0123456789abcdef_007",
            "0123456789abcdeg_007_0012345",
            "0123456789abcdef_x_0012345",
        ] {
            assert_eq!(parts_of_frame_name(other), None, "{other}");
        }
    }

    #[test]
    fn only_files_that_were_begun_are_leftovers() {
        for name in [
            ".records.ndjson.pzx1hs",
            ".0123_000_0000000.jpg.a1B2c3",
            "..wo-extract.ndjson.abcdef",
            ".squat_bad_form.csv.a1B2c3",
        ] {
            assert!(is_leftover(name), "{name}");
        }
        for name in [
            "records.ndjson",
            "reviews.ndjson",
            ".wo-extract.ndjson",
            "a.jpg",
            ".notes.txt.abcdef",
            ".a.jpg.abc",
        ] {
            assert!(!is_leftover(name), "{name}");
        }
    }

    #[test]
    fn only_images_of_our_own_are_ever_deleted() {
        let frame = |path: &str| -> Frame {
            let image = serde_json::json!({"file": {"path": path}});
            let frame =
                serde_json::json!({"video_id": "0123456789abcdef01", "index": 0, "image": image});
            serde_json::from_value(frame).unwrap()
        };
        assert!(own_image(&frame("frames_a_b/0123456789abcdef_000_0000000.jpg")).is_some());
        for path in [
            "../0123456789abcdef_0.jpg",
            "/0123456789abcdef_0.jpg",
            "frames_a_b/other.jpg",
            "",
        ] {
            assert!(own_image(&frame(path)).is_none(), "{path}");
        }
    }
}
