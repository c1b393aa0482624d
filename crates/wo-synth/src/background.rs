//! The scene behind the lifter, drawn once a video: room, clutter, then the light's fall-off and the picture's grain.

use tiny_skia::Pixmap;

use crate::camera::Lens;
use crate::canvas::Light;
use crate::room::Room;
use crate::scene::Scene;

/// Draws the scene through the lens over the whole canvas.
pub(crate) fn draw(canvas: &mut Pixmap, scene: &Scene, lens: &Lens, light: &Light) {
    let room = Room::new(scene, lens, light);
    room.shell(&mut canvas.as_mut());
    for item in &scene.items {
        room.item(&mut canvas.as_mut(), item);
    }
    finish(canvas, scene);
}

/// Dark corners and grain. Both stand still: the encoder of a phone smooths away what moves from frame to frame.
fn finish(canvas: &mut Pixmap, scene: &Scene) {
    let (width, height) = (canvas.width() as f32, canvas.height() as f32);
    let row_length = canvas.width() as usize;
    let mut noise = scene.grain_seed | 1;
    for (i, pixel) in canvas.data_mut().chunks_exact_mut(4).enumerate() {
        let x = (i % row_length) as f32 / width - 0.5;
        let y = (i / row_length) as f32 / height - 0.5;
        // Xorshift32 (Marsaglia 2003) is plenty for grain.
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let grain = (noise >> 8) as f32 / (1 << 24) as f32 - 0.5;
        let factor = 1.0 - scene.vignette * 2.0 * (x * x + y * y) + scene.grain * 2.0 * grain;
        for channel in &mut pixel[..3] {
            *channel = (f32::from(*channel) * factor).clamp(0.0, 255.0) as u8;
        }
    }
}
