//! Frames on their way into the model: bytes, which the device turns into floats.
//!
//! Bytes are a quarter of the floats, so that less waits in memory and less is copied to a GPU. Each byte of a channel
//! becomes one float, whatever the preprocessing; a table holds them, so all devices give the same bits.

use image::RgbImage;
use rayon::prelude::*;
use tch::{Device, Kind, Tensor};
use wo_input::Preprocessor;

use crate::device::{pinned, uploaded};

/// Channels of an image.
const N_CHANNELS: usize = 3;
/// Values of a byte.
const N_VALUES: usize = 256;

/// Squares of pixels of one size.
#[derive(Debug)]
pub struct Frames {
    /// `[frames, channels, side, side]`.
    bytes: Tensor,
}

/// What each byte becomes as model input, channel by channel.
#[derive(Debug)]
pub struct PixelTable {
    /// `[channels x values]`.
    floats: Vec<f32>,
    /// The same on the device.
    on_device: Tensor,
    /// Where the values of each channel begin: `[channels, 1, 1]`.
    starts: Tensor,
    device: Device,
}

/// The bytes of a square, channel by channel.
pub fn planes(square: &RgbImage) -> Vec<u8> {
    let pixels = square.as_raw();
    let mut planes = Vec::with_capacity(pixels.len());
    for channel in 0..N_CHANNELS {
        planes.extend(pixels.iter().skip(channel).step_by(N_CHANNELS));
    }
    planes
}

impl Frames {
    /// Frames of `side` pixels, one after the other as [`planes`] gives them. They wait where `device` can fetch them by
    /// itself.
    pub fn of_planes(planes: &[u8], side: u32, device: Device) -> Self {
        let side = i64::from(side);
        let bytes = Tensor::from_slice(planes).view([-1, N_CHANNELS as i64, side, side]);
        Self {
            bytes: pinned(&bytes, device),
        }
    }

    /// How many there are.
    pub fn n(&self) -> usize {
        self.bytes.size()[0] as usize
    }

    /// `n` of them from `first`, without a copy.
    #[must_use]
    pub fn part(&self, first: usize, n: usize) -> Self {
        Self {
            bytes: self.bytes.narrow(0, first as i64, n as i64),
        }
    }

    /// The same on the device. Nothing waits until they are there.
    #[must_use]
    pub fn uploaded(&self, device: Device) -> Self {
        Self {
            bytes: uploaded(&self.bytes, device),
        }
    }
}

impl PixelTable {
    /// Of a preprocessing, for models on `device`.
    pub fn new(preprocessor: &Preprocessor, device: Device) -> Self {
        let all = RgbImage::from_fn(N_VALUES as u32, 1, |x, _| image::Rgb([x as u8; N_CHANNELS]));
        let floats = preprocessor.normalised(&all);
        let starts = [0, 1, 2].map(|channel| channel * N_VALUES as i32);
        Self {
            on_device: uploaded(&Tensor::from_slice(&floats), device),
            starts: uploaded(&Tensor::from_slice(&starts).view([3, 1, 1]), device),
            floats,
            device,
        }
    }

    /// Frames as model input on the device: `[frames, channels, side, side]`.
    pub fn input(&self, frames: &Frames) -> Tensor {
        if self.device == Device::Cpu {
            self.looked_up_here(frames)
        } else {
            self.looked_up_there(&frames.uploaded(self.device))
        }
    }

    fn looked_up_here(&self, frames: &Frames) -> Tensor {
        let size = frames.bytes.size();
        let plane = ((size[2] * size[3]) as usize).max(1);
        let bytes = Vec::<u8>::try_from(frames.bytes.contiguous().view([-1])).expect("bytes");
        let mut floats = vec![0.0_f32; bytes.len()];
        let tables = self.floats.as_slice();
        let planes = floats.par_chunks_mut(plane).zip(bytes.par_chunks(plane));
        planes.enumerate().for_each(|(number, (floats, bytes))| {
            let first = number % N_CHANNELS * N_VALUES;
            let table = &tables[first..first + N_VALUES];
            for (float, byte) in floats.iter_mut().zip(bytes) {
                *float = table[usize::from(*byte)];
            }
        });
        Tensor::from_slice(&floats).view(size.as_slice())
    }

    /// By libtorch's functions, which a GPU has.
    fn looked_up_there(&self, frames: &Frames) -> Tensor {
        let places = frames.bytes.to_kind(Kind::Int) + &self.starts;
        self.on_device
            .index_select(0, &places.view([-1]))
            .view(frames.bytes.size().as_slice())
    }
}

#[cfg(test)]
mod tests {
    use wo_input::{Centre, Fit};

    use super::*;

    /// A square in which all bytes of all channels occur.
    fn square(seed: u32) -> RgbImage {
        RgbImage::from_fn(32, 32, |x, y| {
            let place = (y * 32 + x).wrapping_mul(7).wrapping_add(seed);
            image::Rgb([place as u8, (place / 3) as u8, (255 - place % 256) as u8])
        })
    }

    #[test]
    fn bytes_become_the_floats_of_the_preprocessing_bit_for_bit_either_way() {
        let squares = [square(0), square(91), square(5000)];
        let other = Preprocessor {
            mean: [0.5, 0.1, 0.0],
            std: [0.3, 1.0, 0.123],
            ..Preprocessor::clip(32)
        };
        let of_bytes = Preprocessor {
            rescale: 1.0,
            mean: [127.5; 3],
            std: [127.5; 3],
            ..Preprocessor::clip(32)
        };
        for preprocessor in [Preprocessor::clip(32), other, of_bytes] {
            let table = PixelTable::new(&preprocessor, Device::Cpu);
            let bytes: Vec<u8> = squares.iter().flat_map(planes).collect();
            let frames = Frames::of_planes(&bytes, 32, Device::Cpu);
            let floats: Vec<f32> = squares
                .iter()
                .flat_map(|it| preprocessor.normalised(it))
                .collect();
            let expected = Tensor::from_slice(&floats).view([3, 3, 32, 32]);
            assert_eq!(table.looked_up_here(&frames), expected);
            assert_eq!(table.looked_up_there(&frames), expected);
            let part = frames.part(1, 2);
            assert_eq!(part.n(), 2);
            assert_eq!(table.input(&part), expected.narrow(0, 1, 2));
            assert_eq!(table.looked_up_there(&part), expected.narrow(0, 1, 2));
        }
    }

    #[test]
    fn an_image_becomes_the_floats_of_the_preprocessing_however_it_is_fitted() {
        let image = RgbImage::from_fn(50, 41, |x, y| {
            image::Rgb([(5 * x) as u8, (6 * y) as u8, (x * y) as u8])
        });
        let crop = |centre| Fit::Crop { edge: 37, centre };
        for fit in [
            crop(Centre::Before),
            crop(Centre::Even),
            Fit::Squash,
            Fit::Fill(9),
        ] {
            let preprocessor = Preprocessor {
                fit,
                rescale: 1.0 / 256.0,
                ..Preprocessor::clip(32)
            };
            let frames = Frames::of_planes(&planes(&preprocessor.square(&image)), 32, Device::Cpu);
            let input = PixelTable::new(&preprocessor, Device::Cpu).input(&frames);
            let expected = Tensor::from_slice(&preprocessor.pixels(&image)).view([1, 3, 32, 32]);
            assert_eq!(input, expected, "{fit:?}");
            // Of a larger square, as it is kept for training.
            let large = preprocessor.at_side(40).square(&image);
            let frames = Frames::of_planes(&planes(&preprocessor.resized(&large)), 32, Device::Cpu);
            let input = PixelTable::new(&preprocessor, Device::Cpu).input(&frames);
            let floats = preprocessor.pixels_of_square(&large);
            let expected = Tensor::from_slice(&floats).view([1, 3, 32, 32]);
            assert_eq!(input, expected, "{fit:?}");
        }
    }
}
