use super::*;

fn row(frame_path: &str, label: &str, description: &str) -> Row {
    Row {
        frame_path: frame_path.to_owned(),
        label: Some(Name::label(label)).filter(|label| !label.is_empty()),
        faults: Vec::new(),
        description: Some(description.to_owned()).filter(|text| !text.is_empty()),
    }
}

fn rows(bytes: &[u8]) -> Vec<Row> {
    let table = parse_table(bytes).unwrap();
    table.rows.into_iter().map(|(_, row)| row).collect()
}

fn frame(label: &str, faults: &[&str], description: Option<&str>) -> Frame {
    let frame = serde_json::json!({
        "video_id": "v", "index": 0, "image": {"file": {"path": "a.jpg"}},
        "label": label, "label_origin": "folder", "faults": faults, "description": description,
    });
    serde_json::from_value(frame).unwrap()
}

#[test]
fn a_table_comes_back_as_it_was_written_and_runs_nothing() {
    let written = [
        row("a.jpg", "good_form", "upright, \"tall\"\nand still "),
        row("-b.jpg", "bad_form", "=cmd|' /C calc'!A0"),
        row("'c.jpg", "wobbly", " \u{e9}"),
        row("'=d.jpg", "", "\t=1"),
    ];
    let mut bytes = Vec::new();
    write_table(&mut bytes, &written).unwrap();
    let mut cells = csv::Reader::from_reader(bytes.as_slice());
    for record in cells.records() {
        for cell in &record.unwrap() {
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']),
                "{cell}"
            );
        }
    }
    assert_eq!(rows(&bytes), written);
    let faults = ["knees_cave", "heels_lift"].map(Name::new).to_vec();
    let with_faults = [
        row("a.jpg", "good", "x"),
        Row {
            faults,
            ..row("b.jpg", "bad", "")
        },
    ];
    let mut bytes = Vec::new();
    write_table(&mut bytes, &with_faults).unwrap();
    let text = "frame_path,label,description,faults\na.jpg,good_form,x,\nb.jpg,bad_form,,knees_cave;heels_lift\n";
    assert_eq!(std::str::from_utf8(&bytes).unwrap(), text);
    assert_eq!(rows(&bytes), with_faults);
    let mut empty = Vec::new();
    write_table(&mut empty, []).unwrap();
    assert_eq!(empty, b"frame_path,label,description\n");
}

#[test]
fn a_table_is_read_by_its_header() {
    let text = "\u{feff}Faults;label,note\n";
    assert!(parse_table(text.as_bytes()).is_err());
    let text =
        "\u{feff}note,Label, FRAME_PATH ,faults\r\nx, bad ,\" a.jpg\",Knees Cave; heels_lift\r\n";
    let table = parse_table(text.as_bytes()).unwrap();
    let (line, said) = &table.rows[0];
    let faults = ["knees_cave", "heels_lift"].map(Name::new).to_vec();
    let expected = Row {
        faults,
        ..row("a.jpg", "bad_form", "")
    };
    assert_eq!((*line, said), (2, &expected));
    assert!(table.column_troubles.is_empty());
}

#[test]
fn slips_and_contradictions_are_known_by_their_lines() {
    let text =
        "frame_path,lable,label,faults\na.jpg,,god_form,\nb.jpg,,good,knees_cave\nc.jpg,,wobbly,\n";
    let table = parse_table(text.as_bytes()).unwrap();
    // The right column is there too, so the other one is a column of the person's own.
    assert!(table.column_troubles.is_empty());
    let misspelt = [(2, Name::new("god_form"), "good_form")];
    assert_eq!(table.misspelt_labels, misspelt);
    assert_eq!(table.contrary, [3]);
    let labels = table.rows.iter().map(|(_, row)| row.label.clone());
    let labels: Vec<_> = labels.collect();
    assert_eq!(
        labels,
        [None, Some("good_form".into()), Some("wobbly".into())]
    );
    let text = "frame_path,lable\na.jpg,good\n";
    let table = parse_table(text.as_bytes()).unwrap();
    assert!(table.column_troubles[0].hints[0].contains("if you mean `label`, rename it"));
    let text = "frame_path,label\na.jpg,???\nb.jpg,\nc.jpg,-\n";
    let table = parse_table(text.as_bytes()).unwrap();
    let none = [(2, "???".to_owned()), (4, "-".to_owned())];
    assert_eq!(table.no_labels, none);
}

#[test]
fn a_row_takes_faults_and_description_of_the_old_label_away() {
    let mut now = frame("bad_form", &["knees_cave"], Some("knees inward"));
    assert!(row("a.jpg", "good", "").apply(&mut now));
    assert_eq!(now.label, Some("good_form".into()));
    assert_eq!(now.label_origin, Some(LabelOrigin::Csv));
    assert_eq!((now.faults.len(), now.description), (0, None));

    // A description that nobody touched is as old as the label.
    let mut now = frame("bad_form", &["knees_cave"], Some("knees inward"));
    assert!(row("a.jpg", "good", "knees inward").apply(&mut now));
    assert_eq!(now.description, None);
    let mut now = frame("bad_form", &["knees_cave"], Some("knees inward"));
    assert!(row("a.jpg", "good", "chest up").apply(&mut now));
    assert_eq!(now.description.as_deref(), Some("chest up"));

    // What says the same changes nothing, and empty cells say nothing.
    for same in [row("a.jpg", "bad", ""), row("a.jpg", "", "knees inward")] {
        let mut now = frame("bad_form", &["knees_cave"], Some("knees inward"));
        let before = now.clone();
        assert!(!same.apply(&mut now));
        assert_eq!(now, before);
    }
    let mut now = frame("bad_form", &["knees_cave"], Some("knees inward"));
    let other = Row {
        faults: vec!["heels_lift".into()],
        ..row("a.jpg", "", "")
    };
    assert!(other.apply(&mut now));
    assert_eq!(now.faults, ["heels_lift".into()]);
    assert_eq!(now.description, None);
    let mut good = frame("good_form", &[], None);
    assert!(!other.apply(&mut good));
    assert_eq!(good.faults.len(), 0);
}

#[test]
fn names_that_are_too_long_have_no_effect_and_are_named() {
    let (right, long) = ("a".repeat(100), "a".repeat(101));
    let text = format!(
        "frame_path,label,faults\na.jpg,{long},\nb.jpg,{right},\nc.jpg,bad,heels_lift;{long}\n"
    );
    let table = parse_table(text.as_bytes()).unwrap();
    assert_eq!(table.too_long, [2, 4]);
    let rows: Vec<Row> = table.rows.into_iter().map(|(_, row)| row).collect();
    assert_eq!(rows[0].label, None);
    assert_eq!(rows[1].label, Some(Name::new(&right)));
    assert_eq!(rows[2].faults, ["heels_lift".into()]);
}

/// The reader of a pipe that went away.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_went_away_is_seen_through_the_table() {
    let row = row("a.jpg", "good_form", &"long ".repeat(10_000));
    let TableError::Io(error) = write_table(Gone, [&row, &row]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}
