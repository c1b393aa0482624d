//! Which part of each pixel a polygon covers, to the bit as tiny-skia's scan converter has it: 4 x 4 samples a pixel, edges in
//! fixed point (Skia's `SkScan_AntiPath`, `SkEdge`). tiny-skia itself runs its whole pixel pipeline for each pixel of an
//! outline, which was most of the time of a drawn video.
//!
//! Only for polygons that lie wholly inside of the picture.

use std::cmp::Ordering;

use crate::pixel::Pixel;

/// Samples along one side of a pixel, as a power of two.
const SHIFT: u32 = 2;
const SCALE: u32 = 1 << SHIFT;
/// From sample to 26.6 fixed point.
const TO_FIXED: f32 = (1 << (SHIFT + 6)) as f32;

/// A part of an outline, in samples; `x` and `dx` in 16.16 fixed point.
#[derive(Debug, Clone, Copy)]
struct Edge {
    x: i32,
    dx: i32,
    first_y: i32,
    last_y: i32,
    winding: i32,
}

/// Goes through polygons line by line. Kept from one to the next for its memory.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    edges: Vec<Edge>,
    /// Those that cross the line of samples, from left to right.
    active: Vec<Edge>,
    next: Vec<Edge>,
    /// How much of each pixel of the line is covered, from the left end of the polygon.
    row: Vec<u8>,
}

/// The pixels that a polygon touches: left, top, right, bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) right: i32,
    pub(crate) bottom: i32,
}

impl Bounds {
    /// Those of a polygon of more than a pixel each way inside of a picture of this size.
    pub(crate) fn inside(corners: &[Pixel], width: u32, height: u32) -> Option<Self> {
        let (mut low, mut high) = ((f32::MAX, f32::MAX), (f32::MIN, f32::MIN));
        for &(x, y) in corners {
            if !x.is_finite() || !y.is_finite() {
                return None;
            }
            low = (low.0.min(x), low.1.min(y));
            high = (high.0.max(x), high.1.max(y));
        }
        let is_inside = low.0 >= 0.0
            && low.1 >= 0.0
            && high.0.ceil() <= width as f32
            && high.1.ceil() <= height as f32;
        let is_large = high.0 - low.0 > 1.0 && high.1 - low.1 > 1.0;
        (corners.len() > 2 && is_inside && is_large).then(|| Self {
            left: low.0.floor() as i32,
            top: low.1.floor() as i32,
            right: high.0.ceil() as i32,
            bottom: high.1.ceil() as i32,
        })
    }
}

impl Scanner {
    /// Calls `paint` with each line of a polygon: its number and what is covered of it, from the left bound on.
    pub(crate) fn scan(
        &mut self,
        corners: &[Pixel],
        bounds: Bounds,
        mut paint: impl FnMut(usize, &[u8]),
    ) {
        self.take_edges(corners);
        if self.edges.len() < 2 {
            return;
        }
        let width = (bounds.right - bounds.left) as usize;
        self.row.clear();
        self.row.resize(width, 0);
        self.active.clear();
        let mut n_taken = 0;
        for y in bounds.top..bounds.bottom {
            let first = y << SHIFT;
            for line in first..first + SCALE as i32 {
                n_taken = self.take_new_edges(n_taken, line);
                self.cover_line(line, (bounds.left << SHIFT) as u32);
                self.advance(line);
            }
            paint(y as usize, &self.row);
            self.row.fill(0);
        }
    }

    fn take_edges(&mut self, corners: &[Pixel]) {
        self.edges.clear();
        for (i, &from) in corners.iter().enumerate() {
            let to = corners[(i + 1) % corners.len()];
            let Some(edge) = Edge::new(from, to) else {
                continue;
            };
            match self.edges.last_mut() {
                Some(last) if edge.dx == 0 && last.dx == 0 && edge.x == last.x => {
                    match last.combined(&edge) {
                        Combined::Apart => self.edges.push(edge),
                        Combined::Into(whole) => *last = whole,
                        Combined::Nothing => {
                            self.edges.pop();
                        }
                    }
                }
                _ => self.edges.push(edge),
            }
        }
        self.edges.sort_by_key(|edge| (edge.first_y, edge.x));
    }

    /// Takes the edges that begin at a line in among the others. Which of two at one place comes first decides how a pixel is
    /// rounded, so it is as in tiny-skia: the first new one behind its equals, the others before theirs.
    fn take_new_edges(&mut self, n_taken: usize, line: i32) -> usize {
        let new = &self.edges[n_taken..];
        let n_new = new.partition_point(|edge| edge.first_y <= line);
        let new = &new[..n_new];
        let Some(first) = new.first() else {
            return n_taken;
        };
        if self.active.last().is_none_or(|last| last.x <= first.x) {
            self.active.extend_from_slice(new);
        } else {
            let mut at = self.active.partition_point(|edge| edge.x <= first.x);
            for edge in new {
                while self.active.get(at).is_some_and(|old| old.x < edge.x) {
                    at += 1;
                }
                self.active.insert(at, *edge);
                at += 1;
            }
        }
        n_taken + n_new
    }

    /// Adds what one line of samples covers.
    fn cover_line(&mut self, line: i32, left: u32) {
        let (mut winding, mut from) = (0, 0);
        // Four full lines of samples must not come to more than 255.
        let is_last = line as u32 & (SCALE - 1) == SCALE - 1;
        let full = (1 << (8 - SHIFT)) - u16::from(is_last);
        for edge in &self.active {
            let x = (edge.x + (1 << 15)) >> 16;
            if winding == 0 {
                from = x;
            }
            winding += edge.winding;
            if winding == 0 && x > from {
                let span = (from as u32).saturating_sub(left)..(x as u32).saturating_sub(left);
                cover(&mut self.row, span, full);
            }
        }
    }

    /// Goes to the next line of samples.
    fn advance(&mut self, line: i32) {
        self.next.clear();
        for &(mut edge) in &self.active {
            if edge.last_y == line {
                continue;
            }
            edge.x += edge.dx;
            let mut at = self.next.len();
            while at > 0 && self.next[at - 1].x > edge.x {
                at -= 1;
            }
            self.next.insert(at, edge);
        }
        std::mem::swap(&mut self.active, &mut self.next);
    }
}

/// Adds a span of samples of one line.
fn cover(row: &mut [u8], span: std::ops::Range<u32>, full: u16) {
    let part = |n_samples: u32| (n_samples << (8 - 2 * SHIFT)) as u16;
    let add = |pixel: &mut u8, more: u16| {
        let sum = u16::from(*pixel) + more;
        *pixel = (sum - (sum >> 8)) as u8;
    };
    let (first, last) = ((span.start >> SHIFT) as usize, (span.end >> SHIFT) as usize);
    let (before, behind) = (span.start & (SCALE - 1), span.end & (SCALE - 1));
    if first == last {
        if let Some(pixel) = row.get_mut(first) {
            add(pixel, part(behind - before));
        }
        return;
    }
    let mut whole = first;
    if before > 0 {
        if let Some(pixel) = row.get_mut(first) {
            add(pixel, part(SCALE - before));
        }
        whole += 1;
    }
    let n_pixels = row.len();
    for pixel in &mut row[whole.min(n_pixels)..last.min(n_pixels)] {
        add(pixel, full);
    }
    if behind > 0
        && let Some(pixel) = row.get_mut(last)
    {
        add(pixel, part(behind));
    }
}

/// What two upright edges in one place are together.
enum Combined {
    Apart,
    Into(Edge),
    Nothing,
}

impl Edge {
    /// `None` where no line of samples is crossed.
    fn new(from: Pixel, to: Pixel) -> Option<Self> {
        let fixed = |point: Pixel| ((point.0 * TO_FIXED) as i32, (point.1 * TO_FIXED) as i32);
        let ((mut x0, mut y0), (mut x1, mut y1)) = (fixed(from), fixed(to));
        let mut winding = 1;
        if y0 > y1 {
            (x0, y0, x1, y1) = (x1, y1, x0, y0);
            winding = -1;
        }
        let (top, bottom) = ((y0 + 32) >> 6, (y1 + 32) >> 6);
        if top == bottom {
            return None;
        }
        // 16.16 of a quotient; it fits, since a picture has at most some thousand pixels.
        let slope = (i64::from(x1 - x0) << 16) / i64::from(y1 - y0);
        let dx = slope.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        let to_middle = (top << 6) + 32 - y0;
        let moved = ((i64::from(dx) * i64::from(to_middle)) >> 16) as i32;
        Some(Self {
            x: (x0 + moved) << 10,
            dx,
            first_y: top,
            last_y: bottom - 1,
            winding,
        })
    }

    /// This edge with another that is behind it in the outline, both upright and in one place.
    fn combined(self, edge: &Self) -> Combined {
        let (first_y, last_y) = (self.first_y, self.last_y);
        let into = |first_y, last_y, winding| {
            Combined::Into(Self {
                first_y,
                last_y,
                winding,
                ..self
            })
        };
        if edge.winding == self.winding {
            return if edge.last_y + 1 == first_y {
                into(edge.first_y, last_y, self.winding)
            } else if edge.first_y == last_y + 1 {
                into(first_y, edge.last_y, self.winding)
            } else {
                Combined::Apart
            };
        }
        if edge.first_y == first_y {
            return match edge.last_y.cmp(&last_y) {
                Ordering::Equal => Combined::Nothing,
                Ordering::Less => into(edge.last_y + 1, last_y, self.winding),
                Ordering::Greater => into(last_y + 1, edge.last_y, edge.winding),
            };
        }
        if edge.last_y == last_y {
            return if edge.first_y > first_y {
                into(first_y, edge.first_y - 1, self.winding)
            } else {
                into(edge.first_y, first_y - 1, edge.winding)
            };
        }
        Combined::Apart
    }
}
