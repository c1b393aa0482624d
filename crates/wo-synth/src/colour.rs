//! Colours as light, 0 to 1 a channel.

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rgb {
    /// Red.
    pub r: f32,
    /// Green.
    pub g: f32,
    /// Blue.
    pub b: f32,
}

/// Short for [`Rgb`] with these channels.
pub(crate) const fn rgb(r: f32, g: f32, b: f32) -> Rgb {
    Rgb { r, g, b }
}

impl Rgb {
    /// Brighter or darker.
    #[must_use = "the value is not changed in place"]
    pub fn scaled(self, factor: f32) -> Self {
        rgb(self.r * factor, self.g * factor, self.b * factor)
    }

    /// Under light of this colour.
    #[must_use = "the value is not changed in place"]
    pub fn lit(self, light: Self) -> Self {
        rgb(self.r * light.r, self.g * light.g, self.b * light.b)
    }

    /// A fraction `t` of the way to `other`.
    #[must_use = "the value is not changed in place"]
    pub fn mixed(self, other: Self, t: f32) -> Self {
        rgb(
            self.r + (other.r - self.r) * t,
            self.g + (other.g - self.g) * t,
            self.b + (other.b - self.b) * t,
        )
    }

    /// How far apart two colours are.
    pub fn distance(self, other: Self) -> f32 {
        let (r, g, b) = (self.r - other.r, self.g - other.g, self.b - other.b);
        (r * r + g * g + b * b).sqrt()
    }

    /// The colour for the canvas, with this opacity.
    pub(crate) fn skia(self, alpha: f32) -> tiny_skia::Color {
        let c = |v: f32| (v.clamp(0.0, 1.0) * 255.0).round() as u8;
        tiny_skia::Color::from_rgba8(c(self.r), c(self.g), c(self.b), c(alpha))
    }
}
