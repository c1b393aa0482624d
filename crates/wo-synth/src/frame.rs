//! One video's frames as pixels. Knows nothing of files and encoders.

use tiny_skia::{IntSize, Pixmap, PixmapMut};

use crate::background;
use crate::camera::Lens;
use crate::canvas::{Light, paint};
use crate::catalog::Exercise;
use crate::equipment::Outfitter;
use crate::figure::Painter;
use crate::plan::VideoSpec;

/// A picture: rows from the top, four bytes a pixel (red, green, blue, 255).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The pixels.
    pub rgba: Vec<u8>,
}

/// Draws the frames of one video: what stands still is drawn once.
#[derive(Debug)]
pub struct Renderer<'a> {
    spec: &'a VideoSpec,
    width: u32,
    height: u32,
    lens: Lens,
    light: Light,
    /// The scene, larger than the frame by the margin on each side.
    background: Pixmap,
    margin: u32,
}

/// How much of the side of the central square a dark rim is wide.
const RIM: f32 = 1.0 / 330.0;

impl<'a> Renderer<'a> {
    /// A renderer of the video in its own size.
    pub fn new(spec: &'a VideoSpec) -> Self {
        Self::with_size(spec, spec.width, spec.height)
    }

    /// A renderer of the central square alone, this many pixels wide.
    pub fn square(spec: &'a VideoSpec, side: u32) -> Self {
        Self::with_size(spec, side, side)
    }

    fn with_size(spec: &'a VideoSpec, width: u32, height: u32) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        Self::through(spec, spec.lens(width, height), width, height)
    }

    /// A renderer that looks through this lens instead of one that fits the lifter. Several lifters before a camera that
    /// nobody touches share a lens of this size.
    pub fn through(spec: &'a VideoSpec, lens: Lens, width: u32, height: u32) -> Self {
        let scene = &spec.scene;
        let (right, up, towards) = scene.lamp;
        let light = Light {
            towards: lens.seen_from(right, up, towards),
            tint: scene.tint,
            ambient: scene.ambient,
        };
        let square = width.min(height) as f32;
        // A wobble passes its size of 1 by a little.
        let margin = (spec.camera.shake * square * 1.1).ceil() as u32 + 1;
        let mut background = blank(width + 2 * margin, height + 2 * margin);
        let shifted = lens.moved(margin as f32, margin as f32);
        background::draw(&mut background, scene, &shifted, &light);
        Self {
            spec,
            width,
            height,
            lens,
            light,
            background,
            margin,
        }
    }

    /// Width and height of the frames.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Draws the moment `t_s` into `rgba`, which has room for exactly one frame.
    pub fn draw(&self, t_s: f32, rgba: &mut [u8]) {
        let (x, y) = self.shake_at(t_s);
        self.copy_background(x, y, rgba);
        let Some(mut canvas) = PixmapMut::from_bytes(rgba, self.width, self.height) else {
            return;
        };
        let lens = self.lens.moved(-(x as f32), -(y as f32));
        let skeleton = self.spec.skeleton_at(t_s);
        let rim_px = (self.width.min(self.height) as f32 * RIM).max(0.5);
        let outfitter = Outfitter {
            lens: &lens,
            light: &self.light,
            load: &self.spec.load,
            rim_px,
        };
        outfitter.shadows(&mut canvas, &skeleton);
        let mut parts =
            Painter::new(&lens, &self.light, &self.spec.person, rim_px).parts(&skeleton);
        outfitter.bar(&skeleton.bar, &mut parts);
        if self.spec.exercise == Exercise::BenchPress {
            outfitter.bench(&skeleton, self.spec.person.body.trunk, &mut parts);
        }
        paint(&mut canvas, parts);
    }

    /// The moment as a picture of its own.
    pub fn picture(&self, t_s: f32) -> Picture {
        let mut rgba = vec![0; self.width as usize * self.height as usize * 4];
        self.draw(t_s, &mut rgba);
        Picture {
            width: self.width,
            height: self.height,
            rgba,
        }
    }

    /// How far the camera has moved, in whole pixels: the background is copied, not drawn again.
    fn shake_at(&self, t_s: f32) -> (i32, i32) {
        let camera = &self.spec.camera;
        let size = camera.shake * self.width.min(self.height) as f32;
        let most = self.margin as i32;
        let [x, y] = [0, 1]
            .map(|axis| ((camera.wobbles[axis].at(t_s) * size).round() as i32).clamp(-most, most));
        (x, y)
    }

    fn copy_background(&self, x: i32, y: i32, rgba: &mut [u8]) {
        let row = self.width as usize * 4;
        let stride = self.background.width() as usize * 4;
        let left = (self.margin as i32 + x) as usize * 4;
        let top = (self.margin as i32 + y) as usize;
        let data = self.background.data();
        for (i, target) in rgba.chunks_exact_mut(row).enumerate() {
            let from = (top + i) * stride + left;
            target.copy_from_slice(&data[from..from + row]);
        }
    }
}

/// Draws one moment of a video in its own size. For more than one, make a [`Renderer`].
pub fn render_frame(spec: &VideoSpec, t_s: f32) -> Picture {
    Renderer::new(spec).picture(t_s)
}

fn blank(width: u32, height: u32) -> Pixmap {
    IntSize::from_wh(width, height)
        .and_then(|size| Pixmap::from_vec(vec![0; width as usize * height as usize * 4], size))
        .expect("a picture of at least one pixel that fits memory")
}
