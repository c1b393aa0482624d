//! How a stream of H.264 or H.265 wants its pictures shown, by a message beside them (ITU-T H.264, D.2.27; H.265, D.2.17).

use std::ops::Neg;

use crate::input::turn::{Matrix, Turn};

/// The number of the message.
const DISPLAY_ORIENTATION: usize = 47;
/// Units that hold messages, by their first byte: of H.264, and those in front of a picture of H.265.
const H264_MESSAGES: u8 = 6;
const H265_MESSAGES: u8 = 39;

/// The turn that the messages in `unit` ask for.
pub(super) fn turn(unit: &[u8], is_h265: bool) -> Option<Turn> {
    let (&first, rest) = unit.split_first()?;
    let rest = match is_h265 {
        false if first & 0x1f == H264_MESSAGES => rest,
        true if first >> 1 & 0x3f == H265_MESSAGES => rest.get(1..)?,
        _ => return None,
    };
    let bytes = without_guards(rest);
    let mut left = &bytes[..];
    loop {
        let kind = number(&mut left)?;
        let length = number(&mut left)?;
        let (message, behind) = left.split_at_checked(length)?;
        if kind == DISPLAY_ORIENTATION {
            return of_message(message);
        }
        left = behind;
    }
}

/// A cancelling bit, two that mirror, and 16 of a turn against the clock, which comes last.
fn of_message(message: &[u8]) -> Option<Turn> {
    let [a, b, c, ..] = *message else {
        return None;
    };
    if a & 0x80 != 0 {
        return None;
    }
    let bits = u32::from_be_bytes([0, a, b, c]);
    let degrees = f64::from(bits >> 5 & 0xffff) * 360.0 / 65_536.0;
    let sign = |mirrors: bool| if mirrors { 1.0f64.neg() } else { 1.0 };
    let mirrored = Matrix {
        a: sign(a & 0x40 != 0),
        d: sign(a & 0x20 != 0),
        ..Matrix::IDENTITY
    };
    Turn::of(mirrored.then(Matrix::turning(-degrees))).ok()
}

/// A number in as many bytes as it takes: all but the last are full.
fn number(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    loop {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number += usize::from(byte);
        if byte != 0xff {
            return Some(number);
        }
    }
}

/// Without the threes that keep a unit from looking as if another began.
fn without_guards(bytes: &[u8]) -> Vec<u8> {
    let mut plain: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut n_zeros = 0;
    for &byte in bytes {
        if n_zeros >= 2 && byte == 3 {
            n_zeros = 0;
            continue;
        }
        n_zeros = if byte == 0 { n_zeros + 1 } else { 0 };
        plain.push(byte);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message that turns so many degrees against the clock, behind another one.
    fn unit(mirrors: u8, degrees: u32) -> Vec<u8> {
        let bits = degrees * 65_536 / 360;
        let [_, a, b, c] = (bits << 5).to_be_bytes();
        vec![6, 5, 2, 9, 9, 47, 4, a | mirrors, b, c | 0x10, 0x80, 0x80]
    }

    #[test]
    fn a_turn_is_read_as_it_is_shown() {
        let degrees = |mirrors, degrees| turn(&unit(mirrors, degrees), false).map(Turn::degrees);
        assert_eq!(degrees(0, 0), Some(0));
        assert_eq!(degrees(0, 90), Some(270));
        assert_eq!(degrees(0, 270), Some(90));
        assert_eq!(degrees(0, 180), Some(180));
        assert_eq!(degrees(0x80, 90), None);
        let mirrored = turn(&unit(0x40, 0), false);
        assert_eq!(mirrored, Some(Turn::of_tag("flip-rotate-0")));
        assert_eq!(turn(&[6, 5, 2, 9, 9, 0x80], false), None);
        assert_eq!(turn(&[], true), None);
        let mut hevc = unit(0, 270);
        hevc.splice(..1, [39 << 1, 1]);
        assert_eq!(turn(&hevc, true).map(Turn::degrees), Some(90));
    }

    #[test]
    fn threes_behind_two_zeros_are_taken_out() {
        assert_eq!(
            without_guards(&[0, 0, 3, 1, 0, 3, 0, 0, 3]),
            [0, 0, 1, 0, 3, 0, 0]
        );
    }
}
