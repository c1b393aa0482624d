use super::*;

fn parse(text: &[u8]) -> SourcesTable {
    let exercises = ["squat", "bench_press"].map(Name::new).into();
    let known = Known {
        folder: Path::new("/data"),
        exercises: &exercises,
    };
    SourcesTable::parse(text, &known).unwrap()
}

/// The problems of rows under the usual header, each with its line and cure.
fn told(rows: &str) -> Vec<String> {
    let text = format!("{}{rows}", super::super::TEMPLATE);
    let bad = parse(text.as_bytes()).bad_rows.into_iter();
    bad.map(|row| row.why.about(row.line).shown()).collect()
}

#[test]
fn a_row_says_what_it_says() {
    let text = "url,exercise,label,faults,person,source,angle,start,end,licence,consent,note\n\
                https://e.org/a,Bench Press,bad,knees cave; elbows-flare,Anna,gym_west,side,1:00,75,CC BY 4.0,yes,n\n";
    let table = parse(text.as_bytes());
    assert!(table.bad_rows.is_empty() && table.troubles.is_empty());
    let row = &table.rows[0];
    let text = |text: &str| Some(text.to_owned());
    let expected = Said {
        url: "https://e.org/a".to_owned(),
        exercise: Name::new("bench_press"),
        label: Name::new("bad_form"),
        faults: ["knees_cave", "elbows_flare"].map(Name::new).into(),
        person: text("Anna"),
        source: text("gym_west"),
        angle: text("side"),
        start_s: Some(60.0),
        end_s: Some(75.0),
        licence: text("CC BY 4.0"),
        consent: text("yes"),
        note: text("n"),
    };
    assert_eq!((row.line, &row.said), (2, &expected));
    assert_eq!(row.address, Address::Web("https://e.org/a".to_owned()));
}

#[test]
fn spreadsheets_are_read_as_they_save() {
    let text = "\u{feff}URL;Exercise;Label;Person\r\nhttps://e.org/ä;squat;good;'=Anna\r\n;;;\r\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), &utf16] {
        let table = parse(bytes);
        assert_eq!(table.rows.len(), 1);
        assert_eq!(table.rows[0].said.url, "https://e.org/ä");
        assert_eq!(table.rows[0].said.person.as_deref(), Some("=Anna"));
    }
}

#[test]
fn each_bad_row_has_its_line_and_a_cure() {
    assert_eq!(
        told(
            "https://e.org/a,squat,good\n,squat,good\nb.mp4,sqaut,good\nc.mp4,lunge,good\nd.mp4,,good\ne.mp4,squat,god\n"
        ),
        [
            "3: no url\nhint: write an address of a video, or a path of a file",
            "4: the exercise sqaut has no folder\nhint: if squat is meant, write that",
            "5: the exercise lunge has no folder\nhint: wo-collect add-exercise lunge",
            "6: no exercise\nhint: write one, such as squat",
            "7: no label is called god\nhint: if good_form is meant, write that",
        ]
    );
    assert_eq!(
        told(
            "a.mp4,squat,good,knees_cave\nb.mp4,squat,\nc.mp4,squat,good,,,,,9,5\nd.mp4,squat,good,,,,,,,,,a,b\n"
        ),
        [
            "2: faults beside the label good_form\nhint: only bad_form has faults: change the label, or empty the cell",
            "3: no label\nhint: write good_form, bad_form or unclear",
            "4: end is not after start\nhint: write seconds, or minutes and seconds such as 1:05",
            "5: 13 cells under 12 columns\nhint: put a cell that holds the delimiter into double quotes",
        ]
    );
}

#[test]
fn of_two_rows_about_one_video_the_first_counts() {
    let rows = "a.mp4,squat,good,,,,,,,,,one\na.mp4,squat,good,,,,,,,,,two\na.mp4,squat,good,,,,,5\na.mp4,squat,bad\n";
    assert_eq!(
        told(rows),
        ["5: line 2 says something else of the same video\nhint: delete one of the two rows"]
    );
    let table = parse(format!("{}{rows}", super::super::TEMPLATE).as_bytes());
    let lines: Vec<u64> = table.rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 4]);
}
