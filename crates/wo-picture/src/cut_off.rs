//! How far the image edges cut a person off.

use crate::Mask;

/// A person counts as cut off when [`CutOff::worst`] is at least this.
///
/// Of sixty drawn videos of whole lifters one reaches it, by a plate at the upper edge; of thirty whose images were cut
/// so that 15 % of the lifter's width or height is lost, 28 reach it, and of those that lose 30 % all.
pub const DEFAULT_CUT_OFF: f64 = 0.2;

/// How much of a mask ends at each edge of the image, from 0 to 1.
///
/// Left and right are parts of the height of the mask, top and bottom of its width: an arm that leaves the image is
/// a small part, a body cut in half nearly all of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CutOff {
    /// The share of its lines that end at the left edge.
    pub left: f64,
    /// The share of its lines that end at the right edge.
    pub right: f64,
    /// The share of its columns that end at the upper edge.
    pub top: f64,
    /// The share of its columns that end at the lower edge; apart, since feet often stand there.
    pub bottom: f64,
}

impl CutOff {
    /// Measures a mask; use [`moved`](crate::MovingPerson::moved), which was not enlarged. `None` if it is empty.
    pub fn of(mask: &Mask) -> Option<Self> {
        let (width, height) = mask.dimensions();
        let columns: Vec<usize> = (0..width)
            .filter(|&x| (0..height).any(|y| mask.at(x, y)))
            .collect();
        let lines: Vec<usize> = (0..height)
            .filter(|&y| (0..width).any(|x| mask.at(x, y)))
            .collect();
        if columns.is_empty() || lines.is_empty() {
            return None;
        }
        let of_lines = |x: usize| part(&lines, |y| mask.at(x, y));
        let of_columns = |y: usize| part(&columns, |x| mask.at(x, y));
        Some(Self {
            left: of_lines(0),
            right: of_lines(width - 1),
            top: of_columns(0),
            bottom: of_columns(height - 1),
        })
    }

    /// The largest of left, right and top.
    pub fn worst(&self) -> f64 {
        self.left.max(self.right).max(self.top)
    }
}

fn part(all: &[usize], is_at_edge: impl Fn(usize) -> bool) -> f64 {
    let n = all.iter().filter(|&&at| is_at_edge(at)).count();
    n as f64 / all.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_told_apart() {
        // Ten lines high; four of them end at the left, and all five columns at the bottom.
        let mask = Mask::from_fn(20, 12, |x, y| {
            y >= 2
                && if y < 6 {
                    x < 5
                } else {
                    (1..5).contains(&x) || (x == 0 && y == 11)
                }
        });
        let cut = CutOff::of(&mask).unwrap();
        assert_eq!(
            (cut.left, cut.right, cut.top, cut.bottom),
            (0.5, 0.0, 0.0, 1.0)
        );
        assert!((cut.worst() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn all_of_an_image_ends_everywhere_and_nothing_nowhere() {
        let all = CutOff::of(&Mask::from_fn(1, 1, |_, _| true)).unwrap();
        assert!((all.worst() - 1.0).abs() < 1e-9 && (all.bottom - 1.0).abs() < 1e-9);
        assert_eq!(CutOff::of(&Mask::from_fn(5, 5, |_, _| false)), None);
    }
}
