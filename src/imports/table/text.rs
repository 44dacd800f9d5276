//! The text of a file in any usual encoding, line by line.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::unreadable;
use crate::error::Result;

/// A decoded text.
pub struct Text {
    /// Its encoding.
    pub encoding: &'static Encoding,
    /// Its lines without their ends, each with whether it is in this encoding.
    pub lines: Vec<(String, bool)>,
}

/// Decodes `bytes`.
///
/// # Errors
/// 422 for what is no text.
pub fn decode(bytes: &[u8]) -> Result<Text> {
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, bytes.get(length..).unwrap_or_default()),
        None => (guess(bytes), bytes),
    };
    if encoding == UTF_16LE || encoding == UTF_16BE {
        let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
        if had_errors {
            return Err(unreadable());
        }
        return Ok(Text { encoding, lines: text.lines().map(|line| (line.to_owned(), true)).collect() });
    }
    if bytes.contains(&0) {
        return Err(unreadable());
    }
    let lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    Ok(Text { encoding, lines: lines.map(|line| decode_line(line, encoding)).collect() })
}

/// A line in another encoding than the file's is decoded by what it is, so that a person can read it, but told as wrong.
fn decode_line(line: &[u8], encoding: &'static Encoding) -> (String, bool) {
    if line.is_ascii() {
        return (String::from_utf8_lossy(line).into_owned(), true);
    }
    match (std::str::from_utf8(line), encoding == UTF_8) {
        (Ok(text), is_right) => (text.to_owned(), is_right),
        (Err(_), true) => (alone(line).decode_without_bom_handling(line).0.into_owned(), false),
        (Err(_), false) => {
            let (text, had_errors) = encoding.decode_without_bom_handling(line);
            (text.into_owned(), !had_errors)
        }
    }
}

/// The encoding of a text without a mark. When most of its lines with other characters than those of ASCII are UTF-8, it is.
fn guess(bytes: &[u8]) -> &'static Encoding {
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    let zeros = |at: usize| bytes.iter().skip(at).step_by(2).take(2000).filter(|byte| **byte == 0).count();
    let half = bytes.len().min(4000) / 4;
    match (zeros(0), zeros(1)) {
        (even, odd) if even > half && even > odd => return UTF_16BE,
        (even, odd) if odd > half && odd > even => return UTF_16LE,
        _ => {}
    }
    let others = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_ascii());
    let (utf8, legacy): (Vec<&[u8]>, Vec<&[u8]>) = others.partition(|line| std::str::from_utf8(line).is_ok());
    if utf8.len() > legacy.len() {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    for line in legacy {
        detector.feed(line, false);
        detector.feed(b"\n", false);
    }
    detector.feed(b"", true);
    detector.guess(Some(b"ru"), Utf8Detection::Deny)
}

fn alone(line: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(line, true);
    detector.guess(Some(b"ru"), Utf8Detection::Deny)
}

#[cfg(test)]
mod tests {
    use encoding_rs::{UTF_8, UTF_16LE, WINDOWS_1251};

    use super::decode;

    const TEXT: &str = "Компания;Город\nООО «Ромашка»;Тверь\n";

    fn lines(bytes: &[u8]) -> (&'static str, Vec<String>) {
        let text = decode(bytes).unwrap();
        assert!(text.lines.iter().all(|(_, is_right)| *is_right));
        (text.encoding.name(), text.lines.into_iter().map(|(line, _)| line).filter(|line| !line.is_empty()).collect())
    }

    #[test]
    fn every_usual_encoding_is_read() {
        let expected: Vec<String> = TEXT.lines().map(str::to_owned).collect();
        assert_eq!(lines(TEXT.as_bytes()), (UTF_8.name(), expected.clone()));
        assert_eq!(lines(format!("\u{FEFF}{TEXT}").as_bytes()), (UTF_8.name(), expected.clone()));
        assert_eq!(lines(&WINDOWS_1251.encode(TEXT).0), (WINDOWS_1251.name(), expected.clone()));
        let utf16: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(lines(&[b"\xFF\xFE", utf16.as_slice()].concat()), (UTF_16LE.name(), expected));
    }

    #[test]
    fn a_line_in_another_encoding_is_told() {
        let mut bytes = "Компания\nРомашка\nБерёзка\n".as_bytes().to_vec();
        bytes.extend_from_slice(&WINDOWS_1251.encode("Вектор").0);
        let text = decode(&bytes).unwrap();
        assert_eq!(text.encoding, UTF_8);
        let wrong: Vec<_> =
            text.lines.iter().enumerate().filter(|(_, (_, is_right))| !is_right).map(|(at, _)| at).collect();
        assert_eq!(wrong, [3]);
        let mut bytes = WINDOWS_1251.encode("Компания\nРомашка\n").0.to_vec();
        bytes.extend_from_slice("Вектор".as_bytes());
        let text = decode(&bytes).unwrap();
        assert_eq!((text.encoding, text.lines[2].clone()), (WINDOWS_1251, ("Вектор".to_owned(), false)));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(decode(b"\x89PNG\x0D\x0A\x1A\x0A\0\0\0\x0D\xFF\xFE\xFD").is_err());
    }
}
