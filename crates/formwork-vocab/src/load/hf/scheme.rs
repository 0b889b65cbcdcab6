//! How pieces spell bytes.

use serde_json::Value;

use super::alphabet;
use super::file::File;
use crate::{VocabError, VocabErrorKind};

/// What stands for a space in SentencePiece-style files, unless they say
/// otherwise.
const MARKER: &str = "▁";

/// How the byte-level alphabet writes a space.
const BYTE_LEVEL_SPACE: char = 'Ġ';

/// Of this many pieces, one may be at odds with the scheme: files declare one
/// scheme and contain a few pieces written otherwise, but not many.
const TOLERANCE: usize = 8;

/// The two ways to spell bytes in pieces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Scheme {
    /// Every character is a byte, in the GPT-2 alphabet.
    ByteLevel,
    /// Pieces are text in which `marker` is a space; with `byte_fallback`,
    /// pieces such as `<0x0A>` are bytes.
    Marker { marker: String, byte_fallback: bool },
}

impl Scheme {
    /// The scheme a file declares. All steps are looked at, since files differ
    /// in which of them they have; they must not contradict each other.
    pub(super) fn detect(file: &File) -> Result<Scheme, VocabError> {
        let mut found = Found::default();
        for (step, role) in [
            (&file.decoder, Role::Decoder),
            (&file.pre_tokenizer, Role::Encoder),
            (&file.normalizer, Role::Encoder),
        ] {
            found.visit(step, role)?;
        }
        let byte_fallback = found.byte_fallback || file.model.byte_fallback;
        match (found.byte_level, found.marker) {
            (true, None) => Ok(Scheme::ByteLevel),
            (false, Some(marker)) => Ok(Scheme::Marker {
                marker,
                byte_fallback,
            }),
            (true, Some(marker)) => Err(mix_up(format!(
                "the file declares byte-level pieces and {marker:?} as a space marker at once"
            ))),
            (false, None) => Err(VocabError::unsupported(
                "the file does not say how pieces spell bytes: it has neither a ByteLevel step \
                 nor a Metaspace or Replace step for spaces; use a tokenizer that has one",
            )),
        }
    }

    pub(super) fn decoder(&self) -> Decoder<'_> {
        Decoder {
            scheme: self,
            buffer: Vec::new(),
            pieces: 0,
            odd: 0,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Decoder,
    Encoder,
}

#[derive(Default)]
struct Found {
    byte_level: bool,
    byte_fallback: bool,
    marker: Option<String>,
}

impl Found {
    /// Looks at one step and those nested in it. Depth is bounded, because the
    /// JSON parser's is.
    fn visit(&mut self, step: &Value, role: Role) -> Result<(), VocabError> {
        let text = |key: &str| step.get(key).and_then(Value::as_str);
        match text("type") {
            Some("ByteLevel") => self.byte_level = true,
            Some("ByteFallback") => self.byte_fallback = true,
            Some("Metaspace") => {
                let marker = text("replacement").or(text("str_rep")).unwrap_or(MARKER);
                self.marker.get_or_insert_with(|| marker.to_owned());
            }
            Some("Replace") => {
                let pattern = step.pointer("/pattern/String").and_then(Value::as_str);
                let (marker, space) = match role {
                    Role::Decoder => (pattern, text("content")),
                    Role::Encoder => (text("content"), pattern),
                };
                // Other replacements on the way in do not change what pieces
                // mean; on the way out they do.
                match marker {
                    Some(marker) if space == Some(" ") && !marker.is_empty() => {
                        self.marker.get_or_insert_with(|| marker.to_owned());
                    }
                    _ if role == Role::Encoder => {}
                    _ => return Err(unsupported_decoder("Replace")),
                }
            }
            Some(kind @ ("WordPiece" | "BPEDecoder" | "CTC")) if role == Role::Decoder => {
                return Err(unsupported_decoder(kind));
            }
            _ => {}
        }
        for key in ["decoders", "pretokenizers", "normalizers"] {
            for nested in step
                .get(key)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                self.visit(nested, role)?;
            }
        }
        Ok(())
    }
}

fn unsupported_decoder(kind: &str) -> VocabError {
    VocabError::unsupported(format!(
        "the file's {kind} decoder changes text in a way that single tokens do not show; \
         use a tokenizer with a ByteLevel decoder or one that only replaces a space marker"
    ))
}

fn mix_up(what: String) -> VocabError {
    VocabError::new(
        VocabErrorKind::SchemeMixUp,
        format!("{what}; correct the decoder and pre_tokenizer of the file"),
    )
}

/// Turns pieces into bytes, and watches whether they fit the scheme.
pub(super) struct Decoder<'a> {
    scheme: &'a Scheme,
    buffer: Vec<u8>,
    pieces: usize,
    odd: usize,
}

impl Decoder<'_> {
    /// The bytes of a piece of the model.
    pub(super) fn piece<'b>(&'b mut self, piece: &'b str) -> &'b [u8] {
        self.pieces += 1;
        match self.scheme {
            Scheme::ByteLevel => {
                self.buffer.clear();
                if alphabet::decode(piece, &mut self.buffer) {
                    return &self.buffer;
                }
                // Decoders take a piece outside the alphabet literally.
                self.odd += 1;
                piece.as_bytes()
            }
            Scheme::Marker {
                marker,
                byte_fallback,
            } => {
                self.odd += usize::from(piece.starts_with(BYTE_LEVEL_SPACE));
                match fallback_byte(piece).filter(|_| *byte_fallback) {
                    Some(byte) => {
                        self.buffer.clear();
                        self.buffer.push(byte);
                    }
                    None => replace(piece, marker, &mut self.buffer),
                }
                &self.buffer
            }
        }
    }

    /// The bytes of an added token, which is written as text.
    pub(super) fn added<'b>(&'b mut self, content: &'b str) -> &'b [u8] {
        match self.scheme {
            Scheme::ByteLevel => content.as_bytes(),
            // Decoders treat added tokens like pieces here, and some files
            // spell runs of spaces that way.
            Scheme::Marker { marker, .. } => {
                replace(content, marker, &mut self.buffer);
                &self.buffer
            }
        }
    }

    /// Whether the pieces seen so far fit the scheme.
    pub(super) fn check(&self) -> Result<(), VocabError> {
        if self.odd * TOLERANCE <= self.pieces {
            return Ok(());
        }
        let (odd, pieces) = (self.odd, self.pieces);
        Err(mix_up(match self.scheme {
            Scheme::ByteLevel => format!(
                "the file declares byte-level pieces, but {odd} of {pieces} are not written \
                 in that alphabet"
            ),
            Scheme::Marker { marker, .. } => format!(
                "the file declares {marker:?} as a space marker, but {odd} of {pieces} pieces \
                 start with {BYTE_LEVEL_SPACE:?}, the space of byte-level files"
            ),
        }))
    }
}

/// `<0x41>` is byte 0x41.
fn fallback_byte(piece: &str) -> Option<u8> {
    let digits = piece.strip_prefix("<0x")?.strip_suffix('>')?;
    let is_hex = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

/// Writes `piece` to `out`, with spaces for markers.
fn replace(piece: &str, marker: &str, out: &mut Vec<u8>) {
    out.clear();
    for (i, part) in piece.split(marker).enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(part.as_bytes());
    }
}
