//! Draws a sheet of one exercise to look at: `contact_sheet EXERCISE OUT.png [SEED [PIXELS]]`.
//!
//! Rows: good form, then each fault, all with one person, scene and camera. Columns: three angles, four phases each.

use anyhow::Context;
use image::{RgbaImage, imageops};
use wo_synth::{Exercise, Flaw, PlanOptions, Renderer, VideoSpec, plan};

const AZIMUTHS_DEG: [f32; 3] = [20.0, 47.0, 68.0];
const PHASES: [f32; 4] = [0.05, 0.35, 0.65, 0.97];

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [exercise, out, rest @ ..] = &words[..] else {
        anyhow::bail!("usage: contact_sheet EXERCISE OUT.png [SEED [PIXELS]]");
    };
    let exercise = Exercise::from_name(exercise).context("unknown exercise")?;
    let seed = rest.first().map_or(Ok(1), |word| word.parse())?;
    let side = rest.get(1).map_or(Ok(128), |word| word.parse())?;
    let options = PlanOptions {
        seed,
        exercises: vec![exercise],
        n_videos_per_class: 1,
        n_persons: None,
    };
    let spec = plan(&options).swap_remove(0);

    let flaws = exercise
        .faults()
        .map(|fault| Some(Flaw { fault, size: 0.4 }));
    let n_columns = (AZIMUTHS_DEG.len() * PHASES.len()) as u32;
    let mut sheet = RgbaImage::new(side * n_columns, side * 4);
    for (row, flaw) in std::iter::once(None).chain(flaws).enumerate() {
        for (block, azimuth_deg) in AZIMUTHS_DEG.into_iter().enumerate() {
            let mut spec = spec.clone();
            spec.camera.azimuth_deg = azimuth_deg.copysign(spec.camera.azimuth_deg);
            spec.technique.flaw = flaw;
            let renderer = Renderer::square(&spec, side);
            for (column, phase) in PHASES.into_iter().enumerate() {
                let picture = renderer.picture(moment_of(&spec, phase));
                let image = RgbaImage::from_raw(side, side, picture.rgba)
                    .context("a picture of the wrong size")?;
                let x = (block * PHASES.len() + column) as i64 * i64::from(side);
                imageops::replace(&mut sheet, &image, x, row as i64 * i64::from(side));
            }
        }
    }
    sheet.save(out).with_context(|| format!("write {out}"))
}

/// The first moment at which the phase is nearly this one.
fn moment_of(spec: &VideoSpec, phase: f32) -> f32 {
    (0..spec.tempo.n_frames())
        .map(|frame| frame as f32 / wo_synth::FRAME_RATE_HZ as f32)
        .min_by(|a, b| {
            let miss = |t: f32| (spec.tempo.phase_at(t) - phase).abs() + 0.001 * t;
            miss(*a).total_cmp(&miss(*b))
        })
        .unwrap_or(0.0)
}
