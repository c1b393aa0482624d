//! Tables in, tables out.

use std::fs;

use wo_testkit::{Run, TempDir, Tool, end, stream, tempdir};

use crate::{FRAME, VIDEO, frame_out, tool, written};

/// A folder with `labels.csv`, and the tool that takes it.
fn with_csv(text: &str) -> (TempDir, Tool) {
    let dir = tempdir().expect("make a folder");
    fs::write(dir.path().join("labels.csv"), text).expect("write the CSV");
    let tool = tool().args(["--csv", "labels.csv"]).current_dir(dir.path());
    (dir, tool)
}

fn check(csv: &str, frame: &str, stderr: &str) {
    let (_dir, tool) = with_csv(csv);
    let run = tool.stdin(stream(&[VIDEO, FRAME])).run();
    assert_eq!(
        run,
        Run::new(0, &written(&[VIDEO, frame], &end(1, 1, 0)), stderr)
    );
}

#[test]
fn a_row_overrides_label_description_and_faults() {
    check(
        "frame_path,label,description\nframes/a.jpg,good,\"knees out, chest up\"\n",
        &frame_out("good_form", "csv", "[]", r#""knees out, chest up""#),
        "",
    );
    check(
        "description,faults,frame_path,who,label\n,Heels Lift;,./frames/../frames/a.jpg,anna,\n",
        &frame_out(
            "bad_form",
            "folder",
            r#"["heels_lift"]"#,
            r#""heels rising in the squat: the lifter balancing on the balls of the feet""#,
        ),
        "",
    );
    check(
        "\u{feff}frame_path,label,description\r\nframes/a.jpg,unclear,\r\n",
        &frame_out("unclear", "csv", "[]", r#""squat, form unclear""#),
        "",
    );
}

#[test]
fn the_last_csv_wins() {
    let (dir, tool) = with_csv("frame_path,label,description\nframes/a.jpg,unclear,first\n");
    fs::create_dir(dir.path().join("frames")).unwrap();
    fs::write(
        dir.path().join("frames/more.csv"),
        "frame_path,label,description\na.jpg,bad,knees in\n",
    )
    .unwrap();
    let run = tool
        .args(["--csv", "frames/more.csv"])
        .stdin(stream(&[VIDEO, FRAME]))
        .run();
    let described = frame_out("bad_form", "folder", r#"["knees_cave"]"#, r#""knees in""#);
    let stderr = "wo-describe: frames/more.csv: 1 row contradicts an earlier row of the same frame; the last row \
                  counts, such as line 2 over line 2 on a.jpg\n";
    assert_eq!(
        run,
        Run::new(0, &written(&[VIDEO, &described], &end(1, 1, 0)), stderr)
    );
}

#[test]
fn a_table_that_is_given_for_a_folder_itself_is_said_to_count_once() {
    let (dir, tool) = with_csv("frame_path,label,description\nframes/a.jpg,good,\n");
    let frames = dir.path().join("frames");
    fs::create_dir(&frames).unwrap();
    fs::write(
        frames.join("squat_bad_form.csv"),
        "frame_path,label\na.jpg,bad\n",
    )
    .unwrap();
    fs::write(frames.join("a.jpg"), "").unwrap();
    let text = stream(&[VIDEO, FRAME]).replace("frames/a.jpg", "a.jpg");
    fs::write(frames.join("records.ndjson"), text).unwrap();
    let run = tool
        .args(["frames/records.ndjson", "-o", "frames/records.ndjson"])
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let said = "in this output only; the next run reads the tables again\nhint: correct the rows in the tables";
    assert!(run.stderr.contains(said), "{}", run.stderr);
}

#[test]
fn rows_that_match_nothing_and_descriptions_that_show_nothing_are_said() {
    check(
        "frame_path,label,description\nframes/a.jpg,good,squat good form\nframes/b.jpg,good,good\nc.jpg,bad,knees in\n",
        &frame_out("good_form", "csv", "[]", r#""squat good form""#),
        "wo-describe: labels.csv: 2 of 3 descriptions only judge and describe nothing visible, such as \
         \"squat good form\"\n\
         hint: leave the cell empty for a description from the captions table\n\
         wo-describe: 2 of 3 rows name no frame, so they change nothing: labels.csv:3: frames/b.jpg, \
         labels.csv:4: c.jpg\n\
         hint: frame_path holds the path of the frame; correct it or delete the row\n",
    );
}

#[test]
fn a_bad_csv_stops_the_run() {
    let refuse = |csv: &str, message: &str| {
        let (_dir, tool) = with_csv(csv);
        assert_eq!(
            tool.stdin(stream(&[VIDEO, FRAME])).run(),
            Run::new(6, "", message)
        );
    };
    refuse(
        "frame_pth,label\na.jpg,good\n",
        "wo-describe: labels.csv: line 1: no column `frame_path`; the columns are: frame_pth, label\n\
         hint: rename the column `frame_pth` to `frame_path`\n",
    );
    refuse(
        "frame_path,label\na.jpg,good,knees,in\n",
        "wo-describe: labels.csv: line 2: 4 cells under 2 columns\n\
         hint: put a cell that holds the delimiter into double quotes\n",
    );
    let (_dir, tool) = with_csv("frame_path,label\n");
    let run = tool.args(["--csv", "none.csv"]).run();
    let message = "wo-describe: open none.csv: No such file or directory (os error 2)\n";
    assert_eq!(run, Run::new(2, "", message));
}

#[test]
fn a_table_comes_out_and_goes_in_again() {
    let unlabelled = FRAME
        .replace("frames/a.jpg", "frames/b, c.jpg")
        .replace(r#","label":"bad_form""#, "");
    let run = tool()
        .args(["--to", "csv"])
        .stdin(stream(&[VIDEO, FRAME, &unlabelled]))
        .run();
    let table = "frame_path,label,description\n\
                 frames/a.jpg,bad_form,knee valgus in the squat: thighs pointing in and knees almost touching\n\
                 \"frames/b, c.jpg\",,\n";
    assert_eq!(run, Run::new(0, table, ""));
    let (dir, tool) = with_csv(table);
    let args = ["--to", "csv", "-o", "again.csv"];
    assert_eq!(
        tool.args(args)
            .stdin(stream(&[VIDEO, FRAME, &unlabelled]))
            .run(),
        Run::new(0, "", "")
    );
    assert_eq!(
        fs::read_to_string(dir.path().join("again.csv")).unwrap(),
        table
    );
}

#[test]
fn a_table_of_no_frames_is_a_header() {
    let run = tool()
        .args(["--to", "csv"])
        .stdin(stream::<&str>(&[]))
        .run();
    assert_eq!(run, Run::new(0, "frame_path,label,description\n", ""));
}

#[test]
fn an_image_in_a_record_cannot_be_in_a_table() {
    let inline = FRAME.replace(
        r#"{"file":{"path":"frames/a.jpg"}}"#,
        r#"{"inline":{"jpeg_base64":"AA=="}}"#,
    );
    let run = tool()
        .args(["--to", "csv"])
        .stdin(stream(&[VIDEO, &inline]))
        .run();
    let message = "wo-describe: frame 0 of video v1 has its image inside the record, which a CSV cannot hold\n\
                   hint: use `wo-extract --out DIR`, which writes images to files\n";
    assert_eq!(run, Run::new(6, "frame_path,label,description\n", message));
}

#[test]
fn a_reader_of_a_table_may_go_away() {
    let run = tool()
        .args(["--to", "csv"])
        .stdin(stream(&[vec![VIDEO], vec![FRAME; 20_000]].concat()))
        .into_closed_pipe();
    assert_eq!(run, Run::new(0, "frame_path,label,description\n", ""));
}
