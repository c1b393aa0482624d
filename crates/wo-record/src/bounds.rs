//! What the ids and names of a record may be, whoever wrote it: they become parts of paths, and stand in messages and pages.

use crate::{Name, Record};

/// How long the id of a video may be, in bytes. BLAKE3 in hexadecimal has 64.
const MAX_ID: usize = 128;
/// How many bytes of a bad id or name an error shows.
const N_SHOWN: usize = 40;

/// Whether a text is an id: up to 128 ASCII letters, digits, `_`, `-` and `.`, the first a letter, a digit or `_`. So it is one
/// part of a path, and no option.
pub fn is_id(text: &str) -> bool {
    let is_part = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.');
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(is_part) && !text.starts_with(['-', '.'])
}

/// What is wrong with the ids and names of a record, if anything.
pub fn trouble(record: &Record) -> Option<String> {
    let mut checked = Checked::default();
    fields(record, &mut checked);
    checked.0
}

/// The first thing that is wrong.
#[derive(Default)]
struct Checked(Option<String>);

impl Checked {
    fn id(&mut self, field: &str, id: &str) {
        if self.0.is_none() && !is_id(id) {
            let shown = beginning(id);
            self.0 = Some(format!(
                "the {field} {shown:?} is no id: up to {MAX_ID} of A-Z a-z 0-9 _ - . and no - or . first"
            ));
        }
    }

    fn text(&mut self, field: &str, text: Option<&str>) {
        let long = text.filter(|text| text.len() > Name::MAX_BYTES);
        if self.0.is_none()
            && let Some(long) = long
        {
            let (shown, max) = (beginning(long), Name::MAX_BYTES);
            self.0 = Some(format!("the {field} {shown:?}… is longer than {max} bytes"));
        }
    }

    fn names<'a>(&mut self, field: &str, names: impl IntoIterator<Item = &'a Name>) {
        for name in names {
            self.text(field, Some(name.as_str()));
        }
    }
}

fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(N_SHOWN))
        .unwrap_or(text)
}

/// Hands over the ids and names of each type that has some.
fn fields(record: &Record, to: &mut Checked) {
    match record {
        Record::Video(it) => {
            to.id("video_id", &it.video_id);
            if let Some(other) = &it.near_duplicate_of {
                to.id("near_duplicate_of", other);
            }
            of_class(to, it.exercise.as_ref(), it.label.as_ref(), &[]);
            to.names("angle", &it.angle);
            to.text("person_id", it.person_id.as_deref());
        }
        Record::Frame(it) => {
            to.id("video_id", &it.video_id);
            of_class(to, it.exercise.as_ref(), it.label.as_ref(), &it.faults);
        }
        Record::Dropped(it) => to.id("video_id", &it.video_id),
        Record::Pose(it) => {
            to.id("video_id", &it.video_id);
            to.names("joint", it.joints.iter().map(|joint| &joint.name));
        }
        Record::Error(it) => {
            if let Some(id) = &it.video_id {
                to.id("video_id", id);
            }
        }
        Record::Source(it) => {
            if let Some(id) = &it.video_id {
                to.id("video_id", id);
            }
            of_class(to, it.exercise.as_ref(), it.label.as_ref(), &[]);
        }
        Record::Truth(it) => {
            of_class(to, Some(&it.exercise), Some(&it.label), &it.faults);
            to.names("angle", [&it.angle]);
        }
        other => of_results(other, to),
    }
}

fn of_results(record: &Record, to: &mut Checked) {
    match record {
        Record::Verdict(it) => {
            to.id("video_id", &it.video_id);
            of_class(to, Some(&it.exercise), Some(&it.label), &it.faults);
        }
        Record::Prediction(it) => {
            to.id("video_id", &it.video_id);
            of_class(to, it.exercise.as_ref(), it.label.as_ref(), &it.faults);
            to.names("label", it.labels.keys());
            to.names("exercise", it.exercises.keys());
            to.names("fault", &it.predicted_faults);
        }
        Record::Part(it) => {
            if let Some(id) = &it.video_id {
                to.id("video_id", id);
            }
        }
        Record::Review(it) => {
            to.id("video_id", &it.video_id);
            of_class(
                to,
                it.exercise.as_ref(),
                it.new.label.as_ref(),
                &it.new.faults,
            );
        }
        Record::Queued(it) => {
            to.id("video_id", &it.video_id);
            of_class(to, it.exercise.as_ref(), it.label.as_ref(), &[]);
        }
        Record::Suspect(it) => {
            to.id("video_id", &it.video_id);
            of_class(to, it.exercise.as_ref(), it.label.as_ref(), &[]);
            to.names("label", &it.suggested_label);
        }
        Record::CollectionHint(it) => {
            of_class(to, Some(&it.exercise), Some(&it.label), &[]);
            to.names("fault", &it.fault);
        }
        Record::Coverage(it) => of_class(to, Some(&it.exercise), Some(&it.label), &[]),
        Record::Finding(it) => of_class(to, it.exercise.as_ref(), it.label.as_ref(), &[]),
        _ => {}
    }
}

fn of_class(to: &mut Checked, exercise: Option<&Name>, label: Option<&Name>, faults: &[Name]) {
    to.names("exercise", exercise);
    to.names("label", label);
    to.names("fault", faults);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_part_of_a_path() {
        let longest = "a".repeat(MAX_ID);
        for id in [
            "af1349b9f5f9a1a6a0404dea36dcc949",
            "v",
            "forgotten-7",
            "_x.y",
            &longest,
        ] {
            assert!(is_id(id), "{id}");
        }
        let too_long = "a".repeat(MAX_ID + 1);
        for text in [
            "", ".", "..", "../x", "/etc/x", "a/b", "a b", "-rf", ".hidden", "a\n", "a\0", "ä",
            "a\\b", "C:x", &too_long,
        ] {
            assert!(!is_id(text), "{text:?}");
        }
    }

    fn told(line: &str) -> Option<String> {
        trouble(&Record::parse(line).unwrap().unwrap())
    }

    #[test]
    fn ids_and_names_of_records_are_checked() {
        let long = "é".repeat(51);
        let frame = |id: &str, label: &str| {
            format!(
                r#"{{"type":"frame","video_id":"{id}","index":0,"image":{{"inline":{{"jpeg_base64":""}}}},"label":"{label}"}}"#
            )
        };
        assert_eq!(told(&frame("a", "good_form")), None);
        assert_eq!(told(&frame("a", &"e".repeat(100))), None);
        let what = told(&frame("../../x", "good_form")).unwrap();
        let said = "the video_id \"../../x\" is no id: up to 128 of";
        assert!(what.starts_with(said), "{what}");
        let what = told(&frame("a", &long)).unwrap();
        assert!(what.ends_with("is longer than 100 bytes"), "{what}");
        for line in [
            r#"{"type":"video","video_id":"/x","path":null}"#,
            r#"{"type":"video","video_id":"a","path":null,"near_duplicate_of":"../b"}"#,
            r#"{"type":"error","code":"decode","what":"x","tool":"t","video_id":"a/b"}"#,
            r#"{"type":"pose","video_id":"","index":0,"joints":[]}"#,
            r#"{"type":"suspect","video_id":"..","score":0.5,"reason":"label"}"#,
        ] {
            assert!(
                told(line).is_some_and(|it| it.contains("is no id: ")),
                "{line}"
            );
        }
    }
}
