//! A frame as a few cells, and how far two of them differ.

/// Cells along each side.
pub(super) const SIDE: usize = 48;
pub(super) const N_CELLS: usize = SIDE * SIDE;
/// Differences are averaged over fields of so many cells a side, and the worst fields count.
const FIELD: usize = 4;
const N_FIELDS: usize = SIDE / FIELD * (SIDE / FIELD);
/// One field in so many.
const WORST: usize = 50;
/// So many cells at the edge are not compared: the black corners beside a rotated image are narrower than a cell at their end.
pub(super) const MARGIN: usize = 2;

/// The cells that two videos share.
pub(super) struct SharedCells {
    pub(super) is_shared: [bool; N_CELLS],
    pub(super) n: usize,
    mask: [u8; N_CELLS],
    n_worst: usize,
}

impl SharedCells {
    /// Those of `is_set` that have all their neighbours.
    pub(super) fn new(is_set: &[bool; N_CELLS]) -> Self {
        let is_shared = inner(is_set);
        let n = is_shared.iter().filter(|it| **it).count();
        Self {
            mask: is_shared.map(|it| if it { u8::MAX } else { 0 }),
            n_worst: (N_FIELDS * n / N_CELLS).div_ceil(WORST).clamp(1, N_FIELDS),
            is_shared,
            n,
        }
    }
}

/// A frame with the least and the most level around each cell, so that no edge differs that lies a little aside.
pub(super) struct Cells {
    levels: [u8; N_CELLS],
    least: [u8; N_CELLS],
    most: [u8; N_CELLS],
}

impl Cells {
    pub(super) fn new(levels: &[u8; N_CELLS]) -> Self {
        let levels = smooth(levels);
        Self {
            least: around(&levels, u8::min),
            most: around(&levels, u8::max),
            levels,
        }
    }

    /// The mean of the fields that differ most, in levels.
    pub(super) fn difference(&self, other: &Self, shared: &SharedCells) -> f32 {
        let mut apart = [0u8; N_CELLS];
        for (place, apart) in apart.iter_mut().enumerate() {
            let one = self.levels[place];
            let two = other.levels[place];
            let of_one = other.least[place]
                .saturating_sub(one)
                .max(one.saturating_sub(other.most[place]));
            let of_two = self.least[place]
                .saturating_sub(two)
                .max(two.saturating_sub(self.most[place]));
            *apart = of_one.max(of_two) & shared.mask[place];
        }
        let mut fields = [0u16; N_FIELDS];
        let rows = fields.chunks_exact_mut(SIDE / FIELD);
        for (row, lines) in rows.zip(apart.chunks_exact(FIELD * SIDE)) {
            let mut columns = [0u16; SIDE];
            for line in lines.chunks_exact(SIDE) {
                for (sum, cell) in columns.iter_mut().zip(line) {
                    *sum += u16::from(*cell);
                }
            }
            for (field, columns) in row.iter_mut().zip(columns.chunks_exact(FIELD)) {
                *field = columns.iter().sum();
            }
        }
        fields.select_nth_unstable_by(shared.n_worst - 1, |a, b| b.cmp(a));
        let worst = fields.iter().take(shared.n_worst);
        worst.map(|it| f32::from(*it)).sum::<f32>() / (shared.n_worst * FIELD * FIELD) as f32
    }
}

/// With each cell mixed with its neighbours: a crop shows finer detail than the whole.
fn smooth(levels: &[u8; N_CELLS]) -> [u8; N_CELLS] {
    let mix = |before: u8, here: u8, after: u8| {
        ((u16::from(before) + 2 * u16::from(here) + u16::from(after) + 2) / 4) as u8
    };
    let mut across = *levels;
    for (line, of_line) in across.chunks_exact_mut(SIDE).zip(levels.chunks_exact(SIDE)) {
        for (cell, three) in line.iter_mut().skip(1).zip(of_line.windows(3)) {
            if let &[before, here, after] = three {
                *cell = mix(before, here, after);
            }
        }
    }
    let mut both = across;
    for place in SIDE..N_CELLS - SIDE {
        both[place] = mix(across[place - SIDE], across[place], across[place + SIDE]);
    }
    both
}

/// The extreme of each cell and its eight neighbours.
fn around(levels: &[u8; N_CELLS], extreme: fn(u8, u8) -> u8) -> [u8; N_CELLS] {
    let mut across = *levels;
    for (line, of_line) in across.chunks_exact_mut(SIDE).zip(levels.chunks_exact(SIDE)) {
        for (pair, x) in of_line.windows(2).zip(1..) {
            let &[left, right] = pair else { continue };
            line[x] = extreme(line[x], left);
            line[x - 1] = extreme(line[x - 1], right);
        }
    }
    let mut both = across;
    for place in SIDE..N_CELLS {
        both[place] = extreme(both[place], across[place - SIDE]);
        both[place - SIDE] = extreme(both[place - SIDE], across[place]);
    }
    both
}

/// Without the cells at the edge of the image, and those that have a neighbour which is not set.
fn inner(is_set: &[bool; N_CELLS]) -> [bool; N_CELLS] {
    let mut levels = is_set.map(u8::from);
    let inside = MARGIN - 1..SIDE + 1 - MARGIN;
    for (place, level) in levels.iter_mut().enumerate() {
        if !inside.contains(&(place % SIDE)) || !inside.contains(&(place / SIDE)) {
            *level = 0;
        }
    }
    around(&levels, u8::min).map(|it| it == 1)
}
