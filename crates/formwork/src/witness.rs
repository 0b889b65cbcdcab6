//! Texts that a grammar accepts, made without a model: the shortest one, and
//! random ones.

use formwork_core::{EngineError, Grammar, Matcher};

use crate::random::Random;

/// States that are looked at for a shorter witness.
const MAX_STATES: usize = 20_000;
/// The longest random text.
const MAX_BYTES: usize = 1 << 20;

/// A text that a grammar accepts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witness {
    /// The text, without white space that could be left out.
    pub text: String,
    /// Whether no accepted text has fewer bytes. If not, this is a short one,
    /// and the search for a shorter one was given up.
    pub is_shortest: bool,
}

/// A shortest text of a grammar, or a short one; `None` if the shortest may have
/// more than 1 MiB.
///
/// ```
/// use std::sync::Arc;
/// use formwork::{Compiler, SchemaOptions, Vocab, witness};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let compiler = Compiler::new(Arc::new(Vocab::embedded()?))?;
/// let schema = r#"{"type": "object", "required": ["id", "tags"], "properties": {
///     "id": {"type": "string"}, "tags": {"type": "array", "minItems": 1}}}"#;
/// let grammar = compiler.json_schema(schema, &SchemaOptions::default())?;
/// let shortest = witness(&grammar)?.ok_or("a long one")?;
/// assert_eq!(shortest.text.len(), r#"{"id":"","tags":[0]}"#.len());
/// assert!(shortest.is_shortest);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If a limit of the engine is reached.
pub fn witness(grammar: &Grammar) -> Result<Option<Witness>, EngineError> {
    let found = grammar.matcher().shortest_completion(MAX_STATES)?;
    Ok(found.map(|completion| Witness {
        text: String::from_utf8_lossy(&completion.bytes).into_owned(),
        is_shortest: completion.is_shortest,
    }))
}

/// Random texts of a grammar, without end; they may repeat. The same seed makes
/// the same texts.
///
/// A text is drawn byte by byte up to a random length, mostly of some dozens of
/// bytes, and then led to its end. Listed properties are preferred to invented
/// names, letters to other characters, short strings to long ones; no
/// distribution is promised.
///
/// ```
/// use std::sync::Arc;
/// use formwork::{Compiler, SchemaOptions, Vocab, samples};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let compiler = Compiler::new(Arc::new(Vocab::embedded()?))?;
/// let grammar = compiler.json_schema(r#"{"type": "boolean"}"#, &SchemaOptions::default())?;
/// for text in samples(&grammar, 7).take(3) {
///     assert!(["false", "true"].contains(&text?.trim()));
/// }
/// # Ok(())
/// # }
/// ```
pub fn samples(grammar: &Grammar, seed: u64) -> Samples {
    Samples {
        start: grammar.matcher(),
        random: Random::new(seed),
    }
}

/// See [`samples`].
#[derive(Debug)]
pub struct Samples {
    start: Matcher,
    random: Random,
}

impl Iterator for Samples {
    type Item = Result<String, EngineError>;

    /// `None` if a text would have more than 1 MiB.
    fn next(&mut self) -> Option<Self::Item> {
        let draft = Draft {
            matcher: self.start.fork(),
            text: Vec::new(),
            place: Place::default(),
        };
        match draft.finish(&mut self.random) {
            Ok(text) => Some(Ok(String::from_utf8_lossy(&text?).into_owned())),
            Err(error) => Some(Err(error)),
        }
    }
}

/// A random text on the way.
struct Draft {
    matcher: Matcher,
    text: Vec<u8>,
    place: Place,
}

/// What kinds of bytes mean here, as far as JSON goes.
#[derive(Default)]
struct Place {
    in_string: bool,
    in_escape: bool,
    depth: usize,
}

impl Draft {
    /// Draws bytes to the end; `None` if that is too far.
    fn finish(mut self, random: &mut Random) -> Result<Option<Vec<u8>>, EngineError> {
        let budget = length(random);
        while self.text.len() < MAX_BYTES {
            let is_late = self.text.len() >= budget;
            if self.matcher.is_complete() && (is_late || random.chance(50)) {
                return Ok(Some(self.text));
            }
            if !is_late && !self.place.in_string && random.chance(80) {
                let words = self.matcher.listed_words();
                if let Some(word) = words.get(random.below(words.len())) {
                    self.push(word)?;
                    continue;
                }
            }
            let drawn = if is_late {
                self.toward_end(random)?
            } else {
                let bytes = self.matcher.next_bytes()?;
                let byte = self.place.pick(bytes.iter(), random);
                byte.map(|byte| vec![byte])
            };
            match drawn {
                Some(bytes) => self.push(&bytes)?,
                None => return Ok(self.matcher.is_complete().then_some(self.text)),
            }
        }
        Ok(None)
    }

    /// One of the ways that bring the end nearer.
    fn toward_end(&self, random: &mut Random) -> Result<Option<Vec<u8>>, EngineError> {
        let ways = self.matcher.ways_to_end()?;
        let single = ways.iter().filter(|way| way.len() == 1);
        let single = single.filter_map(|way| way.first().copied());
        Ok(match self.place.pick(single, random) {
            Some(byte) => Some(vec![byte]),
            None => ways.into_iter().next(),
        })
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        if let Err(formwork_core::PushError::Engine(error)) = self.matcher.push_bytes(bytes) {
            return Err(error);
        }
        bytes.iter().for_each(|&byte| self.place.read(byte));
        self.text.extend_from_slice(bytes);
        Ok(())
    }
}

/// A random length: half of them below 32, each doubling half as likely.
fn length(random: &mut Random) -> usize {
    let mut length = 16;
    while length < 512 && random.chance(50) {
        length *= 2;
    }
    length + random.below(length)
}

/// Kinds of bytes in strings, with their weights.
const IN_STRING: [(&[u8], u32); 5] = [
    (b"abcdefghijklmnopqrstuvwxyz", 60),
    (b"\"", 16),
    (b"0123456789", 12),
    (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 8),
    (b" !#$%&'()*+,-./:;<=>?@[]^_`{|}~", 5),
];
/// Of backslashes, and of characters beyond ASCII.
const RARE: u32 = 1;

/// Kinds of bytes around strings, with their weights.
const AROUND: [(&[u8], u32); 9] = [
    (b"\"", 20),
    (b"0123456789", 16),
    (b",", 12),
    (b"]}", 8),
    (b"tfn", 9),
    (b"{", 9),
    (b"[", 6),
    (b"-", 3),
    (b".", 3),
];
/// From this depth on objects and arrays are begun rarely.
const DEEP: usize = 4;

impl Place {
    fn read(&mut self, byte: u8) {
        match byte {
            _ if self.in_escape => self.in_escape = false,
            b'\\' if self.in_string => self.in_escape = true,
            b'"' => self.in_string = !self.in_string,
            b'{' | b'[' if !self.in_string => self.depth += 1,
            b'}' | b']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    /// One of the bytes: a kind by its weight, and any byte of that kind.
    fn pick(&self, bytes: impl Iterator<Item = u8>, random: &mut Random) -> Option<u8> {
        let kinds: &[(&[u8], u32)] = match self.in_string {
            true => &IN_STRING,
            false => &AROUND,
        };
        let mut groups: Vec<(u32, Vec<u8>)> = Vec::new();
        let weights = kinds.iter().map(|&(_, weight)| weight).chain([RARE]);
        groups.extend(weights.map(|weight| (weight, Vec::new())));
        for byte in bytes {
            let kind = kinds.iter().position(|(kind, _)| kind.contains(&byte));
            if let Some((_, group)) = groups.get_mut(kind.unwrap_or(kinds.len())) {
                group.push(byte);
            }
        }
        groups.retain(|(_, group)| !group.is_empty());
        for (weight, group) in &mut groups {
            let opens = !self.in_string && matches!(group.first(), Some(b'{' | b'['));
            if opens && self.depth >= DEEP {
                *weight = RARE;
            }
        }
        let total: u32 = groups.iter().map(|(weight, _)| weight).sum();
        let mut at = random.below(total as usize) as u32;
        for (weight, group) in &groups {
            if at < *weight {
                return group.get(random.below(group.len())).copied();
            }
            at -= weight;
        }
        None
    }
}
