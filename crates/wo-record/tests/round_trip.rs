//! Random records come back as they were, and random bytes do no harm. `PROPTEST_CASES` sets how many are tried.

// Longer than 400 lines: a generator for each record type.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use wo_record::{
    AbstainReason, Base, Begin, Confusion, Dropped, Evidence, Failure, Frame, Group, Image, Joint,
    LabelOrigin, Metric, Model, Name, Pose, Prediction, Producer, Quality, ReadError, Reader,
    Record, RecordPath, Rep, ReviewsHead, SCHEMA, SCHEMA_VERSION, Score, Truth, Verdict, Video,
    Writer,
};

/// In the everyday run.
const N_CASES: u32 = 10_000;

fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(N_CASES),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |value| value.is_finite()),
        (0..100_000_000_i64).prop_map(|n| n as f64 / 1000.0)
    ]
}

fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..8).prop_map(String::from_iter)
}

fn name() -> impl Strategy<Value = Name> {
    text().prop_map(|text| Name::new(&text))
}

fn path() -> impl Strategy<Value = RecordPath> {
    let text = text().prop_map(|text| OsString::from(text.replace('\0', "/")));
    let bytes = vec(1..=255_u8, 0..8).prop_map(OsString::from_vec);
    prop_oneof![text, bytes].prop_map(RecordPath::from)
}

fn producer() -> impl Strategy<Value = Producer> {
    (text(), text()).prop_map(|(tool, version)| Producer { tool, version })
}

fn begin() -> impl Strategy<Value = Record> {
    let parts = (text(), text(), vec(producer(), 0..3), option::of(text()));
    let more = (option::of(text()), option::of((any::<u64>(), text())));
    (parts, more).prop_map(
        |((tool, version, upstream, sandbox), (precision, reviews))| {
            let (schema, schema_version) = (SCHEMA.to_owned(), SCHEMA_VERSION);
            Record::Begin(Begin {
                tool,
                version,
                schema,
                schema_version,
                upstream,
                sandbox,
                precision,
                reviews: reviews.map(|(sequence, hash)| ReviewsHead { sequence, hash }),
                shard: None,
            })
        },
    )
}

fn video() -> impl Strategy<Value = Record> {
    let ids = (
        text(),
        option::of(path()),
        option::of(text()),
        option::of(text()),
    );
    let sizes = (
        option::of(float()),
        option::of(any::<u32>()),
        option::of(any::<u32>()),
        option::of(any::<u32>()),
    );
    let coding = (
        option::of(float()),
        any::<Option<bool>>(),
        option::of(text()),
        option::of(text()),
    );
    let rest = (
        any::<Option<u64>>(),
        any::<Option<u64>>(),
        option::of(name()),
        option::of(name()),
    );
    let found = (
        any::<Option<u32>>(),
        any::<Option<u32>>(),
        option::of(reps()),
        option::of(vec(float(), 0..3)),
        (vec(text(), 0..3), option::of(text()), option::of(name())),
    );
    (ids, sizes, coding, rest, found).prop_map(|(ids, sizes, coding, rest, found)| {
        Record::Video(Video {
            video_id: ids.0,
            path: ids.1,
            duration_ms: sizes.0,
            width_px: sizes.1,
            height_px: sizes.2,
            rotation_deg: sizes.3,
            frame_rate_hz: coding.0,
            variable_frame_rate: coding.1,
            codec: coding.2,
            container: coding.3,
            bitrate_bps: rest.0,
            size_bytes: rest.1,
            exercise: rest.2,
            label: rest.3,
            source_id: ids.2,
            person_id: ids.3,
            n_frames: found.0,
            n_frames_wanted: found.1,
            repetitions: found.2,
            cuts_ms: found.3,
            notes: found.4.0.clone(),
            warnings: found.4.0,
            duplicate_of: None,
            near_duplicate_of: found.4.1,
            n_damaged: found.0,
            angle: found.4.2,
        })
    })
}

fn image() -> impl Strategy<Value = Image> {
    prop_oneof![
        (path(), option::of(text())).prop_map(|(path, blake3)| Image::File { path, blake3 }),
        text().prop_map(|jpeg_base64| Image::Inline { jpeg_base64 }),
    ]
}

fn frame() -> impl Strategy<Value = Record> {
    use LabelOrigin::{Csv, Folder, Model, Review, Synth};
    let picture = (
        option::of(float()),
        any::<Option<u32>>(),
        any::<Option<u32>>(),
        image(),
    );
    let origin = option::of(select(vec![Folder, Csv, Review, Synth, Model]));
    let meaning = (
        option::of(name()),
        option::of(name()),
        origin,
        vec(name(), 0..3),
        option::of(text()),
    );
    let moment = (
        option::of(quality()),
        option::of(any::<u32>()),
        option::of(float()),
        option::of(any::<u32>()),
    );
    let parts = (text(), any::<u32>(), picture, meaning, moment);
    parts.prop_map(|(video_id, index, picture, meaning, moment)| {
        Record::Frame(Frame {
            video_id,
            index,
            pts_ms: picture.0,
            width_px: picture.1,
            height_px: picture.2,
            image: picture.3,
            exercise: meaning.0,
            label: meaning.1,
            label_origin: meaning.2,
            faults: meaning.3,
            description: meaning.4,
            quality: moment.0,
            repetition: moment.1,
            phase: moment.2,
            shot: moment.3,
        })
    })
}

fn quality() -> impl Strategy<Value = Quality> {
    let figures = (float(), float(), float(), option::of(float()), text());
    figures.prop_map(
        |(sharpness, brightness, contrast, motion, perceptual_hash)| Quality {
            sharpness,
            brightness,
            contrast,
            motion,
            perceptual_hash,
        },
    )
}

fn dropped() -> impl Strategy<Value = Record> {
    (text(), float(), text(), quality(), option::of(image())).prop_map(
        |(video_id, pts_ms, reason, quality, image)| {
            Record::Dropped(Dropped {
                video_id,
                pts_ms,
                reason,
                quality,
                image,
            })
        },
    )
}

fn pose() -> impl Strategy<Value = Record> {
    let joint = (name(), [float(), float(), float(), float(), float()]).prop_map(
        |(name, [u, v, x_m, y_m, z_m])| Joint {
            name,
            u,
            v,
            x_m,
            y_m,
            z_m,
        },
    );
    (text(), any::<u32>(), vec(joint, 0..4)).prop_map(|(video_id, index, joints)| {
        Record::Pose(Pose {
            video_id,
            index,
            joints,
        })
    })
}

fn failure() -> impl Strategy<Value = Record> {
    (
        text(),
        text(),
        text(),
        option::of(path()),
        option::of(text()),
    )
        .prop_map(|(code, what, tool, path, video_id)| {
            Record::Error(Failure {
                code,
                what,
                tool,
                path,
                video_id,
            })
        })
}

fn reps() -> impl Strategy<Value = Vec<Rep>> {
    let rep = (float(), float(), float()).prop_map(|(start_ms, far_ms, end_ms)| Rep {
        start_ms,
        far_ms,
        end_ms,
    });
    vec(rep, 0..3)
}

fn truth() -> impl Strategy<Value = Record> {
    let what = (path(), name(), name(), vec(name(), 0..3), name());
    let ids = (text(), text(), text());
    let numbers = (
        float(),
        any::<u32>(),
        float(),
        any::<u32>(),
        any::<u32>(),
        float(),
    );
    (what, ids, numbers, reps()).prop_map(|(what, ids, numbers, reps)| {
        Record::Truth(Truth {
            path: what.0,
            exercise: what.1,
            label: what.2,
            faults: what.3,
            person_id: ids.0,
            scene_id: ids.1,
            camera_id: ids.2,
            angle: what.4,
            angle_deg: numbers.0,
            n_reps: numbers.1,
            reps,
            duration_ms: numbers.2,
            width_px: numbers.3,
            height_px: numbers.4,
            frame_rate_hz: numbers.5,
        })
    })
}

fn metric_or_model() -> impl Strategy<Value = Record> {
    prop_oneof![
        (any::<u32>(), any::<u64>(), btree_map(text(), float(), 0..4)).prop_map(
            |(epoch, step, values)| Record::Metric(Metric {
                epoch,
                step,
                values,
                caution: None,
            })
        ),
        (
            text(),
            option::of(text()),
            text(),
            option::of(text()),
            option::of(text())
        )
            .prop_map(|(init, commit, why, wanted, caution)| Record::Base(Base {
                init,
                commit,
                why,
                wanted,
                caution
            })),
        (path(), text(), any::<u64>(), text()).prop_map(|(path, model_id, n_parameters, init)| {
            Record::Model(Model {
                path,
                model_id,
                n_parameters,
                init,
            })
        }),
    ]
}

fn verdict() -> impl Strategy<Value = Record> {
    let evidence = (
        any::<u32>(),
        option::of(float()),
        float(),
        option::of(float()),
    )
        .prop_map(|(index, pts_ms, probability, phase)| Evidence {
            index,
            pts_ms,
            probability,
            phase,
        });
    let said = (
        name(),
        float(),
        name(),
        float(),
        vec(name(), 0..3),
        evidence,
    );
    let known = (option::of(name()), option::of(name()), any::<bool>());
    (text(), option::of(path()), said, any::<u32>(), known).prop_map(
        |(video_id, path, said, n_frames, known)| {
            Record::Verdict(Verdict {
                video_id,
                path,
                label: said.0,
                probability: said.1,
                exercise: said.2,
                exercise_probability: said.3,
                faults: said.4,
                evidence: said.5,
                n_frames,
                true_label: known.0,
                true_exercise: known.1,
                seen: known.2,
                ..Verdict::default()
            })
        },
    )
}

fn prediction() -> impl Strategy<Value = Record> {
    let probabilities = || btree_map(name(), float(), 0..3);
    (
        (text(), text()),
        option::of(path()),
        (option::of(name()), option::of(name())),
        (probabilities(), probabilities()),
        (vec(name(), 0..3), vec(name(), 0..3)),
        (option::of(any::<u32>()), option::of(any::<bool>())),
        (vec(text(), 0..3), vec(text(), 0..3), vec(text(), 0..3)),
    )
        .prop_map(|(texts, path, truth, said, faults, (fold, seen), keys)| {
            let groups = |texts: Vec<String>| texts.into_iter().map(Group::from).collect();
            Record::Prediction(Prediction {
                video_id: texts.0,
                group: texts.1,
                path,
                exercise: truth.0,
                label: truth.1,
                labels: said.0,
                exercises: said.1,
                faults: faults.0,
                predicted_faults: faults.1,
                fold,
                keys: groups(keys.0),
                seen_keys: groups(keys.1),
                joining: groups(keys.2),
                reasons: vec![AbstainReason::TooDark],
                seen,
            })
        })
}

fn score_or_confusion() -> impl Strategy<Value = Record> {
    let words = (text(), text(), text(), text(), text());
    let figures = (
        option::of(float()),
        option::of(float()),
        option::of(float()),
    );
    prop_oneof![
        (
            words,
            option::of(name()),
            figures,
            any::<u64>(),
            any::<u64>()
        )
            .prop_map(|(words, class, figures, n, n_groups)| {
                Record::Score(Score {
                    task: words.0,
                    by: words.1.into(),
                    unit: words.2,
                    scope: words.3,
                    name: words.4,
                    class,
                    value: figures.0,
                    low: figures.1,
                    high: figures.2,
                    n,
                    n_groups,
                    ..Score::default()
                })
            }),
        (
            text(),
            text(),
            text(),
            vec(name(), 0..3),
            vec(vec(any::<u64>(), 0..3), 0..3)
        )
            .prop_map(|(task, unit, scope, classes, counts)| Record::Confusion(
                Confusion {
                    task,
                    unit,
                    scope,
                    classes,
                    counts
                }
            )),
    ]
}

/// Any record that may stand inside a stream.
fn record() -> impl Strategy<Value = Record> {
    prop_oneof![
        video(),
        frame(),
        dropped(),
        failure(),
        pose(),
        truth(),
        metric_or_model(),
        verdict(),
        prediction(),
        score_or_confusion()
    ]
    .prop_map(|record| with_ids(&record))
}

/// The record with ids that the reader takes.
fn with_ids(record: &Record) -> Record {
    let mut json = serde_json::to_value(record).expect("JSON");
    for field in ["video_id", "near_duplicate_of"] {
        if let Some(serde_json::Value::String(id)) = json.get_mut(field) {
            *id = id
                .bytes()
                .fold("v".to_owned(), |id, byte| format!("{id}{byte:02x}"));
        }
    }
    let parsed = Record::parse(&json.to_string()).expect("JSON");
    parsed.expect("a record")
}

/// A stream of all that there is, to damage.
fn whole_stream() -> Vec<u8> {
    include_str!("../../../docs/records.md")
        .lines()
        .filter(|line| line.starts_with('{'))
        .fold(Vec::new(), |mut stream, line| {
            stream.extend_from_slice(line.as_bytes());
            stream.push(b'\n');
            stream
        })
}

/// Reads to the end, and checks that each place that is given out is the start of a line.
fn read_all(input: &[u8]) {
    let mut bytes = input;
    let mut reader = Reader::new(&mut bytes, 4096);
    let mut last = (0, 0);
    loop {
        let (number, offset) = match reader.next_line() {
            Ok(Some(line)) => {
                if let Ok(record) = &line.record {
                    line.rewritten(record)
                        .expect("what was read can be written");
                }
                (line.number, line.offset)
            }
            Err(ReadError::Line { number, offset, .. }) => (number, offset),
            Ok(None) | Err(_) => return,
        };
        assert!(
            number > last.0 && (offset > last.1 || last.0 == 0),
            "{number} {offset} after {last:?}"
        );
        assert!(offset == 0 || input[offset as usize - 1] == b'\n');
        last = (number, offset);
    }
}

#[test]
fn a_name_with_any_letter_is_the_same_when_it_is_read_again() {
    for letter in '\0'..=char::MAX {
        let name = Name::new(&format!("x{letter}y{letter}"));
        assert_eq!(Name::new(name.as_str()), name, "{letter:?}");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_record_comes_back(record in prop_oneof![9 => record(), 1 => begin()]) {
        let text = serde_json::to_string(&record).unwrap();
        prop_assert_eq!(Record::parse(&text).unwrap(), Ok(record.clone()));
        prop_assert!(!text.contains('\n'));
    }

    #[test]
    fn a_name_is_the_same_when_it_is_read_again(text in text()) {
        let name = Name::new(&text);
        prop_assert_eq!(&Name::new(name.as_str()), &name);
        prop_assert_eq!(&Name::new(&name.words()), &name);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn a_damaged_stream_never_panics(edits in vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6)) {
        let mut bytes = whole_stream();
        for (place, byte, how) in edits {
            let i = place.index(bytes.len());
            match how {
                0 => bytes[i] = byte,
                1 => bytes.insert(i, byte),
                _ => drop(bytes.drain(i..(i + usize::from(byte)).min(bytes.len() - 1).max(i))),
            }
        }
        read_all(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: config().cases / 20, ..config() })]

    #[test]
    fn a_stream_comes_back(records in vec(record(), 0..20)) {
        let mut output = Vec::new();
        let mut writer = Writer::begin(&mut output, "t", "1", &[]).unwrap();
        for record in &records {
            writer.record(record).unwrap();
        }
        let end = writer.end().unwrap();
        let mut input = &output[..];
        // Frames of any videos, in any order.
        let mut reader = Reader::of_frames_alone(&mut input, u64::MAX);
        let mut back = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            prop_assert_eq!(&line.rewritten(line.record.as_ref().unwrap()).unwrap(), &line.text);
            back.push(line.record.unwrap());
        }
        prop_assert_eq!(back.len(), records.len() + 2);
        prop_assert_eq!(back.pop(), Some(Record::End(end)));
        prop_assert_eq!(&back[1..], &records[..]);
    }
}
