//! Where a seal stands in a file of weights.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use crate::seal::METADATA;

/// Digits of a seal.
const DIGITS: usize = 64;
/// The longest header that is read; that of a full-size CLIP has some 60 KB.
const MAX_HEADER: u64 = 100 << 20;

/// The bytes of the seal in a file of safetensors; `None` where it has none, or is no such file. A seal is replaced in its
/// place by another one of the same length.
pub fn seal_place(file: &mut (impl Read + Seek)) -> io::Result<Option<Range<u64>>> {
    let mut length = [0; size_of::<u64>()];
    file.seek(SeekFrom::Start(0))?;
    match file.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER {
        return Ok(None);
    }
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header)?;
    let field = format!("\"{METADATA}\":\"");
    let Some(at) = header
        .windows(field.len())
        .position(|it| it == field.as_bytes())
    else {
        return Ok(None);
    };
    let start = at + field.len();
    let seal = header.get(start..start + DIGITS);
    let is_whole = seal.is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit))
        && header.get(start + DIGITS) == Some(&b'"');
    let offset = (size_of::<u64>() + start) as u64;
    Ok(is_whole.then_some(offset..offset + DIGITS as u64))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use safetensors::tensor::{Dtype, TensorView};

    use super::*;
    use crate::{read_seal, seal_of, write_seal};

    #[test]
    fn a_seal_is_replaced_in_its_place() {
        let seals = [r#"{"videos":[1]}"#, r#"{"videos":[2]}"#].map(|it| seal_of(it).unwrap());
        let view = TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap();
        let metadata = Some([("format".to_owned(), "pt".to_owned())].into());
        let mut weights = safetensors::serialize([("w", view)], metadata).unwrap();
        let place = |weights: &[u8]| seal_place(&mut Cursor::new(weights)).unwrap();
        assert_eq!(place(&weights), None);
        write_seal(&mut weights, &seals[0]).unwrap();
        let range = place(&weights).unwrap();
        weights.splice(range.start as usize..range.end as usize, seals[1].bytes());
        assert_eq!(read_seal(&weights).as_deref(), Some(seals[1].as_str()));
        assert!(safetensors::SafeTensors::deserialize(&weights).is_ok());
        for other in [&b""[..], b"no weights at all", &[255; 40]] {
            assert_eq!(place(other), None);
        }
    }
}
