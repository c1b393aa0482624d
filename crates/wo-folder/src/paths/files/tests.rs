use super::*;

fn files(dir: &Path, names: &[&str]) -> Files {
    for name in names {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    Files::of(BaseFolder::of_folder(dir).unwrap()).unwrap()
}

#[test]
fn every_spelling_of_a_file_means_it() {
    let dir = tempfile::tempdir().unwrap();
    let decomposed = "frames_squat_bad/Mu\u{308}ller_000.jpg";
    let id = "frames_squat_bad/0123456789abcdef_000_0000000.jpg";
    let files = files(
        dir.path(),
        &[
            decomposed,
            id,
            "frames_squat_good/x.jpg",
            "trash/frames_a/y.jpg",
        ],
    );
    let absolute = dir.path().join(id);
    let check = |written: &str, expected: &str| {
        let meant = files.meant(written);
        assert!(meant.is_there, "{written}: {meant:?}");
        assert_eq!(meant.key, files.key(Path::new(expected)), "{written}");
    };
    check(id, id);
    check(&format!("./{id}"), id);
    check(&format!("frames_squat_good/../{id}"), id);
    check(absolute.to_str().unwrap(), id);
    check(&id.replace('/', "\\"), id);
    check(&format!(".\\{}", id.replace('/', "\\")), id);
    check(&id.to_uppercase(), id);
    check("0123456789abcdef_000_0000000.jpg", id);
    check(
        "C:\\Users\\anna\\frames_squat_bad\\0123456789abcdef_000_0000000.jpg",
        id,
    );
    check("/other/machine/0123456789abcdef_000_0000000.JPG", id);
    check(id.trim_end_matches(".jpg"), id);
    check("frames_squat_bad/M\u{fc}ller_000.jpg", decomposed);
    check("x", "frames_squat_good/x.jpg");
    check("frames_a/y.jpg", "frames_a/y.jpg");
    for none in ["frames_squat_bad/x.jpg", "z.jpg", ""] {
        assert!(!files.meant(none).is_there, "{none}");
    }
}

#[test]
fn a_key_is_spelt_as_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let decomposed = "Mu\u{308}ller/o\u{308}_1.jpg";
    let files = files(dir.path(), &[decomposed, "a.jpg"]);
    let composed = files.key(Path::new("M\u{fc}ller/\u{f6}_1.jpg"));
    assert_eq!(files.spelt(&composed), Path::new(decomposed));
    assert!(files.exists(Path::new("M\u{fc}ller/\u{f6}_1.jpg")));
    let plain = files.key(Path::new("./a.jpg"));
    assert_eq!(files.spelt(&plain), Path::new("a.jpg"));
    let none = files.key(Path::new("none.jpg"));
    assert_eq!(files.spelt(&none), Path::new("none.jpg"));
}

#[test]
fn what_may_mean_two_files_means_none() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(
        dir.path(),
        &[
            "a/0.jpg", "b/0.jpg", "c/X.jpg", "c/x.jpg", "d/v.mp4", "d/v.mov",
        ],
    );
    for none in ["0.jpg", "C/X.JPG", "d/v"] {
        assert!(!files.meant(none).is_there, "{none}");
    }
    assert!(files.meant("c/X.jpg").is_there);
    assert!(files.meant("elsewhere/a/0.jpg").is_there);
}
