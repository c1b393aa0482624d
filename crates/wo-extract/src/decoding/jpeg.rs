//! Whether the image in a JPEG is whole. Its decoder fills what it cannot read and says nothing of it.
//!
//! The codes of the image are read and nothing is made of them: they must be codes, of as many blocks as the image
//! has, and end where their bytes do (ITU-T T.81). Only baseline JPEG is looked at, which is what cameras write.

mod rest;

pub(crate) use rest::behind;

/// The levels of a block's mean lie within this, times 8; beside it a rounding of the quantiser, and some room.
const MOST_DC: i32 = 1024 + 64;
/// Codes are this long at most.
const MAX_CODE: usize = 16;
/// Codes up to this length are found at once.
const N_QUICK: u32 = 8;
/// A baseline image has no larger numbers than of so many bits.
const MOST_BITS: (u8, u8) = (11, 10);

/// Whether `bytes` are a baseline JPEG whose image breaks off or breaks the rules. False where that cannot be told.
pub(crate) fn is_damaged(bytes: &[u8]) -> bool {
    let mut jpeg = Jpeg::default();
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let Some((marker, content, behind)) = segment(rest) {
        rest = behind;
        match marker {
            0xc0 | 0xc1 => jpeg.frame = Frame::read(content),
            0xc4 => jpeg.read_codes(content),
            0xdb => jpeg.read_quantisers(content),
            0xdd => jpeg.interval = content.first_chunk().copied().map_or(0, u16::from_be_bytes),
            0xda => match jpeg.scan(content, rest) {
                Some(Ok(behind)) => rest = behind,
                Some(Err(Broken)) => return true,
                None => return false,
            },
            // Images of other kinds: progressive, lossless, arithmetic.
            0xc2..=0xcf => return false,
            _ => {}
        }
    }
    false
}

/// The next marker, what it says, and what comes behind that. `None` at the end of the image.
fn segment(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let at = bytes.iter().position(|&byte| byte != 0xff)?;
    let (&marker, rest) = bytes.get(at..)?.split_first()?;
    if at == 0 || marker == 0xd9 {
        return None;
    }
    let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
    let (content, behind) = rest.split_at_checked(length)?;
    Some((marker, content.get(2..)?, behind))
}

/// The codes cannot be those of the image.
#[derive(Debug, PartialEq, Eq)]
struct Broken;

/// What is known of an image when its codes begin.
#[derive(Debug, Default)]
struct Jpeg {
    frame: Option<Frame>,
    /// By their number: of means, and of the rest.
    codes: [[Option<Codes>; 4]; 2],
    /// By their number: the step of a block's mean.
    quantisers: [i32; 4],
    /// Blocks between marks from which decoding can go on.
    interval: u16,
}

#[derive(Debug)]
struct Frame {
    width: u32,
    height: u32,
    components: Vec<Component>,
}

#[derive(Debug, Clone, Copy)]
struct Component {
    id: u8,
    across: u32,
    down: u32,
    quantiser: usize,
}

impl Frame {
    /// `None` where it has more than eight bits, or is no frame.
    fn read(content: &[u8]) -> Option<Self> {
        let [8, h1, h0, w1, w0, n, components @ ..] = content else {
            return None;
        };
        let components: Vec<_> = components
            .chunks_exact(3)
            .map(|part| Component {
                id: part[0],
                across: u32::from(part[1] >> 4),
                down: u32::from(part[1] & 15),
                quantiser: usize::from(part[2] & 3),
            })
            .collect();
        let is_sound = components.len() == usize::from(*n)
            && components
                .iter()
                .all(|part| (1..=4).contains(&part.across) && (1..=4).contains(&part.down));
        is_sound.then(|| Self {
            width: u32::from(u16::from_be_bytes([*w1, *w0])),
            height: u32::from(u16::from_be_bytes([*h1, *h0])),
            components,
        })
    }

    /// How many groups of blocks a scan of `parts` has, and how many blocks of each part are in one.
    fn n_groups(&self, parts: &[Component]) -> (u32, Vec<u32>) {
        let most = |of: fn(&Component) -> u32| self.components.iter().map(of).max().unwrap_or(1);
        let (across, down) = (most(|part| part.across), most(|part| part.down));
        if let [only] = parts {
            let blocks = |side: u32, part: u32, all: u32| (side * part).div_ceil(all).div_ceil(8);
            let n = blocks(self.width, only.across, across) * blocks(self.height, only.down, down);
            return (n, vec![1]);
        }
        let n = self.width.div_ceil(8 * across) * self.height.div_ceil(8 * down);
        (
            n,
            parts.iter().map(|part| part.across * part.down).collect(),
        )
    }
}

impl Jpeg {
    fn read_codes(&mut self, mut content: &[u8]) {
        while let Some((&[kind, ref counts @ ..], rest)) = content.split_first_chunk::<17>() {
            let n = counts.iter().map(|&n| usize::from(n)).sum();
            let Some((symbols, behind)) = rest.split_at_checked(n) else {
                return;
            };
            let place = self.codes.get_mut(usize::from(kind >> 4));
            if let Some(place) = place.and_then(|all| all.get_mut(usize::from(kind & 15))) {
                *place = Some(Codes::new(counts, symbols));
            }
            content = behind;
        }
    }

    fn read_quantisers(&mut self, mut content: &[u8]) {
        while let Some((&kind, rest)) = content.split_first() {
            let n_bytes = if kind >> 4 == 0 { 1 } else { 2 };
            let Some((table, behind)) = rest.split_at_checked(64 * n_bytes) else {
                return;
            };
            let first = table.iter().take(n_bytes);
            let first = first.fold(0, |value, &byte| value << 8 | i32::from(byte));
            if let Some(place) = self.quantisers.get_mut(usize::from(kind & 15)) {
                *place = first;
            }
            content = behind;
        }
    }

    /// Reads the codes of a scan and gives what comes behind them. `None` where not all is known that it needs.
    fn scan<'a>(&self, header: &[u8], bytes: &'a [u8]) -> Option<Result<&'a [u8], Broken>> {
        let frame = self.frame.as_ref()?;
        let (&n_parts, rest) = header.split_first()?;
        let chosen = rest.get(..2 * usize::from(n_parts))?.chunks_exact(2);
        let parts: Option<Vec<(Component, [&Codes; 2])>> = chosen
            .map(|part| {
                let component = frame.components.iter().find(|it| it.id == part[0])?;
                let codes =
                    |kind: usize, number: u8| self.codes[kind].get(usize::from(number))?.as_ref();
                let codes = [codes(0, part[1] >> 4)?, codes(1, part[1] & 15)?];
                Some((*component, codes))
            })
            .collect();
        let parts = parts.filter(|parts| !parts.is_empty())?;
        Some(self.read_scan(frame, &parts, bytes))
    }

    fn read_scan<'a>(
        &self,
        frame: &Frame,
        parts: &[(Component, [&Codes; 2])],
        bytes: &'a [u8],
    ) -> Result<&'a [u8], Broken> {
        let components: Vec<_> = parts.iter().map(|(component, _)| *component).collect();
        let (n_groups, n_blocks) = frame.n_groups(&components);
        let mut bits = Bits::new(bytes);
        let mut means = vec![0; parts.len()];
        for group in 0..n_groups {
            let interval = u32::from(self.interval);
            if interval > 0 && group > 0 && group.is_multiple_of(interval) {
                // The marks are numbered from 0 to 7, again and again.
                let mark = 0xd0 + ((group / interval - 1) % 8) as u8;
                let rest = bits.end()?.strip_prefix(&[0xff, mark]);
                bits = Bits::new(rest.ok_or(Broken)?);
                means.fill(0);
            }
            for (((component, codes), n_blocks), mean) in
                parts.iter().zip(&n_blocks).zip(&mut means)
            {
                let step = self.quantisers[component.quantiser];
                for _ in 0..*n_blocks {
                    *mean = bits.block(codes)?.checked_add(*mean).ok_or(Broken)?;
                    let level = mean.checked_mul(step).ok_or(Broken)?;
                    if level.abs() > MOST_DC + 2 * step {
                        return Err(Broken);
                    }
                }
            }
        }
        bits.end()
    }
}

/// The codes of a table.
#[derive(Debug)]
struct Codes {
    /// By the next bits: the length of the code and its symbol; 0 where it is longer.
    quick: Vec<(u8, u8)>,
    /// By length: behind the last code, as if it were that of the greatest length, and what leads from a code to the
    /// place of its symbol.
    longer: [(u32, i32); MAX_CODE],
    symbols: Vec<u8>,
}

impl Codes {
    fn new(counts: &[u8], symbols: &[u8]) -> Self {
        let mut codes = Self {
            quick: vec![(0, 0); 1 << N_QUICK],
            longer: [(0, 0); MAX_CODE],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut place) = (0u32, 0usize);
        for (length, &count) in (1u32..).zip(counts) {
            let to_place = place as i32 - code as i32;
            for _ in 0..count {
                if length <= N_QUICK {
                    let first = (code << (N_QUICK - length)) as usize;
                    let symbol = symbols.get(place).copied().unwrap_or(0);
                    let all = codes.quick.iter_mut().skip(first);
                    all.take(1 << (N_QUICK - length))
                        .for_each(|entry| *entry = (length as u8, symbol));
                }
                code += 1;
                place += 1;
            }
            codes.longer[length as usize - 1] = (code << (MAX_CODE as u32 - length), to_place);
            code <<= 1;
        }
        codes
    }
}

/// The bits of a scan, up to the next mark.
struct Bits<'a> {
    bytes: &'a [u8],
    /// The next ones, the first of them on top.
    held: u64,
    n_held: u32,
    /// How many of those held are made up, behind the end.
    n_made_up: u32,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            held: 0,
            n_held: 0,
            n_made_up: 0,
        }
    }

    fn fill(&mut self) {
        while self.n_held <= 56 {
            let byte = match self.bytes {
                [0xff, 0, rest @ ..] => {
                    self.bytes = rest;
                    0xff
                }
                [0xff, ..] | [] => {
                    self.n_made_up += 8;
                    0
                }
                [byte, rest @ ..] => {
                    self.bytes = rest;
                    *byte
                }
            };
            self.held |= u64::from(byte) << (56 - self.n_held);
            self.n_held += 8;
        }
    }

    fn skip(&mut self, n: u32) -> Result<(), Broken> {
        self.held <<= n;
        self.n_held -= n;
        if self.n_held < self.n_made_up {
            return Err(Broken);
        }
        Ok(())
    }

    fn symbol(&mut self, codes: &Codes) -> Result<u8, Broken> {
        self.fill();
        let quick = codes.quick.get((self.held >> (64 - N_QUICK)) as usize);
        if let Some(&(length, symbol)) = quick.filter(|(length, _)| *length > 0) {
            self.skip(length.into())?;
            return Ok(symbol);
        }
        let next = (self.held >> (64 - MAX_CODE)) as u32;
        let found = codes.longer.iter().position(|&(end, _)| next < end);
        let index = found.ok_or(Broken)?;
        let length = index as u32 + 1;
        let code = (next >> (MAX_CODE as u32 - length)) as i32;
        self.skip(length)?;
        let place = usize::try_from(code + codes.longer[index].1).map_err(|_| Broken)?;
        codes.symbols.get(place).copied().ok_or(Broken)
    }

    /// Reads a block and gives by how much its mean is above the one before.
    fn block(&mut self, [means, others]: &[&Codes; 2]) -> Result<i32, Broken> {
        let n_bits = self.symbol(means)?;
        if n_bits > MOST_BITS.0 {
            return Err(Broken);
        }
        let change = self.number(n_bits)?;
        let mut place = 1;
        while place < 64 {
            let symbol = self.symbol(others)?;
            let (n_zeros, n_bits) = (symbol >> 4, symbol & 15);
            match (n_zeros, n_bits) {
                (0, 0) => return Ok(change),
                (15, 0) => place += 16,
                (_, 0) => return Err(Broken),
                _ if n_bits > MOST_BITS.1 => return Err(Broken),
                _ => {
                    place += n_zeros + 1;
                    self.number(n_bits)?;
                }
            }
        }
        if place > 64 { Err(Broken) } else { Ok(change) }
    }

    fn number(&mut self, n_bits: u8) -> Result<i32, Broken> {
        if n_bits == 0 {
            return Ok(0);
        }
        self.fill();
        let n_bits = u32::from(n_bits);
        let bits = (self.held >> (64 - n_bits)) as i32;
        self.skip(n_bits)?;
        let is_negative = bits >> (n_bits - 1) == 0;
        Ok(if is_negative {
            bits - (1 << n_bits) + 1
        } else {
            bits
        })
    }

    /// The mark at which the codes must end. Zeros in front of it are padding.
    fn end(self) -> Result<&'a [u8], Broken> {
        let n_whole = (self.n_held - self.n_made_up) / 8;
        let held = (0..n_whole).map(|n| (self.held << (self.n_held % 8) >> (56 - 8 * n)) as u8);
        let at = self.bytes.iter().position(|&byte| byte == 0xff);
        let left = &self.bytes[..at.unwrap_or(self.bytes.len())];
        let mark = &self.bytes[left.len()..];
        let is_code = mark.starts_with(&[0xff, 0]);
        if is_code || held.chain(left.iter().copied()).any(|byte| byte != 0) {
            return Err(Broken);
        }
        Ok(mark)
    }
}

#[cfg(test)]
mod tests;
