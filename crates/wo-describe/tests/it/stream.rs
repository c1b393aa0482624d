//! Records in, records out.

// Longer than 400 lines: one test a rule of the stream, and all of --help.

use wo_testkit::{BEGIN, Run, end, stream, tempdir};

use crate::{FRAME, VIDEO, begin, frame_out, tool, written};

const KNEES_CAVE: &str =
    r#""knee valgus in the squat: thighs pointing in and knees almost touching""#;

/// What is said of one frame of bad form that is described by these words alone.
const NO_FAULT: &str = "wo-describe: the captions table has no words for bad_form of squat where no file name or CSV names a \
    fault: it describes 1 frame as \"squat bad form\", which teaches a model nothing\n\
    hint: add this to the end of data/captions.toml, and replace the samples by what your videos show:\n\
    [exercises.squat.labels.bad_form]\n\
    observations = [\"a bent back and a short, uneven movement\"]\n";

#[test]
fn a_fault_in_the_path_is_described() {
    let described = frame_out("bad_form", "folder", r#"["knees_cave"]"#, KNEES_CAVE);
    let expected = written(&[VIDEO, &described], &end(1, 1, 0));
    assert_eq!(
        tool().stdin(stream(&[VIDEO, FRAME])).run(),
        Run::new(0, &expected, "")
    );
    // A second pass, and a named input, change nothing but the chain of tools.
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("in.ndjson"), stream(&[VIDEO, FRAME])).unwrap();
    assert_eq!(
        tool().arg("in.ndjson").current_dir(dir.path()).run(),
        Run::new(0, &expected, "")
    );
    let twice = tool().stdin(expected.as_str()).run();
    assert_eq!(
        twice.lines()[1..],
        expected.lines().collect::<Vec<_>>()[1..]
    );
}

#[test]
fn the_upstream_chain_grows() {
    let once = tool().stdin(stream::<&str>(&[])).run();
    let run = tool().stdin(once.stdout).run();
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        r#"{{"type":"begin","tool":"wo-describe","version":"{version}","schema":"wo-record","schema_version":1,"upstream":[{{"tool":"wo-test","version":"0.0.0"}},{{"tool":"wo-describe","version":"{version}"}}]}}"#
    );
    assert_eq!(
        run,
        Run::new(0, &format!("{expected}\n{}\n", end(0, 0, 0)), "")
    );
}

#[test]
fn what_is_not_known_survives_byte_for_byte() {
    let unknown_record = r#"{ "type":"weather" , "x":1e2, "b":18446744073709551617, "b":0.10 }"#;
    let error = r#"{"type":"error","code":"empty_file","what":"no bytes","tool":"wo-extract","path":"a.mp4","extra":[1, 2]}"#;
    let unlabelled =
        r#"{"type":"frame","video_id":"v1","index":1,"image":{"inline":{"jpeg_base64":"AA=="}}}"#;
    let unlabelled_out = r#"{"type":"frame","video_id":"v1","index":1,"pts_ms":null,"width_px":null,"height_px":null,"image":{"inline":{"jpeg_base64":"AA=="}},"exercise":null,"label":null,"label_origin":null,"faults":[],"description":null}"#;
    let fields = r#","stage":{"bottom" : 1e2},"big":18446744073709551617}"#;
    let frame = format!("{}{fields}", &FRAME[..FRAME.len() - 1]);
    let described = frame_out("bad_form", "folder", r#"["knees_cave"]"#, KNEES_CAVE);
    let described = format!("{}{fields}", &described[..described.len() - 1]);
    let run = tool()
        .stdin(stream(&[unknown_record, error, VIDEO, &frame, unlabelled]))
        .run();
    let expected = written(
        &[unknown_record, error, VIDEO, &described, unlabelled_out],
        &end(1, 2, 1),
    );
    assert_eq!(run, Run::new(0, &expected, ""));
}

#[test]
fn a_frame_that_does_not_follow_its_video_stops_the_run_with_the_cure() {
    let other = r#"{"type":"video","video_id":"v2","path":"squat/bad_form/4.mp4"}"#;
    let input = stream(&[VIDEO, other, FRAME]);
    let place = BEGIN.len() + VIDEO.len() + other.len() + 3;
    let what = format!(
        "line 4 (byte {place}): a `frame` record of video v1, whose `video` record is line 2, and line 3 came between"
    );
    let cure = "hint: put each frame behind the `video` record of its video and before the next video, as wo-extract \
                writes them; a filter must keep both the order and the `video` records";
    let before = format!("{}\n{VIDEO}\n{other}\n", begin());
    let message = format!("wo-describe: <stdin>: {what}\n{cure}\n");
    let run = tool().stdin(input.as_str()).run();
    // What came before may wait in the buffer; a stream without `end` counts as cut.
    assert_eq!((run.status, run.stderr.as_str()), (6, message.as_str()));
    assert!(before.starts_with(&run.stdout), "{}", run.stdout);
    let failure = format!(
        r#"{{"type":"error","code":"bad_line","what":"{what}","tool":"wo-describe","path":null,"video_id":null}}"#
    );
    let run = tool().args(["--on-error", "skip"]).stdin(input).run();
    let expected = written(&[VIDEO, other, &failure], &end(2, 0, 1));
    assert_eq!(
        run,
        Run::new(3, &expected, &format!("wo-describe: <stdin>: {what}\n"))
    );
}

#[test]
fn what_the_descriptions_lack_is_said_once() {
    let homeless = FRAME.replace(r#""exercise":"squat","#, "");
    let strange = FRAME.replace(r#""label":"#, r#""faults":["left_wobble"],"label":"#);
    let run = tool()
        .stdin(stream(&[VIDEO, &homeless, &homeless, &strange]))
        .run();
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            0,
            "wo-describe: 2 labelled frames have no exercise and therefore no description\n\
             hint: put the videos into folders EXERCISE/LABEL\n\
             wo-describe: the captions table has no words for the fault left_wobble of squat: it describes 1 frame only \
             by its name\n\
             hint: add this to the end of data/captions.toml, and replace the samples by what your \
             videos show:\n\
             [exercises.squat.faults.left_wobble]\n\
             observations = [\"left wobble\"]\n"
        )
    );
    let quiet = tool()
        .arg("-q")
        .stdin(stream(&[VIDEO, &homeless, &homeless, &strange]))
        .run();
    assert_eq!(
        quiet,
        Run {
            stderr: String::new(),
            ..run
        }
    );
}

#[test]
fn empty_input_is_a_cut_stream() {
    let message = "wo-describe: <stdin>: the stream was cut: the input ended after line 0 (byte 0) without an `end` \
                   record\nhint: the tool before this one stopped early, or a filter dropped the `begin` and `end` \
                   lines\n";
    assert_eq!(tool().run(), Run::new(6, "", message));
}

#[test]
fn a_cut_stream_has_no_end_and_writes_no_file() {
    let message = format!(
        "wo-describe: <stdin>: the stream was cut: the input ended after line 2 (byte {}) without an `end` record\n\
         hint: the tool before this one stopped early, or a filter dropped the `begin` and `end` lines\n",
        BEGIN.len() + VIDEO.len() + 2
    );
    let cut = format!("{BEGIN}\n{VIDEO}\n");
    assert_eq!(
        tool().stdin(cut.as_str()).run(),
        Run::new(6, &format!("{}\n{VIDEO}\n", begin()), &message)
    );
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("out.ndjson"), "old").unwrap();
    let run = tool()
        .args(["-o", "out.ndjson"])
        .current_dir(dir.path())
        .stdin(cut)
        .run();
    assert_eq!(run, Run::new(6, "", &message));
    assert_eq!(
        std::fs::read_to_string(dir.path().join("out.ndjson")).unwrap(),
        "old"
    );
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_bad_line_stops_the_run_unless_it_is_to_be_skipped() {
    let input = stream(&[VIDEO, r#"{"type":"frame","video_id":7}"#, FRAME]);
    let cause = format!(
        "line 3 (byte {}): not a record: invalid type: integer `7`, expected a string at column 28",
        BEGIN.len() + VIDEO.len() + 2
    );
    let message = format!("wo-describe: <stdin>: {cause}\n");
    let run = tool().stdin(input.as_str()).run();
    assert_eq!(
        run,
        Run::new(6, &format!("{}\n{VIDEO}\n", begin()), &message)
    );

    let failure = format!(
        r#"{{"type":"error","code":"bad_line","what":"{cause}","tool":"wo-describe","path":null,"video_id":null}}"#
    );
    let described = frame_out("bad_form", "folder", r#"["knees_cave"]"#, KNEES_CAVE);
    let expected = written(&[VIDEO, &failure, &described], &end(1, 1, 1));
    let run = tool().args(["--on-error", "skip"]).stdin(input).run();
    assert_eq!(run, Run::new(3, &expected, &message));
}

#[test]
fn a_bad_line_before_the_stream_can_be_skipped() {
    let input = format!("warming up\n{}", stream(&[VIDEO]));
    let message =
        "wo-describe: <stdin>: line 1 (byte 0): not a record: expected value at column 1\n";
    assert_eq!(tool().stdin(input.as_str()).run(), Run::new(6, "", message));
    let run = tool().args(["--on-error", "skip"]).stdin(input).run();
    assert_eq!(run, Run::new(3, &written(&[VIDEO], &end(1, 0, 0)), message));
}

#[test]
fn a_reader_that_goes_away_ends_it_in_silence() {
    let lines = [vec![VIDEO], vec![FRAME; 5000]].concat();
    let run = tool().stdin(stream(&lines)).into_closed_pipe();
    assert_eq!(run, Run::new(0, &(begin() + "\n"), ""));
}

#[test]
fn a_full_device_is_an_io_error() {
    let run = tool().stdin(stream(&[VIDEO, FRAME])).into_dev_full();
    let message = "wo-describe: write the output: No space left on device (os error 28)\n";
    assert_eq!(run, Run::new(5, "", message));
}

#[test]
fn missing_files_are_named() {
    let run = tool().arg("nowhere.ndjson").run();
    let message = "wo-describe: open nowhere.ndjson: No such file or directory (os error 2)\n";
    assert_eq!(run, Run::new(2, "", message));
    let run = tool().args(["--captions", "nowhere.toml"]).run();
    let message = "wo-describe: read nowhere.toml: No such file or directory (os error 2)\n";
    assert_eq!(run, Run::new(2, "", message));
    let run = tool()
        .args(["-o", "nowhere/out.ndjson"])
        .stdin(stream(&[VIDEO]))
        .run();
    let message = "wo-describe: write nowhere/out.ndjson: No such file or directory (os error 2)\n";
    assert_eq!(run, Run::new(5, "", message));
}

#[test]
fn a_captions_table_of_ones_own_wins_over_the_built_in_one() {
    let dir = tempdir().unwrap();
    let table = r#"
        [phrasings]
        good = ["{exercise}: {observations}"]
        bad = ["{exercise}: {observations} ({issues})"]
        bad_without_issue = ["{exercise}: {observations}"]
        plain = ["{exercise}, {label}"]
        unclear = ["{exercise}?"]
        [exercises.squat]
        good = ["all well"]
        [exercises.squat.faults.knees_cave]
        observations = ["knees in"]
    "#;
    std::fs::write(dir.path().join("mine.toml"), table).unwrap();
    let mine = || {
        tool()
            .args(["--captions", "mine.toml"])
            .current_dir(dir.path())
    };
    let described = frame_out(
        "bad_form",
        "folder",
        r#"["knees_cave"]"#,
        r#""squat: knees in""#,
    );
    let run = mine().stdin(stream(&[VIDEO, FRAME])).run();
    assert_eq!(
        run,
        Run::new(
            0,
            &written(&[VIDEO, &described], &end(1, 1, 0)),
            "wo-describe: the captions table in force is mine.toml, which changes squat.faults.knees_cave, squat.good, \
             phrasings.good, phrasings.bad, phrasings.bad_without_issue, phrasings.plain, phrasings.unclear\n"
        )
    );

    std::fs::write(
        dir.path().join("mine.toml"),
        table.replace("{observations} ({issues})", "{observation}"),
    )
    .unwrap();
    let message = "wo-describe: read mine.toml: line 4: phrasings.bad: a template lacks {observations}\n  \
                   line 4: phrasings.bad: a template lacks {issues}\n  \
                   line 4: phrasings.bad: a template has an unknown blank\n";
    assert_eq!(
        mine().stdin(stream(&[VIDEO, FRAME])).run(),
        Run::new(2, "", message)
    );
    std::fs::write(dir.path().join("mine.toml"), "[phrasing]\n").unwrap();
    let run = mine().stdin(stream(&[VIDEO, FRAME])).run();
    assert_eq!(
        run.stderr,
        "wo-describe: read mine.toml: line 1: a captions table has no `phrasing`; write `phrasings`\n"
    );
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
}

#[test]
fn a_file_is_written_whole_and_names_images_from_its_own_folder() {
    const HOME: &str = r#"{"type":"video","video_id":"v1"}"#;
    let dir = tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("data/frames")).unwrap();
    std::fs::write(dir.path().join("data/in.ndjson"), stream(&[HOME, FRAME])).unwrap();
    let run = tool()
        .args(["data/in.ndjson", "-o", "data/frames/out.ndjson"])
        .current_dir(dir.path())
        .run();
    assert_eq!(run, Run::new(0, "", NO_FAULT));
    let plain = frame_out("bad_form", "folder", "[]", r#""squat bad form""#);
    let here = written(
        &[HOME, &plain.replace("frames/a.jpg", "a.jpg")],
        &end(1, 1, 0),
    );
    assert_eq!(
        std::fs::read_to_string(dir.path().join("data/frames/out.ndjson")).unwrap(),
        here
    );
    // In a pipe a path is meant from the working directory.
    let run = tool().arg("data/in.ndjson").current_dir(dir.path()).run();
    let expected = written(
        &[HOME, &plain.replace("frames/a.jpg", "data/frames/a.jpg")],
        &end(1, 1, 0),
    );
    assert_eq!(run, Run::new(0, &expected, NO_FAULT));
}

#[test]
fn help_says_what_it_does() {
    let run = tool().arg("--help").run();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.stdout, @r"
Add labels and descriptions to frames

Reads records and writes them with descriptions. The captions table describes what good form and
each fault look like. Faults come from a CSV, from the record, or from the name of the video's file
or folder, such as bad_form/knees_cave_003.mp4.

Usage: wo-describe [OPTIONS] [INPUT]

Arguments:
  [INPUT]
          Records to read; `-` or no INPUT is stdin

Options:
      --csv <FILE>
          CSV with frame_path,label,description and optional faults; overrides records; the last CSV
          wins

      --reviews <FILE>
          Reviews of wo-review; override records and CSVs: labels, faults, descriptions, deleted
          frames

      --captions <FILE>
          Captions table that adds to the built-in one and wins over it [default:
          data/captions.toml, where it lies here]

      --to <FORMAT>
          Output format

          Possible values:
          - ndjson:     Records
          - csv:        The table frame_path,label,description, for a spreadsheet
          - webdataset: Tar files with an image, a text and a JSON file for each frame, as
            WebDataset and open_clip read them
          
          [default: ndjson]

  -o, --output <FILE>
          Write to FILE instead of stdout; FILE is replaced only when complete. For --to webdataset
          the name of the tar files with one place for their number, such as frames-%06d.tar; files
          that are there are never replaced

      --tar-size <SIZE>
          How much a tar file holds before the next video goes into another one: frames, such as
          5000, or bytes, such as 500MB [default: 10000]

      --shard <I/N>
          Take only part I of N, counted from 1: all videos of a person or source are in one part,
          and all parts together are the whole

      --on-error <WHAT>
          What to do at a line that is no record

          Possible values:
          - fail: Stop, so that the output does not look complete
          - skip: Report it, go on, and exit 3 at the end
          
          [default: fail]

      --max-line <BYTES>
          Longest line to take, in bytes
          
          [default: 16777216]

  -q, --quiet
          Say nothing on stderr but errors

  -v, --verbose
          Say more on stderr

  -h, --help
          Print help (see a summary with '-h')

  -V, --version
          Print version

Examples:
  wo-extract data/training_data | wo-describe | wo-train -o model
  wo-describe frames/records.ndjson -o frames/records.ndjson
  wo-describe frames/records.ndjson --to csv -o labels.csv
  wo-describe records.ndjson --shard 2/8 | wo-eval --model model --shard 2/8 > part-2.ndjson
  wo-describe frames/records.ndjson --csv labels.csv | wo-train -o model
  wo-describe frames/records.ndjson --to webdataset -o 'frames-%06d.tar'
  wo-extract data/training_data | wo-describe --reviews frames/reviews.ndjson | wo-train -o model

Edit the tables of a folder of frames in place. Do not put a table of all frames beside them,
such as frames/labels.csv: after an edit the two tables contradict each other.
");
}

#[test]
fn images_in_records_do_not_go_to_a_terminal() {
    let inline = FRAME.replace(
        r#"{"file":{"path":"frames/a.jpg"}}"#,
        r#"{"inline":{"jpeg_base64":"/9j/"}}"#,
    );
    assert_ne!(inline, FRAME);
    let refused = tool().stdin(stream(&[VIDEO, &inline])).into_terminal();
    assert!(
        !refused.stdout.contains("jpeg_base64"),
        "{}",
        refused.stdout
    );
    assert!(
        refused.status == 2 && refused.stderr.contains("`> FILE` or `-o FILE`"),
        "{}",
        refused.stderr
    );
    // What the hint says works, and records whose images are files may be read on a terminal.
    let dir = tempdir().unwrap();
    let kept = tool()
        .args(["-o", "out.ndjson"])
        .current_dir(dir.path())
        .stdin(stream(&[VIDEO, &inline]));
    assert_eq!(kept.into_terminal(), Run::new(0, "", ""));
    let text = std::fs::read_to_string(dir.path().join("out.ndjson")).unwrap();
    assert!(text.contains("jpeg_base64"));
    let shown = tool().stdin(stream(&[VIDEO, FRAME])).into_terminal();
    assert!(shown.status == 0 && shown.stdout.contains("frames/a.jpg"));
}
