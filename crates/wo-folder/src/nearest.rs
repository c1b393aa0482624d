//! The path that somebody may have meant.

/// The most alike of some paths, however far: what stands in a hint beside a path that names nothing.
pub fn most_alike<'a>(path: &str, paths: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let fold = |text: &str| text.to_lowercase();
    let folded = fold(path);
    let name = folded
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .to_owned();
    let alike = |other: &str| {
        let other = fold(other);
        let other_name = other.rsplit('/').next().unwrap_or_default();
        strsim::jaro_winkler(&name, other_name) + 0.1 * strsim::jaro_winkler(&folded, &other)
    };
    let scores = paths.into_iter().map(|other| (alike(other), other));
    scores
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_path_has_the_most_alike_name() {
        let paths = [
            "frames_squat_bad/abc_000.jpg",
            "frames_squat_bad/def_000.jpg",
        ];
        assert_eq!(most_alike("squat/abc_00.jpg", paths), Some(paths[0]));
    }
}
