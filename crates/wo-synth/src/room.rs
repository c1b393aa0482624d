//! The room that a scene is in, with its own axes, and the flat shapes that it is made of.

use tiny_skia::PixmapMut;

use crate::camera::Lens;
use crate::canvas::{Light, fill_flat};
use crate::colour::{Rgb, rgb};
use crate::pixel::Pixel;
use crate::scene::Scene;
use crate::vector::{Vec3, vec3};

/// Half the width of what is drawn of wall and floor, in metres; more than any lens sees.
const ROOM_HALF_M: f32 = 9.0;
/// Height of the wall in metres.
pub(crate) const ROOM_HEIGHT_M: f32 = 5.0;

/// The room's own axes: across and away as the camera sees them, turned a little with the wall.
pub(crate) struct Room<'a> {
    pub(crate) scene: &'a Scene,
    lens: &'a Lens,
    pub(crate) light: &'a Light,
    across: Vec3,
    pub(crate) away: Vec3,
}

impl<'a> Room<'a> {
    pub(crate) fn new(scene: &'a Scene, lens: &'a Lens, light: &'a Light) -> Self {
        let (away, across) = lens.level_axes();
        let (sin, cos) = scene.wall_turn_deg.to_radians().sin_cos();
        Self {
            scene,
            lens,
            light,
            across: across * cos + away * sin,
            away: away * cos - across * sin,
        }
    }

    pub(crate) fn at(&self, across: f32, height: f32, away: f32) -> Vec3 {
        self.across * across + vec3(0.0, height, 0.0) + self.away * away
    }

    fn quad(&self, canvas: &mut PixmapMut<'_>, corners: [Vec3; 4], colour: Rgb, alpha: f32) {
        let corners = corners.map(|corner| {
            let spot = self.lens.project(corner);
            (spot.x, spot.y)
        });
        fill_flat(canvas, &corners, colour.skia(alpha));
    }

    /// An upright rectangle that faces the room.
    pub(crate) fn panel(
        &self,
        canvas: &mut PixmapMut<'_>,
        (left, right): (f32, f32),
        (low, high): (f32, f32),
        away: f32,
        colour: Rgb,
    ) {
        let colour = self.light.on(colour, -self.away);
        let corners = [(left, low), (left, high), (right, high), (right, low)];
        self.quad(
            canvas,
            corners.map(|(across, height)| self.at(across, height, away)),
            colour,
            1.0,
        );
    }

    /// A box: its top, the side towards the lifter's middle, then its front.
    pub(crate) fn solid(
        &self,
        canvas: &mut PixmapMut<'_>,
        across: (f32, f32),
        heights: (f32, f32),
        aways: (f32, f32),
        colour: Rgb,
    ) {
        let eye = self.lens.eye();
        let top = self.light.on(colour, vec3(0.0, 1.0, 0.0));
        if eye.y > heights.1 {
            let corners = [
                (across.0, aways.0),
                (across.0, aways.1),
                (across.1, aways.1),
                (across.1, aways.0),
            ];
            self.quad(
                canvas,
                corners.map(|(x, z)| self.at(x, heights.1, z)),
                top,
                1.0,
            );
        }
        let eye_across = eye.dot(self.across);
        let (x, normal) = if eye_across > across.1 {
            (across.1, self.across)
        } else {
            (across.0, -self.across)
        };
        if eye_across > across.1 || eye_across < across.0 {
            let corners = [
                (heights.0, aways.0),
                (heights.1, aways.0),
                (heights.1, aways.1),
                (heights.0, aways.1),
            ];
            let side = self.light.on(colour, normal).scaled(0.8);
            self.quad(canvas, corners.map(|(y, z)| self.at(x, y, z)), side, 1.0);
        }
        self.panel(canvas, across, heights, aways.0, colour);
    }

    pub(crate) fn disc(&self, canvas: &mut PixmapMut<'_>, centre: Vec3, radius: f32, colour: Rgb) {
        let spot = self.lens.project(centre);
        let radius = self.lens.pixels_at(spot.depth) * radius;
        let corners: Vec<Pixel> = (0..20)
            .map(|i| {
                let (sin, cos) = (i as f32 / 20.0 * std::f32::consts::TAU).sin_cos();
                (spot.x + radius * cos, spot.y + radius * sin)
            })
            .collect();
        fill_flat(canvas, &corners, colour.skia(1.0));
    }

    /// Wall, floor, and the lines on them.
    pub(crate) fn shell(&self, canvas: &mut PixmapMut<'_>) {
        let scene = self.scene;
        let all = (-ROOM_HALF_M, ROOM_HALF_M);
        let (width, height) = (canvas.width() as f32, canvas.height() as f32);
        // Below everything the floor, since its near edge passes under the camera.
        let floor = self.light.on(scene.floor, vec3(0.0, 1.0, 0.0));
        fill_flat(
            canvas,
            &[(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)],
            floor.skia(1.0),
        );
        self.panel(canvas, all, (0.0, ROOM_HEIGHT_M), scene.wall_m, scene.wall);
        if let Some((colour, high)) = scene.dado {
            self.panel(canvas, all, (0.0, high), scene.wall_m, colour);
        }
        self.panel(
            canvas,
            all,
            (0.0, 0.09),
            scene.wall_m,
            scene.wall.scaled(0.55),
        );
        // The floor is darker towards the wall.
        for step in 0..4 {
            let near = scene.wall_m - 0.25 * (step + 1) as f32;
            let corners = [
                (all.0, near),
                (all.0, scene.wall_m),
                (all.1, scene.wall_m),
                (all.1, near),
            ];
            self.quad(
                canvas,
                corners.map(|(x, z)| self.at(x, 0.0, z)),
                rgb(0.0, 0.0, 0.0),
                0.06,
            );
        }
        if let Some(colour) = scene.platform {
            let colour = self.light.on(colour, vec3(0.0, 1.0, 0.0));
            // It ends before it would pass under the camera.
            let corners = [
                vec3(-1.25, 0.0, -1.2),
                vec3(-1.25, 0.0, 1.2),
                vec3(1.25, 0.0, 1.2),
                vec3(1.25, 0.0, -1.2),
            ];
            self.quad(canvas, corners, colour, 1.0);
        }
    }
}
