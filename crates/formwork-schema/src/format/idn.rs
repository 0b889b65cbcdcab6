//! `idn-hostname`: names of LDH labels and U-labels, by IDNA 2008 (RFC 5890 to 5893).
//!
//! Which characters a label may have follows from Unicode properties (RFC 5892); the contextual
//! rules, the Bidi rule and normalisation are conditions between neighbours and on the label as a
//! whole, all of them regular. Only the length of a label in Punycode is not: it depends on the
//! code points in their order. A bound on the number of characters stands in for it.

#![expect(
    clippy::indexing_slicing,
    reason = "there is a set for every kind of character"
)]

use formwork_automata::{CharSet, Dfa, Limits, regex};
use rustc_hash::{FxHashMap, FxHashSet};
use unicode_bidi::BidiClass;
use unicode_joining_type::{JoiningType, get_joining_type};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, compose};

use super::FormatError;

/// What [`names`] leaves out.
pub(super) const LEFT_OUT: &str = "names in Punycode, names of more than four labels, U-labels \
     that may be too long in Punycode, and rare sequences of combining marks and joiners";

/// The most octets of an LDH label (RFC 1035, section 2.3.4).
const MAX_LABEL: u32 = 63;
/// So many labels surely fit into the 253 octets of a name when the last one is shorter by two.
const MAX_LABELS: u32 = 4;
/// The most characters of a U-label whose A-label surely fits, whichever characters they are. The
/// tests search for the longest A-label.
const MAX_WIDE: u32 = 13;
/// The same below U+0800, where the differences that Punycode writes are smaller.
const MAX_NARROW: u32 = 19;

/// Which names are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    /// U-labels are in Unicode's form NFC (RFC 5891, section 4.1), and full stops of other scripts
    /// separate labels, too.
    Hostname,
    /// The domain of an address (RFC 6531, section 3.3): normalised by whoever looks it up.
    Mailbox,
}

/// The language of names.
pub(super) fn names(profile: Profile, limits: &Limits) -> Result<Dfa, FormatError> {
    let kinds = Kinds::new(limits)?;
    let strict = profile == Profile::Hostname;
    let dots: &[char] = if strict {
        &['.', '\u{3002}', '\u{FF0E}', '\u{FF61}']
    } else {
        &['.']
    };
    let step = |name: &Name, c: char| {
        if dots.contains(&c) {
            name.next_label()
        } else {
            name.push(*kinds.of.get(&c)?, strict)
        }
    };
    let mut sets = kinds.sets;
    sets.push(CharSet::from_ranges(
        dots.iter().map(|&c| (c as u32, c as u32)),
    ));
    Ok(Dfa::unfold(Name::START, &sets, step, Name::ends, limits)?)
}

/// A language with every name in it, also those of other profiles: labels without the characters
/// that no label has.
pub(super) fn outer(limits: &Limits) -> Result<Dfa, FormatError> {
    let label = r"[A-Za-z0-9\x80-\u{10FFFF}-]+";
    Ok(regex::compile_whole(
        &format!(r"{label}(?:\.{label})*"),
        limits,
    )?)
}

/// All that the rules want to know of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Kind {
    what: What,
    /// From U+0800 on.
    wide: bool,
    side: Side,
    /// See [`order`]; 0 for starters.
    order: u8,
    mark: bool,
    /// May compose with a character after it, with one before it.
    composes: bool,
    composed: bool,
    /// Joins the next character, the previous one.
    joins_next: bool,
    joins_previous: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    Upper,
    /// `l`, of which the middle dot needs two.
    El,
    Lower,
    Digit,
    Hyphen,
    Greek,
    Hebrew,
    /// Hiragana, Katakana or Han.
    Japanese,
    Other,
    MiddleDot,
    Keraia,
    Geresh,
    KatakanaDot,
    NonJoiner,
    Joiner,
}

/// The Bidi classes of RFC 5893, as far as they matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Side {
    Left,
    Right,
    European,
    Arabic,
    Neutral,
    Mark,
}

impl What {
    fn is_ascii(self) -> bool {
        matches!(
            self,
            Self::Upper | Self::El | Self::Lower | Self::Digit | Self::Hyphen
        )
    }
}

/// Canonical combining classes in coarse steps, ascending: marks in one step keep no order but
/// for those classes that have a step of their own.
fn order(class: u8) -> u8 {
    match class {
        0 => 0,
        1..=8 => 1,
        VIRAMA => 2,
        10..=26 => 3,
        27..=32 => 4,
        33..=102 => 5,
        103..=106 => 6,
        107..=229 => 7,
        230 => ABOVE,
        _ => 9,
    }
}

const VIRAMA: u8 = 9;
/// The order of marks with the class of a virama, and of marks above.
const VIRAMA_ORDER: u8 = 2;
const ABOVE: u8 = 8;

/// Whether a mark may follow another one.
fn in_order(before: u8, mark: u8) -> bool {
    before < mark || (before == mark && matches!(mark, VIRAMA_ORDER | ABOVE))
}

struct Kinds {
    of: FxHashMap<char, Kind>,
    /// The characters of each kind.
    sets: Vec<CharSet>,
}

impl Kinds {
    fn new(limits: &Limits) -> Result<Self, FormatError> {
        let set = |class: &str| -> Result<CharSet, FormatError> {
            let dfa = regex::compile_whole(class, limits)?;
            let start = dfa.start().unwrap_or(0);
            let inside = dfa
                .classes()
                .filter(|&(class, _)| dfa.next_class(start, class).is_some());
            Ok(CharSet::from_ranges(
                inside.flat_map(|(_, ranges)| ranges.iter().copied()),
            ))
        };
        let marks = set(r"[\p{Mn}\p{Mc}]")?;
        let (greek, hebrew) = (set(r"\p{Script=Greek}")?, set(r"\p{Script=Hebrew}")?);
        let japanese = set(r"[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]")?;
        let valid = permitted(&set)?;
        let (firsts, seconds) = compositions(&valid);
        let mut of = FxHashMap::default();
        let mut sets: Vec<Vec<(u32, u32)>> = Vec::new();
        let mut known: FxHashMap<Kind, usize> = FxHashMap::default();
        // Neighbours are mostly of one kind.
        let mut last: Option<(Kind, usize)> = None;
        for c in chars(&valid) {
            let what = match c {
                'A'..='Z' => What::Upper,
                'l' => What::El,
                'a'..='z' => What::Lower,
                '0'..='9' => What::Digit,
                '-' => What::Hyphen,
                '\u{B7}' => What::MiddleDot,
                '\u{375}' => What::Keraia,
                '\u{5F3}' | '\u{5F4}' => What::Geresh,
                '\u{30FB}' => What::KatakanaDot,
                '\u{200C}' => What::NonJoiner,
                '\u{200D}' => What::Joiner,
                _ if greek.contains(c) => What::Greek,
                _ if hebrew.contains(c) => What::Hebrew,
                _ if japanese.contains(c) => What::Japanese,
                _ => What::Other,
            };
            let side = match unicode_bidi::bidi_class(c) {
                BidiClass::L => Side::Left,
                BidiClass::R | BidiClass::AL => Side::Right,
                BidiClass::EN => Side::European,
                BidiClass::AN => Side::Arabic,
                BidiClass::NSM => Side::Mark,
                BidiClass::ES | BidiClass::CS | BidiClass::ET | BidiClass::ON | BidiClass::BN => {
                    Side::Neutral
                }
                _ => continue,
            };
            let joining = get_joining_type(c);
            let dual = joining == JoiningType::DualJoining;
            let kind = Kind {
                what,
                wide: c >= '\u{800}',
                side,
                order: order(canonical_combining_class(c)),
                mark: marks.contains(c),
                composes: firsts.contains(&c),
                composed: seconds.contains(&c),
                joins_next: dual || joining == JoiningType::LeftJoining,
                joins_previous: dual || joining == JoiningType::RightJoining,
            };
            let at = match last {
                Some((same, at)) if same == kind => at,
                _ => *known.entry(kind).or_insert_with(|| {
                    // Any member may stand for its kind.
                    of.insert(c, kind);
                    sets.push(Vec::new());
                    sets.len() - 1
                }),
            };
            last = Some((kind, at));
            extend(&mut sets[at], c);
        }
        let sets = sets.into_iter().map(CharSet::from_ranges).collect();
        Ok(Self { of, sets })
    }
}

/// Adds a character to ranges, after all that are there.
fn extend(ranges: &mut Vec<(u32, u32)>, c: char) {
    let c = c as u32;
    match ranges.last_mut() {
        Some((_, last)) if *last + 1 == c => *last = c,
        _ => ranges.push((c, c)),
    }
}

fn chars(set: &CharSet) -> impl Iterator<Item = char> + '_ {
    let points = set.ranges().iter().flat_map(|&(lo, hi)| lo..=hi);
    points.filter_map(char::from_u32)
}

/// The characters of some label: LDH, and what RFC 5892, section 3, derives as PVALID, CONTEXTJ
/// or CONTEXTO.
fn permitted(set: &dyn Fn(&str) -> Result<CharSet, FormatError>) -> Result<CharSet, FormatError> {
    // Section 2.1.
    let letters = set(r"[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]")?;
    // Section 2.2, as far as it is a matter of case.
    let folded = set(r"\p{Changes_When_Casefolded}")?;
    // Sections 2.3, 2.4 and 2.9.
    let ignorable = set(
        r"[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Noncharacter_Code_Point}\u20D0-\u20FF\u{1D100}-\u{1D24F}\u1100-\u11FF\uA960-\uA97C\uD7B0-\uD7FB]",
    )?;
    let candidates = letters.difference(&folded).difference(&ignorable);
    let mut stable = Vec::new();
    for c in chars(&candidates).filter(|&c| is_composed(c)) {
        extend(&mut stable, c);
    }
    let stable = CharSet::from_ranges(stable);
    // Section 2.6.
    let disallowed = set(r"[\u0640\u07FA\u302E\u302F\u3031-\u3035\u303B]")?;
    let exceptions = set(r"[\u00DF\u03C2\u06FD\u06FE\u0F0B\u3007]")?;
    let contextual = set(r"[\u00B7\u0375\u05F3\u05F4\u30FB\u200C\u200D]")?;
    let ldh = set("[A-Za-z0-9-]")?;
    let valid = stable.difference(&disallowed);
    Ok(valid.union(&exceptions).union(&contextual).union(&ldh))
}

/// Whether the form NFKC of a character is that character.
fn is_composed(c: char) -> bool {
    // Unified ideographs, syllables of Hangul, and Tangut: nothing there has another form.
    let plain = matches!(
        c,
        '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{17000}'..='\u{18CFF}'
            | '\u{20000}'..='\u{2F7FF}' | '\u{30000}'..='\u{3FFFF}'
    );
    plain || std::iter::once(c).nfkc().eq(std::iter::once(c))
}

/// The characters that may compose with one after them, and those that may with one before them,
/// the latter out of `valid`.
fn compositions(valid: &CharSet) -> (FxHashSet<char>, FxHashSet<char>) {
    let (mut firsts, mut seconds) = (FxHashSet::default(), FxHashSet::default());
    // Syllables of Hangul are composed of letters that no label has, or from syllables with those.
    let composed = ('\u{C0}'..='\u{33FF}')
        .chain('\u{A000}'..='\u{ABFF}')
        .chain('\u{F900}'..='\u{1FFFF}');
    let mut heads = Vec::new();
    for c in composed {
        let mut parts: Vec<char> = std::iter::once(c).nfd().collect();
        let Some(second) = parts.pop() else { continue };
        heads.extend(parts.first().map(|&head| (c, head)));
        let mut front = parts.into_iter().nfc();
        if let (Some(first), None) = (front.next(), front.next())
            && compose(first, second) == Some(c)
            && valid.contains(second)
        {
            firsts.insert(first);
            // A further mark may take the place of the second character.
            firsts.insert(c);
            seconds.insert(second);
        }
    }
    // What begins with such a character when it is decomposed may lose it to the one before.
    let lost = heads.into_iter().filter(|(_, head)| seconds.contains(head));
    let lost: Vec<char> = lost.map(|(c, _)| c).collect();
    seconds.extend(lost);
    (firsts, seconds)
}

/// A name, as far as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Name {
    /// The labels before the one at hand.
    labels: u32,
    domain: Domain,
    label: Label,
}

/// Whether the Bidi rule holds, which it does for all labels if one is written from right to left
/// (RFC 5893, section 1.4). Other labels beside those are LDH labels that begin with a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Domain {
    Either,
    /// Some label breaks the rule.
    Left,
    Right,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Label {
    script: Script,
    len: u32,
    before: Before,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Script {
    /// ASCII so far, and whether with a capital letter, which no U-label has.
    Ascii {
        upper: bool,
    },
    Left {
        wide: bool,
        katakana: Katakana,
    },
    Right {
        wide: bool,
        digits: Digits,
    },
}

/// The katakana middle dot needs one character of Japanese in the label (RFC 5892, appendix A.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Katakana {
    Nothing,
    Dot,
    Japanese,
}

/// Numbers of both kinds do not mix (RFC 5893, section 2, rule 4; RFC 5892, appendices A.8 and
/// A.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Digits {
    Nothing,
    European,
    Arabic,
}

/// The last character of a label, as far as the next one depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Before {
    Nothing,
    Letter {
        composes: bool,
        joins: bool,
    },
    El {
        composes: bool,
    },
    Hebrew {
        composes: bool,
    },
    Hyphen,
    /// A combining mark, by its order.
    Mark(u8),
    /// The middle dot after `l`, and what else something has to follow.
    MiddleDot,
    Keraia,
    NonJoiner,
}

impl Before {
    /// What follows a character that is no letter and asks for nothing.
    const PLAIN: Self = Self::Letter {
        composes: false,
        joins: false,
    };

    fn may_end(self) -> bool {
        !matches!(
            self,
            Self::Nothing | Self::Hyphen | Self::MiddleDot | Self::Keraia | Self::NonJoiner
        )
    }

    /// After one more character; the rules are those of RFC 5892, appendix A, and, if `strict`,
    /// those of form NFC.
    fn push(self, kind: Kind, strict: bool) -> Option<Self> {
        let expected = match self {
            Self::Nothing => !kind.mark && kind.order == 0,
            Self::MiddleDot => kind.what == What::El,
            Self::Keraia => kind.what == What::Greek,
            Self::NonJoiner => kind.joins_previous,
            _ => true,
        };
        if !expected || (strict && !self.is_composed_before(kind)) {
            return None;
        }
        let composes = strict && kind.composes;
        Some(match kind.what {
            What::MiddleDot => matches!(self, Self::El { .. }).then_some(Self::MiddleDot)?,
            What::Keraia => Self::Keraia,
            What::Geresh => {
                matches!(self, Self::Hebrew { .. }).then_some(Self::Hebrew { composes })?
            }
            What::NonJoiner => match self {
                Self::Mark(VIRAMA_ORDER) => Self::PLAIN,
                Self::Letter { joins: true, .. } => Self::NonJoiner,
                _ => return None,
            },
            What::Joiner => (self == Self::Mark(VIRAMA_ORDER)).then_some(Self::PLAIN)?,
            What::Hyphen => Self::Hyphen,
            _ if kind.order > 0 && (strict || kind.order == VIRAMA_ORDER) => Self::Mark(kind.order),
            What::El => Self::El { composes },
            What::Hebrew if kind.order == 0 => Self::Hebrew { composes },
            _ => Self::Letter {
                composes,
                joins: kind.joins_next,
            },
        })
    }

    /// Whether form NFC leaves `kind` as it is after this.
    ///
    /// A mark in a later step than the one before it might compose with the letter before both:
    /// that is not known, so it does not pass.
    fn is_composed_before(self, kind: Kind) -> bool {
        match self {
            Self::Mark(before) if kind.order > 0 => {
                in_order(before, kind.order) && (!kind.composed || before == kind.order)
            }
            Self::Letter { composes, .. } | Self::El { composes } | Self::Hebrew { composes } => {
                !(composes && kind.composed)
            }
            _ => true,
        }
    }
}

impl Name {
    const START: Self = Self {
        labels: 0,
        domain: Domain::Either,
        label: Label::START,
    };

    fn ends(&self) -> bool {
        let waits = matches!(
            self.label.script,
            Script::Left {
                katakana: Katakana::Dot,
                ..
            }
        );
        self.label.before.may_end() && !waits
    }

    fn next_label(&self) -> Option<Self> {
        let labels = self.labels + 1;
        (self.ends() && labels < MAX_LABELS).then_some(Self {
            labels,
            domain: self.domain,
            label: Label::START,
        })
    }

    fn push(&self, kind: Kind, strict: bool) -> Option<Self> {
        let Label {
            script,
            len,
            before,
        } = self.label;
        let fourth_hyphen = len == 3 && before == Before::Hyphen && kind.what == What::Hyphen;
        if fourth_hyphen || (len == 0 && kind.what == What::Hyphen) {
            return None;
        }
        let mut next = before.push(kind, strict)?;
        let script = script.push(kind, len == 0, before)?;
        let len = len + 1;
        let domain = match (self.domain, script) {
            (Domain::Left, Script::Right { .. }) => return None,
            (Domain::Right, Script::Left { .. }) => return None,
            (Domain::Right, Script::Ascii { .. }) if len == 1 && kind.what == What::Digit => {
                return None;
            }
            (Domain::Either, Script::Ascii { .. }) if len > 1 || kind.what != What::Digit => {
                Domain::Either
            }
            (Domain::Right, _) | (_, Script::Right { .. }) => Domain::Right,
            _ => Domain::Left,
        };
        let last = self.labels + 1 == MAX_LABELS;
        let max = match script {
            Script::Ascii { .. } => MAX_LABEL - 2 * u32::from(last),
            Script::Left { wide, .. } | Script::Right { wide, .. } => {
                let max = if wide { MAX_WIDE } else { MAX_NARROW };
                max - u32::from(last)
            }
        };
        if len > max {
            return None;
        }
        // What cannot become a U-label any more is remembered no further.
        let long = len >= MAX_NARROW || script == (Script::Ascii { upper: true });
        if matches!(script, Script::Ascii { .. }) && long && next != Before::Hyphen {
            next = Before::PLAIN;
        }
        Some(Self {
            labels: self.labels,
            domain,
            label: Label {
                script,
                len,
                before: next,
            },
        })
    }
}

impl Label {
    const START: Self = Self {
        script: Script::Ascii { upper: false },
        len: 0,
        before: Before::Nothing,
    };
}

impl Script {
    fn push(self, kind: Kind, first: bool, before: Before) -> Option<Self> {
        let what = kind.what;
        match self {
            Self::Ascii { upper } if what.is_ascii() => Some(Self::Ascii {
                upper: upper || what == What::Upper,
            }),
            Self::Ascii { .. } if first && kind.side == Side::Right => Some(Self::Right {
                wide: kind.wide,
                digits: Digits::Nothing,
            }),
            Self::Ascii { upper: false } => Self::Left {
                wide: false,
                katakana: Katakana::Nothing,
            }
            .push(kind, false, before),
            Self::Ascii { upper: true } => None,
            Self::Left { wide, katakana } => {
                let fits = !matches!(kind.side, Side::Right | Side::Arabic) && what != What::Upper;
                fits.then_some(Self::Left {
                    wide: wide || kind.wide,
                    katakana: match (what, katakana) {
                        (What::Japanese, _) => Katakana::Japanese,
                        (What::KatakanaDot, Katakana::Nothing) => Katakana::Dot,
                        _ => katakana,
                    },
                })
            }
            Self::Right { wide, digits } => {
                let digits = match (kind.side, digits) {
                    (Side::Right, _) => digits,
                    // The label has to end in a letter or a number, with marks at most.
                    (Side::Mark, _) if before != Before::Hyphen => digits,
                    (Side::Neutral, _) if matches!(what, What::Hyphen) => digits,
                    (Side::Neutral, _)
                        if what == What::NonJoiner && !matches!(before, Before::Mark(_)) =>
                    {
                        digits
                    }
                    (Side::European, Digits::Nothing | Digits::European) => Digits::European,
                    (Side::Arabic, Digits::Nothing | Digits::Arabic) => Digits::Arabic,
                    _ => return None,
                };
                Some(Self::Right {
                    wide: wide || kind.wide,
                    digits,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests;
