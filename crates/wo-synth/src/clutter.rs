//! The things that stand and hang behind the lifter.

use tiny_skia::PixmapMut;

use crate::colour::rgb;
use crate::room::{ROOM_HEIGHT_M, Room};
use crate::scene::{Item, Kind};

impl Room<'_> {
    /// Draws one thing.
    pub(crate) fn item(&self, canvas: &mut PixmapMut<'_>, item: &Item) {
        match item.kind {
            Kind::Poster => self.poster(canvas, item),
            Kind::Mirror => self.mirror(canvas, item),
            Kind::Window => self.window(canvas, item),
            Kind::Lamp => self.lamp(canvas, item),
            Kind::PowerRack => self.power_rack(canvas, item),
            Kind::PlateTree => self.plate_tree(canvas, item),
            Kind::DumbbellRack => self.dumbbell_rack(canvas, item),
            Kind::PlyoBox => self.plyo_box(canvas, item),
            Kind::Ball => self.ball(canvas, item),
            Kind::Kettlebells => self.kettlebells(canvas, item),
            Kind::Pillar => self.pillar(canvas, item),
        }
    }

    fn in_front_of_wall(&self) -> f32 {
        self.scene.wall_m - 0.02
    }

    fn poster(&self, canvas: &mut PixmapMut<'_>, item: &Item) {
        let (x, size, colour) = (item.across_m, item.size, item.colour);
        let dark = item.colour.scaled(0.6);
        let wall = self.in_front_of_wall();
        let (w, h) = (0.30 * size, 0.42 * size);
        self.panel(
            canvas,
            (x - w, x + w),
            (1.5 - h, 1.5 + h),
            wall,
            colour.mixed(rgb(1.0, 1.0, 1.0), 0.3),
        );
        self.panel(
            canvas,
            (x - w * 0.8, x + w * 0.8),
            (1.5, 1.5 + h * 0.8),
            wall,
            dark,
        );
        self.panel(
            canvas,
            (x - w * 0.7, x + w * 0.5),
            (1.35 - h * 0.3, 1.4 - h * 0.15),
            wall,
            dark,
        );
    }

    fn mirror(&self, canvas: &mut PixmapMut<'_>, item: &Item) {
        let (x, size) = (item.across_m, item.size);
        let dark = item.colour.scaled(0.6);
        let wall = self.in_front_of_wall();
        let w = 0.9 * size;
        self.panel(
            canvas,
            (x - w - 0.04, x + w + 0.04),
            (0.36, 2.24),
            wall,
            dark,
        );
        self.panel(
            canvas,
            (x - w, x + w),
            (0.4, 2.2),
            wall,
            self.scene.wall.mixed(rgb(0.75, 0.85, 0.9), 0.6),
        );
        self.panel(
            canvas,
            (x - w, x + w),
            (0.4, 0.9),
            wall,
            self.scene.floor.mixed(rgb(0.6, 0.7, 0.75), 0.3),
        );
    }

    fn window(&self, canvas: &mut PixmapMut<'_>, item: &Item) {
        let (x, size) = (item.across_m, item.size);
        let wall = self.in_front_of_wall();
        let w = 0.5 * size;
        self.panel(
            canvas,
            (x - w - 0.05, x + w + 0.05),
            (1.15, 2.35),
            wall,
            rgb(0.85, 0.85, 0.84),
        );
        for (left, right) in [(x - w, x - 0.03), (x + 0.03, x + w)] {
            self.panel(
                canvas,
                (left, right),
                (1.2, 2.3),
                wall,
                rgb(0.95, 1.1, 1.25),
            );
        }
    }

    fn lamp(&self, canvas: &mut PixmapMut<'_>, item: &Item) {
        let (x, size) = (item.across_m, item.size);
        let wall = self.in_front_of_wall();
        self.panel(
            canvas,
            (x - 0.6 * size, x + 0.6 * size),
            (2.35, 2.45),
            wall,
            rgb(1.6, 1.6, 1.5),
        );
    }

    fn power_rack(&self, canvas: &mut PixmapMut<'_>, item: &Item) {
        let (x, z, size, colour) = (item.across_m, item.away_m, item.size, item.colour);
        let dark = item.colour.scaled(0.6);
        let (w, h) = (0.58 * size, 2.1);
        for side in [x - w, x + w] {
            self.solid(
                canvas,
                (side - 0.035, side + 0.035),
                (0.0, h),
                (z, z + 0.07),
                colour,
            );
        }
        self.solid(canvas, (x - w, x + w), (h - 0.08, h), (z, z + 0.07), colour);
        self.solid(canvas, (x - w, x + w), (0.05, 0.11), (z, z + 0.07), dark);
    }

    fn plate_tree(&self, canvas: &mut PixmapMut<'_>, item: &Item) {
        let (x, z, size, colour) = (item.across_m, item.away_m, item.size, item.colour);
        let dark = item.colour.scaled(0.6);
        self.solid(
            canvas,
            (x - 0.03, x + 0.03),
            (0.0, 1.1 * size),
            (z, z + 0.06),
            dark,
        );
        for (i, height) in [0.25, 0.62, 0.95].into_iter().enumerate() {
            let radius = (0.22 - 0.05 * i as f32) * size;
            for side in [-1.0, 1.0] {
                let centre = self.at(x + side * 0.2 * size, height * size, z - 0.02);
                self.disc(
                    canvas,
                    centre,
                    radius,
                    self.light
                        .on(colour.scaled(1.0 - 0.2 * i as f32), -self.away),
                );
                self.disc(
                    canvas,
                    centre,
                    radius * 0.3,
                    self.light.on(rgb(0.6, 0.6, 0.6), -self.away),
                );
            }
        }
    }

    fn dumbbell_rack(&self, canvas: &mut PixmapMut<'_>, item: &Item) {
        let (x, z, size, colour) = (item.across_m, item.away_m, item.size, item.colour);
        let dark = item.colour.scaled(0.6);
        let w = 0.75 * size;
        for (row, height) in [0.35, 0.75].into_iter().enumerate() {
            self.solid(
                canvas,
                (x - w, x + w),
                (height - 0.05, height),
                (z, z + 0.3),
                dark,
            );
            for k in 0..6 {
                let at = x - w + w * 2.0 * (k as f32 + 0.5) / 6.0;
                let radius = 0.085 - 0.012 * row as f32;
                let centre = self.at(at, height + radius, z);
                self.disc(
                    canvas,
                    centre,
                    radius,
                    self.light.on(rgb(0.16, 0.16, 0.17), -self.away),
                );
                self.disc(
                    canvas,
                    centre,
                    radius * 0.45,
                    self.light.on(colour, -self.away),
                );
            }
        }
        for side in [x - w, x + w] {
            self.solid(
                canvas,
                (side - 0.03, side + 0.03),
                (0.0, 0.9),
                (z, z + 0.3),
                dark,
            );
        }
    }

    fn plyo_box(&self, canvas: &mut PixmapMut<'_>, item: &Item) {
        let (x, z, size) = (item.across_m, item.away_m, item.size);
        let w = 0.3 * size;
        self.solid(
            canvas,
            (x - w, x + w),
            (0.0, 0.6 * size),
            (z, z + 0.5),
            rgb(0.68, 0.54, 0.36),
        );
    }

    fn ball(&self, canvas: &mut PixmapMut<'_>, item: &Item) {
        let (x, z, size, colour) = (item.across_m, item.away_m, item.size, item.colour);
        let radius = 0.32 * size;
        self.disc(
            canvas,
            self.at(x, radius, z),
            radius,
            self.light.on(colour, -self.away).scaled(0.8),
        );
        let lit = self
            .light
            .on(colour.mixed(rgb(1.0, 1.0, 1.0), 0.2), -self.away);
        self.disc(
            canvas,
            self.at(x - 0.08, radius + 0.08, z - 0.1),
            radius * 0.5,
            lit,
        );
    }

    fn kettlebells(&self, canvas: &mut PixmapMut<'_>, item: &Item) {
        let (x, z, size, colour) = (item.across_m, item.away_m, item.size, item.colour);
        let dark = item.colour.scaled(0.6);
        for k in 0..3 {
            let radius = (0.10 + 0.02 * k as f32) * size;
            let at = x + 0.3 * (k as f32 - 1.0);
            self.disc(
                canvas,
                self.at(at, radius * 1.9, z),
                radius * 0.7,
                self.light.on(dark, -self.away),
            );
            self.disc(
                canvas,
                self.at(at, radius, z),
                radius,
                self.light.on(colour, -self.away),
            );
        }
    }

    fn pillar(&self, canvas: &mut PixmapMut<'_>, item: &Item) {
        let (x, z, size) = (item.across_m, item.away_m, item.size);
        self.solid(
            canvas,
            (x - 0.2 * size, x + 0.2 * size),
            (0.0, ROOM_HEIGHT_M),
            (z, z + 0.4),
            self.scene.wall.scaled(0.9),
        );
    }
}
