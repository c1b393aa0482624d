//! Text on an image, in one of X11's bitmap fonts.

use std::convert::Infallible;

use embedded_graphics::Drawable;
use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::iso_8859_1::FONT_8X13;
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::text::{Baseline, Text};
use image::{Rgb, RgbImage};

/// The height of a line of text, in pixels.
pub(crate) const LINE_HEIGHT: u32 = 16;
/// The width of a character, in pixels.
pub(crate) const CHARACTER_WIDTH: u32 = 8;

/// Writes one line with its upper left corner at `x`, `y`. Text beyond the image is cut off; characters beyond Latin-1
/// become question marks.
pub(crate) fn write(image: &mut RgbImage, text: &str, x: u32, y: u32, colour: Rgb<u8>) {
    let Rgb([r, g, b]) = colour;
    let style = MonoTextStyle::new(&FONT_8X13, Rgb888::new(r, g, b));
    let place = Point::new(x as i32, y as i32);
    let Ok(_end) = Text::with_baseline(text, place, style, Baseline::Top).draw(&mut Canvas(image));
}

/// An image as a target of embedded-graphics.
struct Canvas<'a>(&'a mut RgbImage);

impl OriginDimensions for Canvas<'_> {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}

impl DrawTarget for Canvas<'_> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Infallible> {
        for Pixel(place, colour) in pixels {
            let Some((x, y)) = u32::try_from(place.x).ok().zip(u32::try_from(place.y).ok()) else {
                continue;
            };
            if let Some(pixel) = self.0.get_pixel_mut_checked(x, y) {
                *pixel = Rgb([colour.r(), colour.g(), colour.b()]);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_drawn_and_cut_at_the_edge() {
        let mut image = RgbImage::new(20, LINE_HEIGHT);
        write(&mut image, "Hé→ and much more", 0, 0, Rgb([255, 0, 0]));
        assert!(image.pixels().any(|pixel| *pixel == Rgb([255, 0, 0])));
        assert!(image.pixels().all(|Rgb([_, g, b])| *g == 0 && *b == 0));
    }
}
