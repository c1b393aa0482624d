use super::*;

const TABLE: &str = "\u{feff}frame_path,label,\"description\",comment\r\n\
    a_1.jpg,\"good\",\"two\r\nlines\",x\r\n\r\n\
    \"a_2.jpg\",good,,\"she said \"\"yes\"\"\"\r\n\
    a_3.jpg,good,,\r\n";

fn parsed(text: &str) -> TablePatch {
    TablePatch::parse(text.as_bytes()).unwrap()
}

fn text(table: &TablePatch) -> String {
    String::from_utf8(table.bytes()).unwrap()
}

fn bad() -> Judgement {
    Judgement {
        label: Some("bad_form".into()),
        description: Some("knees, inward".to_owned()),
        ..Judgement::default()
    }
}

/// The rows of these frames, taken out.
fn taken(table: &mut TablePatch, paths: &[&str]) -> Vec<(TableRow, TablePatch)> {
    let fate = |path: &str, _: &Name| {
        if paths.contains(&path) {
            Fate::Go(None, "there".to_owned())
        } else {
            Fate::Stay
        }
    };
    let leaving = table.pass(fate).unwrap().into_iter();
    leaving
        .map(|(row, _)| (row, TablePatch::like(table)))
        .collect()
}

#[test]
fn only_the_row_of_a_frame_changes() {
    let mut table = parsed(TABLE);
    assert_eq!(text(&table), TABLE);
    let new = bad();
    let fate = |path: &str, label: &Name| {
        assert_eq!(label.as_str(), "good_form");
        if path == "a_2.jpg" {
            Fate::Say(&new)
        } else {
            Fate::Stay
        }
    };
    assert!(table.pass(fate).unwrap().is_empty());
    let (before, after) = ("\"a_2.jpg\",good,,", "a_2.jpg,bad_form,\"knees, inward\",");
    assert_eq!(text(&table), TABLE.replace(before, after));
    assert!(table.is_changed());
}

#[test]
fn rows_that_are_taken_out_come_back_as_they_were() {
    let mut table = parsed(TABLE);
    let mut trash = TablePatch::like(&table);
    trash
        .put(taken(&mut table, &["a_1.jpg", "a_3.jpg"]), |_| ())
        .unwrap();
    assert_eq!(text(&table).lines().count(), 2);
    // Until all is written they are in both.
    assert_eq!(table.bytes_with_taken().len(), TABLE.len());
    let mut trash = parsed(&text(&trash));
    let back = taken(&mut trash, &["a_3.jpg", "a_1.jpg"]);
    assert!(trash.is_empty());
    table.put(back, |_| ()).unwrap();
    assert_eq!(text(&table), TABLE);
}

#[test]
fn a_table_of_a_spreadsheet_keeps_its_form() {
    let text = "sep=;\r\nFrame Path;Label;Note\r\na_1.jpg;good;\u{e4}\r\n";
    for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Windows1252] {
        let bytes = encode(text, encoding).unwrap();
        let mut table = TablePatch::parse(&bytes).unwrap();
        let new = bad();
        assert!(table.pass(|_, _| Fate::Say(&new)).unwrap().is_empty());
        let changed = text.replace(";good;", ";bad_form;");
        assert_eq!(table.bytes(), encode(&changed, encoding).unwrap());
    }
}

#[test]
fn nothing_that_is_written_runs_as_a_formula() {
    let mut table = parsed("frame_path,label,description\na.jpg,good,\n");
    let new = Judgement {
        description: Some("=1+1".to_owned()),
        ..bad()
    };
    assert!(table.pass(|_, _| Fate::Say(&new)).unwrap().is_empty());
    assert_eq!(
        text(&table),
        "frame_path,label,description\na.jpg,bad_form,'=1+1\n"
    );
    let row = table.new_row("-b.jpg", &new).unwrap();
    assert_eq!(row.text, "'-b.jpg,bad_form,'=1+1\n");
}

#[test]
fn a_row_finds_its_columns_in_another_table() {
    let mut to = parsed("label,frame_path\ngood,c.jpg");
    to.put(taken(&mut parsed(TABLE), &["a_2.jpg"]), |_| ())
        .unwrap();
    let row = to.new_row("b.jpg", &bad()).unwrap();
    for _ in 0..2 {
        let like = TablePatch::like(&to);
        to.put(vec![(row.clone(), like)], |_| ()).unwrap();
    }
    let wanted = "label,frame_path\ngood,a_2.jpg\nbad_form,b.jpg\ngood,c.jpg\n";
    assert_eq!(text(&to), wanted);
}
