use std::fs;

use super::*;

fn folder(tables: &[(&str, &str)], images: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in tables {
        fs::write(dir.path().join(name), text).unwrap();
    }
    for image in images {
        let path = dir.path().join(image);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    dir
}

fn label(rows: &Rows, path: &str) -> Option<String> {
    let image = Image::File {
        path: Path::new(path).into(),
        blake3: None,
    };
    let row = rows.of_image(&image, None)?;
    row.label.as_ref().map(ToString::to_string)
}

#[test]
fn a_row_is_found_however_its_path_is_spelt() {
    let images = [
        "f/a.jpg",
        "f/b.jpg",
        "f/c.jpg",
        "f/M\u{fc}ller.jpg",
        "f/e.jpg",
    ];
    let table = "frame_path,label\n./f/a.jpg,bad\nf\\b.jpg,bad\nF/C.JPG,bad\nf/Mu\u{308}ller.jpg,bad\nnone.jpg,bad\n";
    let dir = folder(&[("a.csv", table)], &images);
    let absolute = format!(
        "frame_path,label\n{},bad\n",
        dir.path().join("f/e.jpg").display()
    );
    fs::write(dir.path().join("b.csv"), absolute).unwrap();
    let rows = Rows::of_folder(dir.path(), &[]).unwrap();
    for image in images {
        assert_eq!(label(&rows, image).as_deref(), Some("bad_form"), "{image}");
    }
    assert_eq!(label(&rows, "f/other.jpg"), None);
    let unmet = rows.entries.iter().filter(|it| !it.is_met.load(Relaxed));
    assert_eq!(unmet.count(), 1);
}

#[test]
fn frames_whose_images_are_elsewhere_are_found_by_their_text() {
    let dir = folder(&[("a.csv", "frame_path,label\nf/a.jpg,bad\n")], &[]);
    let rows = Rows::of_files(&[dir.path().join("a.csv")]).unwrap();
    let place = BaseFolder::of(None).unwrap();
    let image = |path: &str| Image::File {
        path: Path::new(path).into(),
        blake3: None,
    };
    for path in ["f/a.jpg", "./f/A.jpg"] {
        assert!(
            rows.of_image(&image(path), Some(&place)).is_some(),
            "{path}"
        );
    }
    assert!(rows.of_image(&image("g/a.jpg"), Some(&place)).is_none());
}

#[test]
fn tables_of_a_folder_add_up_and_do_not_overrule_each_other() {
    let tables = [
        (
            "x (1).csv",
            "frame_path,label\na.jpg,bad\nb.jpg,good\nc.jpg,bad\n",
        ),
        (
            "x.csv",
            "frame_path,label,description\na.jpg,good,\nb.jpg,good,chest up\nc.jpg,,knees\n",
        ),
    ];
    let dir = folder(&tables, &["a.jpg", "b.jpg", "c.jpg"]);
    let rows = Rows::of_folder(dir.path(), &[]).unwrap();
    let image = |path: &str| Image::File {
        path: Path::new(path).into(),
        blake3: None,
    };
    let words = rows
        .contradiction(&image("a.jpg"), None)
        .unwrap()
        .to_string();
    assert!(
        words.contains("x (1).csv:2 and") && words.contains("x.csv:2 on a.jpg"),
        "{words}"
    );
    for path in ["b.jpg", "c.jpg"] {
        assert!(rows.contradiction(&image(path), None).is_none(), "{path}");
        let row = rows.of_image(&image(path), None).unwrap();
        assert!(row.description.is_some() && row.label.is_some());
    }
    // In an order that somebody gave, the last one counts.
    let given = Rows::of_files(&[dir.path().join("x.csv"), dir.path().join("x (1).csv")]).unwrap();
    assert_eq!(label(&given, "a.jpg").as_deref(), Some("bad_form"));
}

#[test]
fn a_later_row_overrules_only_what_it_says() {
    let first = "frame_path,label,description,faults\na.jpg,bad,knees in,knees_cave\nb.jpg,bad,knees in,knees_cave\n";
    let second = "frame_path,label,description\na.jpg,,\nb.jpg,good,\na.jpg,,deep\n";
    let dir = folder(&[("1.csv", first), ("2.csv", second)], &["a.jpg", "b.jpg"]);
    let rows = Rows::of_files(&[dir.path().join("1.csv"), dir.path().join("2.csv")]).unwrap();
    let said = |path: &str| {
        let image = Image::File {
            path: dir.path().join(path).into(),
            blake3: None,
        };
        rows.of_image(&image, None).unwrap().clone()
    };
    let kept = said("a.jpg");
    assert_eq!(
        kept.label,
        Some("bad_form".into()),
        "an empty cell says nothing"
    );
    assert_eq!(kept.faults, ["knees_cave".into()]);
    assert_eq!(kept.description.as_deref(), Some("deep"));
    let changed = said("b.jpg");
    assert_eq!(changed.label, Some("good_form".into()));
    assert!(changed.faults.is_empty() && changed.description.is_none());
}
