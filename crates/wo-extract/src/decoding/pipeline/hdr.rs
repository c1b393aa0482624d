//! Light of a high dynamic range put into the range of ordinary images, as it would look on an ordinary screen.

use gstreamer_video as gst_video;

/// The light that ordinary white stands for, in candela per square metre (ITU-R BT.2408).
const WHITE: f32 = 203.0;
/// The brightest light that is told from brighter ones: what most of these videos are mastered for.
const PEAK: f32 = 1000.0;
/// The light that the largest value of PQ stands for.
const PQ_PEAK: f32 = 10_000.0;
/// Steps of the tables.
const STEPS: usize = 4096;
/// From the red, green and blue of BT.2020 to those of BT.709 (ITU-R BT.2087, section 4).
const NARROWER: [[f32; 3]; 3] = [
    [1.6605, -0.5876, -0.0728],
    [-0.1246, 1.1329, -0.0083],
    [-0.0182, -0.1006, 1.1187],
];
/// The weights of red, green and blue in the luminance of BT.2020.
const LUMINANCE: [f32; 3] = [0.2627, 0.678, 0.0593];

/// From the stored signal of a video with a high dynamic range to that of an ordinary one.
#[derive(Debug)]
pub(super) struct ToneMap {
    /// Light by signal: of the screen for PQ, of the scene for HLG.
    light: Vec<f32>,
    transfer: Transfer,
    gamut: Gamut,
    /// What light is multiplied by, by the square root of the brightest channel as a part of [`PQ_PEAK`].
    gain: Vec<f32>,
    /// Ordinary signal from 0 to 255, by the square root of light as a part of white.
    signal: Vec<f32>,
}

/// From stored signal to light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transfer {
    /// Hybrid log-gamma (ITU-R BT.2100).
    Hlg,
    /// Perceptual quantizer (SMPTE ST 2084).
    Pq,
}

/// Which colours red, green and blue are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gamut {
    /// Those of BT.709.
    Ordinary,
    /// Those of BT.2020.
    Wide,
}

impl ToneMap {
    /// The one for a video of this kind, if its range is high.
    pub(super) fn of(info: &gst_video::VideoInfo) -> Option<Self> {
        let colorimetry = info.colorimetry();
        let transfer = match colorimetry.transfer() {
            gst_video::VideoTransferFunction::Smpte2084 => Transfer::Pq,
            gst_video::VideoTransferFunction::AribStdB67 => Transfer::Hlg,
            _ => return None,
        };
        let gamut = match colorimetry.primaries() {
            gst_video::VideoColorPrimaries::Bt2020 => Gamut::Wide,
            _ => Gamut::Ordinary,
        };
        Some(Self::new(transfer, gamut))
    }

    fn new(transfer: Transfer, gamut: Gamut) -> Self {
        let table = |of: &dyn Fn(f32) -> f32| {
            let steps = (0..STEPS).map(|step| step as f32 / (STEPS - 1) as f32);
            steps.map(of).collect::<Vec<f32>>()
        };
        Self {
            light: match transfer {
                Transfer::Hlg => table(&hlg_scene),
                Transfer::Pq => table(&pq_light),
            },
            transfer,
            gamut,
            gain: table(&|root| {
                let light = (root * root * PQ_PEAK).max(1e-4);
                compressed(light) / light
            }),
            signal: table(&|root| 255.0 * srgb(root * root)),
        }
    }

    /// An ordinary signal, from 0 to 255, for a stored one.
    #[inline]
    pub(super) fn apply(&self, stored: [f32; 3]) -> [f32; 3] {
        let mut light = stored.map(|channel| at(&self.light, channel / 255.0));
        if self.transfer == Transfer::Hlg {
            // The screen's own gamma, for one that reaches the peak (ITU-R BT.2100, table 5).
            let scene = dot(LUMINANCE, light);
            light = light.map(|channel| PEAK * scene.max(1e-6).powf(0.2) * channel);
        }
        let brightest = light.into_iter().fold(0.0, f32::max);
        let gain = at(&self.gain, (brightest / PQ_PEAK).sqrt()) / WHITE;
        let mut light = light.map(|channel| channel * gain);
        if self.gamut == Gamut::Wide {
            light = NARROWER.map(|row| dot(row, light).max(0.0));
        }
        light.map(|channel| at(&self.signal, channel.sqrt()))
    }
}

#[inline]
fn at(table: &[f32], part: f32) -> f32 {
    // A cast from a float stays within the range of the integer.
    let place = part * (STEPS - 1) as f32 + 0.5;
    table[(place as usize).min(STEPS - 1)]
}

#[inline]
fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

const M1: f32 = 2610.0 / 16384.0;
const M2: f32 = 128.0 * 2523.0 / 4096.0;
const C1: f32 = 3424.0 / 4096.0;
const C2: f32 = 32.0 * 2413.0 / 4096.0;
const C3: f32 = 32.0 * 2392.0 / 4096.0;

/// The light of a PQ signal (SMPTE ST 2084).
fn pq_light(signal: f32) -> f32 {
    let root = signal.powf(1.0 / M2);
    PQ_PEAK * ((root - C1).max(0.0) / (C2 - C3 * root)).powf(1.0 / M1)
}

/// The PQ signal of a light.
fn pq_signal(light: f32) -> f32 {
    let root = (light / PQ_PEAK).powf(M1);
    ((C1 + C2 * root) / (1.0 + C3 * root)).powf(M2)
}

/// The light of the scene, from 0 to 1, of an HLG signal (ARIB STD-B67).
fn hlg_scene(signal: f32) -> f32 {
    const A: f32 = 0.178_832_77;
    const B: f32 = 0.284_668_92;
    const C: f32 = 0.559_910_7;
    if signal <= 0.5 {
        signal * signal / 3.0
    } else {
        (((signal - C) / A).exp() + B) / 12.0
    }
}

/// A light of up to [`PEAK`] as one of up to [`WHITE`]: the same up to a knee, and then ever less more (ITU-R BT.2390,
/// section 5.4.1).
fn compressed(light: f32) -> f32 {
    let whole = pq_signal(PEAK);
    let most = pq_signal(WHITE) / whole;
    let knee = 1.5 * most - 0.5;
    let signal = (pq_signal(light) / whole).min(1.0);
    if signal <= knee {
        return light;
    }
    let t = (signal - knee) / (1.0 - knee);
    let (t2, t3) = (t * t, t * t * t);
    let signal = (2.0 * t3 - 3.0 * t2 + 1.0) * knee
        + (t3 - 2.0 * t2 + t) * (1.0 - knee)
        + (3.0 * t2 - 2.0 * t3) * most;
    pq_light(signal * whole)
}

/// The signal of a light from 0 to 1 (IEC 61966-2-1).
fn srgb(light: f32) -> f32 {
    if light <= 0.003_130_8 {
        12.92 * light
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_light_stays_and_bright_light_becomes_white() {
        let map = ToneMap::new(Transfer::Pq, Gamut::Wide);
        let grey = |light: f32| map.apply([255.0 * pq_signal(light); 3]);
        for (light, expected) in [
            (0.0, 0.0),
            (20.0, 255.0 * srgb(20.0 / WHITE)),
            (60.0, 255.0 * srgb(60.0 / WHITE)),
            (1000.0, 255.0),
            (9000.0, 255.0),
        ] {
            let got = grey(light);
            assert!(
                got.iter().all(|v| (v - expected).abs() < 2.5),
                "{light}: {got:?}"
            );
        }
        let steps: Vec<f32> = (0..100).map(|i| grey(10.0 * i as f32)[1]).collect();
        assert!(steps.is_sorted_by(|a, b| *a <= b + 0.5), "{steps:?}");
        assert!((150.0..250.0).contains(&grey(203.0)[0]));
    }

    #[test]
    fn both_curves_agree_on_a_grey_and_red_stays_red() {
        // BT.2408, table 1: reference white is 58 % of PQ and 75 % of HLG.
        let pq = ToneMap::new(Transfer::Pq, Gamut::Wide).apply([0.58 * 255.0; 3]);
        let hlg = ToneMap::new(Transfer::Hlg, Gamut::Wide).apply([0.75 * 255.0; 3]);
        assert!((pq[0] - hlg[0]).abs() < 4.0, "{pq:?} {hlg:?}");
        let [r, g, b] = ToneMap::new(Transfer::Pq, Gamut::Wide).apply([150.0, 60.0, 60.0]);
        assert!(r > 200.0 && g < 60.0 && b < 60.0, "{r} {g} {b}");
    }
}
