//! Where somebody lifts: the room, its clutter and its light. Nothing here knows the exercise or the label.

use crate::colour::{Rgb, rgb};
use crate::random::{Purpose, Stream};

/// A thing that stands or hangs behind the lifter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Metres to the right of the lifter, as the camera sees it.
    pub across_m: f32,
    /// Metres behind the lifter; things on the wall ignore it.
    pub away_m: f32,
    /// A factor on its size.
    pub size: f32,
    /// Its main colour.
    pub colour: Rgb,
}

/// Kinds of clutter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the names of the things")]
pub enum Kind {
    Poster,
    Mirror,
    Window,
    Lamp,
    PowerRack,
    PlateTree,
    DumbbellRack,
    PlyoBox,
    Ball,
    Kettlebells,
    Pillar,
}

/// A room.
// More than 12 fields: one for each thing that differs between rooms.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Names the seed and the scene.
    pub id: String,
    /// From the lifter to the wall in metres.
    pub wall_m: f32,
    /// How the wall is turned from the camera's view, in degrees.
    pub wall_turn_deg: f32,
    /// Colours.
    pub wall: Rgb,
    /// The lower part of the wall, as high as given in metres.
    pub dado: Option<(Rgb, f32)>,
    /// The floor.
    pub floor: Rgb,
    /// A lifting platform.
    pub platform: Option<Rgb>,
    /// Clutter, the farthest first.
    pub items: Vec<Item>,
    /// Colour and brightness of the light.
    pub tint: Rgb,
    /// The part of the light that comes from everywhere.
    pub ambient: f32,
    /// Where the lamp is in the picture: right, up, towards the camera.
    pub lamp: (f32, f32, f32),
    /// How dark the corners of the picture are, 0 to 1.
    pub vignette: f32,
    /// Size of the grain of the picture, 0 to 1.
    pub grain: f32,
    /// Seeds the grain.
    pub grain_seed: u32,
}

/// Pale and greyish, so that clothes stand out.
const WALLS: [Rgb; 8] = [
    rgb(0.80, 0.78, 0.74),
    rgb(0.70, 0.72, 0.75),
    rgb(0.62, 0.60, 0.58),
    rgb(0.74, 0.68, 0.58),
    rgb(0.58, 0.66, 0.70),
    rgb(0.66, 0.70, 0.62),
    rgb(0.50, 0.51, 0.54),
    rgb(0.72, 0.60, 0.54),
];
const FLOORS: [Rgb; 6] = [
    rgb(0.36, 0.36, 0.38),
    rgb(0.28, 0.28, 0.30),
    rgb(0.52, 0.44, 0.34),
    rgb(0.45, 0.46, 0.48),
    rgb(0.40, 0.34, 0.30),
    rgb(0.34, 0.40, 0.46),
];
const THINGS: [Rgb; 8] = [
    rgb(0.30, 0.31, 0.33),
    rgb(0.22, 0.23, 0.25),
    rgb(0.55, 0.26, 0.22),
    rgb(0.28, 0.38, 0.55),
    rgb(0.60, 0.52, 0.28),
    rgb(0.34, 0.46, 0.38),
    rgb(0.55, 0.45, 0.34),
    rgb(0.62, 0.62, 0.64),
];
const KINDS: [Kind; 11] = [
    Kind::Poster,
    Kind::Mirror,
    Kind::Window,
    Kind::Lamp,
    Kind::PowerRack,
    Kind::PlateTree,
    Kind::DumbbellRack,
    Kind::PlyoBox,
    Kind::Ball,
    Kind::Kettlebells,
    Kind::Pillar,
];

impl Scene {
    /// The scene of this seed and number.
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mut stream = Stream::new(seed, Purpose::Scene, index);
        let stream = &mut stream;
        let wall_m = stream.within(1.5..3.2);
        let n_items = 3 + stream.below(6);
        let mut items: Vec<Item> = (0..n_items)
            .map(|_| Item {
                kind: stream.pick(&KINDS),
                across_m: stream.within(-2.1..2.1),
                away_m: stream.within(0.95..wall_m - 0.2),
                size: stream.within(0.75..1.25),
                colour: stream.pick(&THINGS),
            })
            .collect();
        items.sort_by(|a, b| b.away_m.total_cmp(&a.away_m));
        let brightness = stream.within(0.90..1.22);
        let warmth = stream.within(-0.10..0.12);
        Self {
            id: format!("s{seed}-{index:03}"),
            wall_m,
            wall_turn_deg: stream.within(-16.0..16.0),
            wall: stream.pick(&WALLS).scaled(stream.within(0.9..1.06)),
            dado: stream
                .chance(0.35)
                .then(|| (stream.pick(&THINGS), stream.within(0.4..1.2))),
            floor: stream.pick(&FLOORS).scaled(stream.within(0.85..1.15)),
            platform: stream
                .chance(0.5)
                .then(|| stream.pick(&FLOORS).scaled(stream.within(0.8..1.3))),
            items,
            tint: rgb(1.0 + warmth, 1.0 + stream.within(-0.03..0.03), 1.0 - warmth)
                .scaled(brightness),
            ambient: stream.within(0.58..0.78),
            lamp: (
                stream.pick(&[-1.0, 1.0]) * stream.within(0.25..0.9),
                stream.within(0.5..1.0),
                stream.within(0.2..0.7),
            ),
            vignette: stream.within(0.0..0.35),
            grain: stream.within(0.0..0.035),
            grain_seed: stream.below(u32::MAX as usize) as u32,
        }
    }
}
