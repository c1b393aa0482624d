//! The names of samples and of their members.
//!
//! WebDataset takes what stands before the first dot of a member's name as the sample, and the rest as what the member
//! is. So a name of a sample holds no dot: `%2E` stands for it, which no id contains.

/// The member that ends a shard. WebDataset passes over names that begin and end like this.
pub(crate) const LAST_MEMBER: &str = "__wo_shard__";

/// The name of all frames of a video. A video that comes again in a stream gets another name by its `n_before`.
pub(crate) fn video_name(video_id: &str, n_before: u32) -> String {
    let id = video_id.replace('.', "%2E");
    match n_before {
        0 => id,
        n => format!("{id}+{}", n + 1),
    }
}

/// The name of a sample.
pub(crate) fn sample_name(video_name: &str, index: u32) -> String {
    format!("{video_name}_{index:06}")
}

/// The name of the video of a sample.
pub(crate) fn video_of_sample(sample: &str) -> &str {
    let without_index = sample
        .rsplit_once('_')
        .filter(|(_, index)| !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()));
    without_index.map_or(sample, |(video, _)| video)
}

/// The sample and the extension of a member; `None` of one that WebDataset passes over.
pub(crate) fn parts(member: &str) -> Option<(&str, &str)> {
    let start = member.rfind('/').map_or(0, |slash| slash + 1);
    let dot = start + member.get(start..)?.find('.')?;
    let (sample, extension) = (member.get(..dot)?, member.get(dot + 1..)?);
    (dot > start).then_some((sample, extension))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_sample_is_what_stands_before_the_first_dot() {
        assert_eq!(parts("a/b.c/d.seg.png"), Some(("a/b.c/d", "seg.png")));
        assert_eq!(parts("v_000001.jpg"), Some(("v_000001", "jpg")));
        for none in ["v", ".hidden", "a/.x", LAST_MEMBER, "a.b/c"] {
            assert_eq!(parts(none), None, "{none}");
        }
    }

    #[test]
    fn names_hold_no_dot_and_differ_where_frames_do() {
        let mut seen = HashSet::new();
        for id in ["v", "v.1", "v_1", "v_000001", "v-2", "v%2E1"] {
            for n_before in [0, 1, 9] {
                for index in [0, 1, 999_999, 1_000_000, u32::MAX] {
                    let video = video_name(id, n_before);
                    let sample = sample_name(&video, index);
                    assert_eq!(video_of_sample(&sample), video);
                    let member = format!("{sample}.jpg");
                    assert_eq!(parts(&member), Some((sample.as_str(), "jpg")));
                    // `%` is in no id.
                    assert!(id.contains('%') || seen.insert(sample));
                }
            }
        }
    }
}
