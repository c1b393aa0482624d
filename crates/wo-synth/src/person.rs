//! Who lifts: a body's measures, skin, hair and clothes. Nothing here knows the exercise or the label.

use crate::colour::{Rgb, rgb};
use crate::random::{Purpose, Stream};

/// Lengths of a body in metres.
// More than 12 fields: one for each part of a body.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the fields are the names of the body parts")]
pub struct Body {
    pub height: f32,
    /// Height of the ankle joint over the floor, shoe sole included.
    pub ankle: f32,
    pub shank: f32,
    pub thigh: f32,
    pub hip_half: f32,
    /// From the middle of the hips to the base of the neck, with a straight back.
    pub trunk: f32,
    pub shoulder_half: f32,
    pub upper_arm: f32,
    /// From the elbow to the middle of the fist.
    pub forearm: f32,
    pub neck: f32,
    pub head: f32,
    pub foot: f32,
    /// Factor on the thickness of all parts.
    pub girth: f32,
    /// Factor on the waist alone.
    pub waist: f32,
}

/// How the hair is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the names of the styles")]
pub enum Hair {
    None,
    Short,
    Bun,
    Long,
    Cap,
}

/// Colours and cuts.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the fields are the names of the clothes")]
pub struct Look {
    pub skin: Rgb,
    pub hair: Hair,
    pub hair_colour: Rgb,
    pub shirt: Rgb,
    /// How far the sleeve goes down the upper arm, 0 to 1; above 1 it goes on to the wrist.
    pub sleeve: f32,
    pub bottoms: Rgb,
    /// How far the trousers go down the leg: below 1 within the thigh, 2 to the ankle.
    pub bottoms_length: f32,
    pub socks: Rgb,
    pub shoes: Rgb,
    pub belt: Option<Rgb>,
}

/// A person.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Names the seed and the person.
    pub id: String,
    /// Lengths.
    pub body: Body,
    /// Colours.
    pub look: Look,
}

const SKINS: [Rgb; 7] = [
    rgb(0.95, 0.80, 0.70),
    rgb(0.90, 0.72, 0.58),
    rgb(0.82, 0.62, 0.46),
    rgb(0.72, 0.51, 0.36),
    rgb(0.58, 0.39, 0.27),
    rgb(0.44, 0.29, 0.20),
    rgb(0.33, 0.22, 0.16),
];
const HAIRS: [Rgb; 6] = [
    rgb(0.10, 0.08, 0.07),
    rgb(0.22, 0.14, 0.09),
    rgb(0.38, 0.24, 0.13),
    rgb(0.62, 0.46, 0.24),
    rgb(0.55, 0.24, 0.12),
    rgb(0.55, 0.54, 0.53),
];
/// Strong or dark, where walls are pale or grey: the lifter stands out as in a film that somebody chose to keep.
const CLOTHES: [Rgb; 14] = [
    rgb(0.78, 0.16, 0.16),
    rgb(0.14, 0.28, 0.66),
    rgb(0.10, 0.48, 0.30),
    rgb(0.90, 0.55, 0.10),
    rgb(0.48, 0.18, 0.55),
    rgb(0.10, 0.55, 0.62),
    rgb(0.86, 0.30, 0.50),
    rgb(0.13, 0.13, 0.15),
    rgb(0.24, 0.25, 0.28),
    rgb(0.12, 0.16, 0.30),
    rgb(0.93, 0.93, 0.91),
    rgb(0.90, 0.82, 0.22),
    rgb(0.35, 0.40, 0.20),
    rgb(0.45, 0.10, 0.16),
];

impl Person {
    /// The person of this seed and number.
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mut stream = Stream::new(seed, Purpose::Person, index);
        Self {
            id: format!("p{seed}-{index:03}"),
            body: Body::new(&mut stream),
            look: Look::new(&mut stream),
        }
    }
}

impl Body {
    /// Draws a body about the mean proportions of Winter, Biomechanics and Motor Control of Human Movement, fig. 4.1.
    fn new(stream: &mut Stream) -> Self {
        let height = stream.within(1.55..1.95);
        let mut part = |mean: f32| mean * height * stream.within(0.95..1.05);
        Self {
            height,
            ankle: part(0.045),
            shank: part(0.245),
            thigh: part(0.245),
            hip_half: part(0.053),
            trunk: part(0.295),
            shoulder_half: part(0.112),
            upper_arm: part(0.182),
            forearm: part(0.172),
            neck: part(0.056),
            head: part(0.064),
            foot: part(0.150),
            girth: stream.within(0.85..1.2),
            waist: stream.within(0.88..1.18),
        }
    }
}

impl Look {
    fn new(stream: &mut Stream) -> Self {
        let shirt = stream.pick(&CLOTHES);
        let bottoms = loop {
            let colour = stream.pick(&CLOTHES);
            // A shirt and trousers of one colour hide where the trunk ends.
            if colour.distance(shirt) > 0.3 {
                break colour;
            }
        };
        Self {
            skin: stream.pick(&SKINS).scaled(stream.within(0.94..1.05)),
            hair: stream.pick(&[
                Hair::None,
                Hair::Short,
                Hair::Short,
                Hair::Bun,
                Hair::Long,
                Hair::Cap,
            ]),
            hair_colour: stream.pick(&HAIRS),
            shirt,
            sleeve: stream.pick(&[0.0, 0.45, 0.55, 0.65, 2.0]),
            bottoms,
            bottoms_length: stream.pick(&[0.5, 0.65, 0.85, 2.0, 2.0]),
            socks: stream.pick(&[
                rgb(0.92, 0.92, 0.92),
                rgb(0.12, 0.12, 0.13),
                rgb(0.5, 0.5, 0.52),
            ]),
            shoes: stream.pick(&[
                rgb(0.93, 0.93, 0.94),
                rgb(0.10, 0.10, 0.11),
                rgb(0.75, 0.15, 0.18),
                rgb(0.15, 0.35, 0.75),
                rgb(0.85, 0.75, 0.20),
            ]),
            belt: stream
                .chance(0.25)
                .then(|| stream.pick(&[rgb(0.12, 0.10, 0.09), rgb(0.45, 0.28, 0.15)])),
        }
    }
}
