//! Strings that must not repeat.

use formwork_grammar::json_text::CharState;
use formwork_grammar::{AnyContent, Bulk, CharAutomaton, Label, Run};

use crate::name_table::Trie;
use crate::text::Text;

/// Strings of a language but for a few words.
#[derive(Debug)]
pub(crate) struct Except {
    text: Text,
    words: Trie,
    word_count: u32,
}

/// A trie that was left, as a word of the state; nodes are plus one.
const OUT: u32 = 0;

impl Except {
    pub(crate) fn new<'a>(text: Text, words: impl IntoIterator<Item = &'a str>) -> Except {
        // Words that are no strings of the language anyway are nothing to except.
        let words = words.into_iter().filter(|word| text.accepts(word));
        let (words, ranks) = Trie::new(words);
        Except {
            text,
            words,
            word_count: ranks.len() as u32,
        }
    }

    /// Whether some string is left.
    pub(crate) fn is_live(&self) -> bool {
        self.live(self.start())
    }

    /// Whether some string that is not excluded goes on from a state. Where counting
    /// does not tell, looks along the excluded words: any step off them settles it.
    fn live(&self, state: CharState) -> bool {
        let mut open = vec![state];
        while let Some(state) = open.pop() {
            let [q, read, at] = state;
            if at == OUT {
                return true;
            }
            // All words that go on are strings that do.
            let (first, end) = self.words.words(at - 1);
            match self.text.has_more_words(q, read, u64::from(end - first)) {
                Some(more) => return more,
                None if self.exit(state).is_some() => return true,
                None => {}
            }
            let children = self.words.children(at - 1);
            let mut from = 0;
            let mut sorted: Vec<u32> = children.iter().map(|&(c, _)| u32::from(c)).collect();
            sorted.sort_unstable();
            for c in sorted.into_iter().chain([0x11_0000]) {
                if from < c && self.text.live_in(inner(state), from, c - 1) {
                    return true;
                }
                from = c + 1;
            }
            open.extend(children.iter().filter_map(|&(c, _)| self.step(state, c)));
        }
        false
    }

    fn step(&self, state: CharState, c: char) -> Option<CharState> {
        let [q, read, _] = self.text.next(inner(state), c)?;
        let at = match state[2] {
            OUT => OUT,
            at => self.words.child(at - 1, c).map_or(OUT, |child| child + 1),
        };
        Some([q, read, at])
    }
}

fn inner([q, read, _]: CharState) -> CharState {
    [q, read, 0]
}

impl CharAutomaton for Except {
    fn start(&self) -> CharState {
        let [q, read, _] = self.text.start();
        [q, read, 1]
    }

    fn next(&self, state: CharState, c: char) -> Option<CharState> {
        self.step(state, c).filter(|&next| self.live(next))
    }

    fn live_in(&self, state: CharState, low: u32, high: u32) -> bool {
        let mut known: Vec<char> = match state[2] {
            OUT => Vec::new(),
            at => self
                .words
                .children(at - 1)
                .iter()
                .map(|&(c, _)| c)
                .collect(),
        };
        known.sort_unstable();
        let mut from = low;
        for c in known
            .into_iter()
            .filter(|&c| (low..=high).contains(&u32::from(c)))
        {
            let code = u32::from(c);
            if from < code && self.text.live_in(inner(state), from, code - 1) {
                return true;
            }
            if self.next(state, c).is_some() {
                return true;
            }
            from = code + 1;
        }
        from <= high && self.text.live_in(inner(state), from, high)
    }

    fn after_any(&self, state: CharState, low: u32, high: u32) -> Option<CharState> {
        let known: &[(char, u32)] = match state[2] {
            OUT => &[],
            at => self.words.children(at - 1),
        };
        if known
            .iter()
            .any(|&(c, _)| (low..=high).contains(&u32::from(c)))
        {
            return None;
        }
        let [q, read, _] = self.text.after_any(inner(state), low, high)?;
        Some([q, read, OUT])
    }

    fn exit(&self, state: CharState) -> Option<Label> {
        if state[2] != OUT && self.words.word(state[2] - 1).is_some() {
            return None;
        }
        self.text.exit(inner(state))
    }

    fn next_chars(&self, state: CharState) -> ([u64; 2], u64) {
        self.text.next_chars(inner(state))
    }

    fn bulk(&self, state: CharState) -> Bulk {
        let bulk = self.text.bulk(inner(state));
        // Off the words the language is that of the strings alone. On them, a run stays
        // inside if more strings can follow it than there are words: with a character
        // to spare where it can be any, or as many as there are words where it can be
        // left out or not.
        let (min, max) = self.text.bounds();
        let roomy = max.is_none_or(|max| max.saturating_sub(min) >= self.word_count);
        let spare = |max: Option<u32>, count| match max {
            Some(max) => max.checked_sub(count).map(Some),
            None => Some(None),
        };
        match bulk {
            _ if state[2] == OUT => bulk,
            Bulk::Walk => Bulk::Walk,
            Bulk::Content { max_chars, exact } => match spare(max_chars, 1) {
                Some(max_chars) => Bulk::Content {
                    exact: exact && max_chars.is_none(),
                    max_chars,
                },
                None => Bulk::Walk,
            },
            Bulk::Region { inside, reach, .. } => match spare(inside.max_chars, self.word_count) {
                Some(max_chars) if max_chars.is_none() || self.text.is_bounded() && roomy => {
                    Bulk::Region {
                        inside: Run {
                            max_chars,
                            ..inside
                        },
                        reach,
                        exact: false,
                        brief: None,
                    }
                }
                _ => Bulk::Walk,
            },
        }
    }

    fn any_content(&self, state: CharState) -> Option<AnyContent> {
        match state[2] {
            OUT => self.text.any_content(inner(state)),
            _ => None,
        }
    }

    fn ways_out(&self, state: CharState, out: &mut Vec<(Label, u32)>) {
        let before = out.len();
        self.text.ways_out(inner(state), out);
        // One more character steps off the words.
        if state[2] != OUT && self.exit(state).is_none() {
            for (_, bytes) in out.iter_mut().skip(before) {
                *bytes = bytes.saturating_add(1);
            }
        }
    }
}
