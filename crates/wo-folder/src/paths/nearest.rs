//! The path that a misspelt one may mean.

use std::fmt;

/// A written path that names nothing, at its place, with the one that may be meant. That is looked for only where it is shown,
/// since it is a look through all.
#[derive(Debug, Clone, Copy)]
pub struct WithNearest<'a, P> {
    /// Where it is written, and how.
    pub place: P,
    /// The path.
    pub written: &'a str,
    /// Those that may be meant.
    pub known: &'a [&'a str],
}

impl<P: fmt::Display> fmt::Display for WithNearest<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)?;
        match most_alike(self.written, self.known.iter().copied()) {
            Some(near) => write!(f, " (the nearest is {near})"),
            None => Ok(()),
        }
    }
}

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
