//! The languages of the `format` keyword, as automata over the characters of the string.
//!
//! The grammars are those of the RFCs that JSON Schema 2020-12 names in sections 7.3.1 to 7.3.8 of
//! its validation vocabulary, and patterns (section 7.3.8) those of ECMA-262. Each automaton accepts
//! only valid strings. Where one leaves out valid strings, [`FormatGap`] says which, and has an outer
//! language with all of them.

use std::fmt;
use std::sync::Arc;

use formwork_automata::regex::{self, RegexError};
use formwork_automata::{CharSet, Dfa, Limits, StateId, TooLarge};

use crate::draft::Draft;

mod idn;
mod pattern;
#[cfg(test)]
mod tests;

/// Why a standard format has no automaton.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FormatError {
    /// The grammar of the format did not compile; within default limits every one does.
    Regex(RegexError),
    /// The automaton would cross a limit.
    TooLarge(TooLarge),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Regex(error) => write!(f, "the grammar of the format: {error}"),
            Self::TooLarge(error) => write!(f, "the automaton of the format {error}"),
        }
    }
}

impl std::error::Error for FormatError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Regex(error) => Some(error),
            Self::TooLarge(error) => Some(error),
        }
    }
}

impl From<RegexError> for FormatError {
    fn from(error: RegexError) -> Self {
        Self::Regex(error)
    }
}

impl From<TooLarge> for FormatError {
    fn from(error: TooLarge) -> Self {
        Self::TooLarge(error)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Date,
    DateTime,
    Duration,
    Email,
    Hostname,
    IdnEmail,
    IdnHostname,
    Ipv4,
    Ipv6,
    Iri,
    IriReference,
    JsonPointer,
    /// Of drafts 4 and 6.
    OldHostname,
    Regex,
    RelativeJsonPointer,
    Time,
    Uri,
    UriReference,
    UriTemplate,
    Uuid,
}

impl Format {
    fn new(name: &str, draft: Draft) -> Option<Self> {
        Some(match name {
            // RFC 1034 knew no reserved labels.
            "hostname" if draft <= Draft::V6 => Self::OldHostname,
            "date" => Self::Date,
            "date-time" => Self::DateTime,
            "duration" => Self::Duration,
            "email" => Self::Email,
            "hostname" => Self::Hostname,
            "idn-email" => Self::IdnEmail,
            "idn-hostname" => Self::IdnHostname,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "iri" => Self::Iri,
            "iri-reference" => Self::IriReference,
            "json-pointer" => Self::JsonPointer,
            "regex" => Self::Regex,
            "relative-json-pointer" => Self::RelativeJsonPointer,
            "time" => Self::Time,
            "uri" => Self::Uri,
            "uri-reference" => Self::UriReference,
            "uri-template" => Self::UriTemplate,
            "uuid" => Self::Uuid,
            _ => return None,
        })
    }

    fn gap(self, limits: &Limits) -> Result<Option<FormatGap>, FormatError> {
        let (outer, what) = match self {
            Self::Regex => (pattern::outer(limits)?, pattern::LEFT_OUT),
            Self::Hostname => (
                regex::compile_whole(&any_labels(), limits)?,
                "names in Punycode and some of nearly 253 characters",
            ),
            Self::OldHostname => (
                regex::compile_whole(&any_labels(), limits)?,
                "some names of nearly 253 characters",
            ),
            Self::IdnHostname => (idn::outer(limits)?, idn::LEFT_OUT),
            Self::Email => (
                regex::compile_whole(&any_mailbox(false), limits)?,
                "addresses at domains in Punycode and some with odd quoted local parts",
            ),
            Self::IdnEmail => (
                regex::compile_whole(&any_mailbox(true), limits)?,
                "addresses at domains in Punycode, of more than four labels or with long U-labels, \
                 and some with odd quoted local parts",
            ),
            _ => return Ok(None),
        };
        let outer = Arc::new(outer);
        Ok(Some(FormatGap { outer, what }))
    }

    fn compile(self, limits: &Limits) -> Result<Dfa, FormatError> {
        let whole = |pattern: &str| Ok(regex::compile_whole(pattern, limits)?);
        match self {
            Self::Date => whole(&date()),
            Self::DateTime => date_time(limits),
            Self::Duration => whole(&duration()),
            Self::Email => mailbox("", &hostname(&labels(), limits)?, limits),
            Self::Hostname => hostname(&labels(), limits),
            Self::OldHostname => hostname(&any_labels(), limits),
            Self::IdnEmail => {
                let domain = idn::names(idn::Profile::Mailbox, limits)?;
                mailbox(r"\x80-\u{10FFFF}", &domain, limits)
            }
            Self::IdnHostname => idn::names(idn::Profile::Hostname, limits),
            Self::Ipv4 => whole(&ipv4()),
            Self::Ipv6 => whole(&ipv6()),
            Self::Iri => whole(&Uri::international().absolute()),
            Self::IriReference => whole(&Uri::international().reference()),
            Self::JsonPointer => whole(JSON_POINTER),
            Self::Regex => Ok(pattern::patterns(limits)?),
            Self::RelativeJsonPointer => whole(&format!("(?:0|[1-9][0-9]*)(?:#|{JSON_POINTER})")),
            Self::Time => time("", limits),
            Self::Uri => whole(&Uri::ascii().absolute()),
            Self::UriReference => whole(&Uri::ascii().reference()),
            Self::UriTemplate => whole(&uri_template()),
            Self::Uuid => whole(UUID),
        }
    }
}

/// The language of a standard format, over decoded characters.
#[derive(Clone, Debug)]
pub(crate) struct FormatLanguage {
    pub(crate) dfa: Arc<Dfa>,
    /// Set if the automaton leaves out valid strings.
    pub(crate) gap: Option<FormatGap>,
}

/// What the automaton of a format lacks.
#[derive(Clone, Debug)]
pub(crate) struct FormatGap {
    /// Accepts all valid strings, and maybe others: what to complement.
    pub(crate) outer: Arc<Dfa>,
    /// What is left out, as the end of "leaves out".
    pub(crate) what: &'static str,
}

/// Whether a draft has its own idea of a format.
pub(crate) fn varies(name: &str, draft: Draft) -> bool {
    Format::new(name, draft) != Format::new(name, Draft::V2020)
}

/// The language of a standard format in a draft.
///
/// `None` when `name` is no standard format, so that it is an annotation only.
pub(crate) fn compile(
    name: &str,
    draft: Draft,
    limits: &Limits,
) -> Option<Result<FormatLanguage, FormatError>> {
    let format = Format::new(name, draft)?;
    let language = |dfa| {
        Ok(FormatLanguage {
            dfa: Arc::new(dfa),
            gap: format.gap(limits)?,
        })
    };
    Some(format.compile(limits).and_then(language))
}

// Dates and times: RFC 3339.

/// `full-date` of RFC 3339, section 5.6, with the days of each month from section 5.7.
fn date() -> String {
    let common = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])\
                  |(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)\
                  |02-(?:0[1-9]|1[0-9]|2[0-8])";
    // Appendix C: divisible by four, and by 400 if by 100.
    let by_four = "0[48]|[2468][048]|[13579][26]";
    let leap_year = format!("[0-9]{{2}}(?:{by_four})|(?:00|{by_four})00");
    format!("(?:[0-9]{{4}}-(?:{common})|(?:{leap_year})-02-29)")
}

fn date_time(limits: &Limits) -> Result<Dfa, FormatError> {
    time(&format!("{}[Tt]", date()), limits)
}

/// `full-time` of RFC 3339, section 5.6, after words of `prefix`, all of one length.
///
/// A leap second is one only at 23:59 UTC (section 5.7 and appendix D). The hours and the minutes
/// that an offset makes of that are independent but for one carry, so that two small automata say
/// it together.
fn time(prefix: &str, limits: &Limits) -> Result<Dfa, FormatError> {
    let fraction = r"(?:\.[0-9]+)?";
    let minute = "[0-5][0-9]";
    let hour = "(?:[01][0-9]|2[0-3])";
    let skip = if prefix.is_empty() { "" } else { "[^]{11}" };
    let syntax =
        format!("{prefix}{hour}:{minute}:(?:{minute}|60){fraction}(?:[Zz]|[+-]{hour}:{minute})");

    // At +hh:mm the local time is 23:59 + hh:mm: the offset is one minute more than the local time.
    // At -hh:mm it is 23:59 - hh:mm: no minute or hour is ever borrowed.
    let mut minutes = String::from("59:60F[Zz]");
    for m in 0..60 {
        minutes += &format!(r"|{m:02}:60F(?:\+..:{:02}|-..:{:02})", (m + 1) % 60, 59 - m);
    }
    let mut hours = String::from("23:..:60F[Zz]");
    for h in 0..24 {
        let (next, back) = ((h + 1) % 24, 23 - h);
        hours +=
            &format!(r"|{h:02}:(?:59:60F\+{next:02}|(?!59)..:60F\+{h:02}|..:60F-{back:02}):..");
    }
    let or_no_leap = |at: &str, leap: &str| {
        let leap = leap.replace('F', fraction);
        regex::compile_whole(&format!("{skip}(?:..:..:[^6][^]*|{at}(?:{leap}))"), limits)
    };
    let parts = [
        regex::compile_whole(&syntax, limits)?,
        or_no_leap("..:", &minutes)?,
        or_no_leap("", &hours)?,
    ];
    Ok(Dfa::intersection(&parts.each_ref(), limits)?)
}

/// `duration` of RFC 3339, appendix A.
fn duration() -> String {
    // Units in order, none left out between two that are there.
    let run = |units: [char; 3]| {
        let [a, b, c] = units.map(|unit| format!("[0-9]+{unit}"));
        format!("(?:{a}(?:{b}(?:{c})?)?|{b}(?:{c})?|{c})")
    };
    let (date, time) = (run(['Y', 'M', 'D']), run(['H', 'M', 'S']));
    format!("P(?:{date}(?:T{time})?|T{time}|[0-9]+W)")
}

// Names and addresses of hosts.

/// `IPv4address` of RFC 3986, section 3.2.2: no leading zeros.
fn ipv4() -> String {
    let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    format!(r"{octet}(?:\.{octet}){{3}}")
}

/// `IPv6address` of RFC 3986, section 3.2.2, which is section 2.2 of RFC 4291: no zone.
fn ipv6() -> String {
    let group = "[0-9A-Fa-f]{1,4}";
    let last = format!("(?:{group}:{group}|{})", ipv4());
    let mut forms = vec![format!("(?:{group}:){{6}}{last}")];
    // `::` stands for one group at least.
    for after in 0..8 {
        let before = match 7 - after {
            0 => String::new(),
            most => format!("(?:(?:{group}:){{0,{}}}{group})?", most - 1),
        };
        let tail = match after {
            0 => String::new(),
            1 => group.to_owned(),
            _ => format!("(?:{group}:){{{}}}{last}", after - 2),
        };
        forms.push(format!("{before}::{tail}"));
    }
    format!("(?:{})", forms.join("|"))
}

/// The longest domain name in text, from the 255 octets of RFC 1035, section 2.3.4.
const MAX_DOMAIN: usize = 253;

/// The step in which the lengths of labels add up to that of a domain name.
const UNIT: usize = 8;

/// Dotted labels as RFC 1123, section 2.1, allows them, of at most 63 characters each.
///
/// Labels with hyphens in the third and fourth place are reserved (RFC 5891, section 4.2.3.1) but
/// for A-labels. Those are left out as well: that a Punycode decodes to a permitted U-label is a
/// finite but enormous condition.
fn labels() -> String {
    let label = "(?![^.]{2}--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
    format!(r"{label}(?:\.{label})*")
}

/// Dotted labels, reserved ones and A-labels included.
fn any_labels() -> String {
    let label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
    format!(r"{label}(?:\.{label})*")
}

/// All that has the outline of a mailbox.
fn any_mailbox(international: bool) -> String {
    let (extra, domain) = if international {
        (
            r"\x80-\u{10FFFF}",
            r"[A-Za-z0-9.\x80-\u{10FFFF}-]+".to_owned(),
        )
    } else {
        ("", any_labels())
    };
    let atoms = format!("[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.{extra}-]+");
    format!(r#"(?:{atoms}|"(?:[^"\\]|\\[^])*")@(?:{domain}|\[[^\[\]]*\])"#)
}

/// Strings without `@` of at most [`MAX_DOMAIN`] characters, where each label but the last one
/// counts, with its dot, as a multiple of [`UNIT`].
///
/// An exact count has to be kept beside the one for the label, in 24 000 states. This one leaves
/// out names that are valid and nearly too long: some of over 200 characters in seven labels, and
/// all of more than 32 labels.
fn domain_length() -> String {
    let unit = format!(r"(?:[^.@]{{{UNIT}}}|[^.@]{{0,{}}}\.)", UNIT - 1);
    let (units, rest) = (MAX_DOMAIN / UNIT, MAX_DOMAIN % UNIT);
    let shorter = format!("{unit}{{0,{}}}[^.@]{{0,{}}}", units - 1, UNIT - 1);
    format!("(?:{shorter}|{unit}{{{units}}}[^.@]{{0,{rest}}})")
}

fn hostname(labels: &str, limits: &Limits) -> Result<Dfa, FormatError> {
    let parts = [
        regex::compile_whole(labels, limits)?,
        regex::compile_whole(&domain_length(), limits)?,
    ];
    Ok(Dfa::intersection(&parts.each_ref(), limits)?)
}

/// `Mailbox` of RFC 5321, section 4.1.2, with the characters `extra` in its local part.
///
/// The local part has at most 64 characters (section 4.5.3.1.1). Left out are quoted local parts
/// with `<` after a space, which validators take for the end of a display name.
fn mailbox(extra: &str, domain: &Dfa, limits: &Limits) -> Result<Dfa, FormatError> {
    let atom = format!("[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{extra}-]+");
    // RFC 5322 allows tabs, as folding white space.
    let quoted = format!(r#""(?:[\t!#-\[\]-~{extra}]|\x20(?!<)|\\[!-~])*""#);
    let local = [
        regex::compile_whole(&format!(r"{atom}(?:\.{atom})*|{quoted}"), limits)?,
        regex::compile_whole("[^]{1,64}", limits)?,
    ];
    let local = Dfa::intersection(&local.each_ref(), limits)?;
    let literal = format!(r"\[(?:{}|[Ii][Pp][Vv]6:{})\]", ipv4(), ipv6());
    let host = Dfa::union(&[domain, &regex::compile_whole(&literal, limits)?], limits)?;
    at(&local, &host, limits)
}

/// The words of `local`, the sign `@` and the words of `host`. No word of `local` may go on with
/// that sign.
fn at(local: &Dfa, host: &Dfa, limits: &Limits) -> Result<Dfa, FormatError> {
    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    enum Part {
        Local(StateId),
        Host(StateId),
    }
    let (Some(start), Some(host_start)) = (local.start(), host.start()) else {
        return Ok(Dfa::empty());
    };
    let parts = local.classes().chain(host.classes());
    let mut sets: Vec<CharSet> = parts
        .map(|(_, ranges)| CharSet::from_ranges(ranges.iter().copied()))
        .collect();
    sets.push(CharSet::single('@'));
    let step = |part: &Part, c: char| match *part {
        Part::Local(s) if c == '@' && local.is_match(s) => Some(Part::Host(host_start)),
        Part::Local(s) => local.next(s, c).map(Part::Local),
        Part::Host(s) => host.next(s, c).map(Part::Host),
    };
    let ends = |part: &Part| matches!(*part, Part::Host(s) if host.is_match(s));
    Ok(Dfa::unfold(Part::Local(start), &sets, step, ends, limits)?)
}

// Resource identifiers.

/// `pct-encoded` of RFC 3986, section 2.1.
const ENCODED: &str = "%[0-9A-Fa-f]{2}";

/// `scheme` of RFC 3986, section 3.1.
const SCHEME: &str = r"[A-Za-z][A-Za-z0-9+.\-]*";

/// `unreserved` and `sub-delims` of RFC 3986, sections 2.2 and 2.3, as members of a class.
const PLAIN: &str = r"A-Za-z0-9._~!$&'()*+,;=\-";

/// The grammar of RFC 3986, appendix A, or of RFC 3987, section 2.2.
struct Uri {
    /// `ucschar`, as members of a class.
    ucs: String,
    /// `iprivate`, likewise.
    private: &'static str,
}

impl Uri {
    fn ascii() -> Self {
        Self {
            ucs: String::new(),
            private: "",
        }
    }

    fn international() -> Self {
        let mut ucs = String::from(r"\u{A0}-\u{D7FF}\u{F900}-\u{FDCF}\u{FDF0}-\u{FFEF}");
        for plane in 1..=0xD {
            ucs += &format!(r"\u{{{plane:X}0000}}-\u{{{plane:X}FFFD}}");
        }
        ucs += r"\u{E1000}-\u{EFFFD}";
        Self {
            ucs,
            private: r"\u{E000}-\u{F8FF}\u{F0000}-\u{FFFFD}\u{100000}-\u{10FFFD}",
        }
    }

    /// Characters of [`PLAIN`], of `more`, and encoded ones.
    fn one_of(&self, more: &str) -> String {
        format!("(?:[{PLAIN}{more}{}]|{ENCODED})", self.ucs)
    }

    /// `"//" authority path-abempty`.
    fn authority(&self) -> String {
        let (user, name, path) = (self.one_of(":"), self.one_of(""), self.one_of(":@/"));
        let future = format!(r"[Vv][0-9A-Fa-f]+\.[{PLAIN}:]+");
        let literal = format!(r"\[(?:{}|{future})\]", ipv6());
        format!("//(?:{user}*@)?(?:{name}*|{literal})(?::[0-9]*)?(?:/{path}*)?")
    }

    fn query_and_fragment(&self) -> String {
        let query = self.one_of(&format!(":@/?{}", self.private));
        let fragment = self.one_of(":@/?");
        format!(r"(?:\?{query}*)?(?:#{fragment}*)?")
    }

    /// The language of paths that begin neither with `//` nor, without a scheme, like one.
    fn rest(&self, first: &str) -> String {
        let (first, char, path) = (self.one_of(first), self.one_of(":@"), self.one_of(":@/"));
        format!("(?:/(?:{char}{path}*)?|{first}+(?:/{path}*)?|)")
    }

    /// `URI`, or `IRI`.
    fn absolute(&self) -> String {
        let hierarchy = format!("(?:{}|{})", self.authority(), self.rest(":@"));
        format!("{SCHEME}:{hierarchy}{}", self.query_and_fragment())
    }

    /// `URI-reference`, or `IRI-reference`.
    fn reference(&self) -> String {
        let (authority, tail) = (self.authority(), self.query_and_fragment());
        let (full, relative) = (self.rest(":@"), self.rest("@"));
        format!("(?:(?:{SCHEME}:)?{authority}|{SCHEME}:{full}|{relative}){tail}")
    }
}

/// `URI-Template` of RFC 6570, section 2, with the apostrophe of erratum 6937 and, in literals,
/// every character that is not ASCII.
fn uri_template() -> String {
    let literal = r#"[^\x00-\x20\x7F"<>%\\^`{|}]"#;
    let name = format!(r"(?:\w|{ENCODED})+(?:\.(?:\w|{ENCODED})+)*");
    let variable = format!(r"{name}(?::[1-9][0-9]{{0,3}}|\*)?");
    let operator = "[+#./;?&=,!@|]";
    format!(r"(?:{literal}|{ENCODED}|\{{{operator}?{variable}(?:,{variable})*\}})*")
}

// Others.

/// `UUID` of RFC 4122, section 3.
const UUID: &str = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}";

/// `json-pointer` of RFC 6901, section 3.
const JSON_POINTER: &str = "(?:/(?:[^/~]|~[01])*)*";
