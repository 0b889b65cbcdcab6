//! Languages as drawings, in the notation of Graphviz: the recursive transition
//! network of dots, and the automata of its terminals. For people who debug
//! grammars.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::language::{Dot, Edge, Language};
use crate::terminal::{Label, LexState, Terminal};

/// How much is drawn. What lies beyond is said to be there, with a dashed line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DrawLimits {
    /// Dots that are drawn with what follows them. The default is 200.
    pub max_dots: usize,
    /// States of a terminal; one that has more is drawn as a box. The default is
    /// 24, and 0 draws no automata.
    pub max_states: usize,
}

impl Default for DrawLimits {
    fn default() -> Self {
        DrawLimits {
            max_dots: 200,
            max_states: 24,
        }
    }
}

/// Draws a language, from its start on: circles are dots, double ones may end
/// their rule; an edge reads a terminal, a token or, dashed, what another dot
/// derives. Below, each terminal is drawn as an automaton over bytes, or said in
/// words if it reads just one text.
///
/// Time and size are linear in what is drawn.
pub fn draw(language: &mut dyn Language, limits: &DrawLimits) -> String {
    let mut drawing = Drawing {
        out: String::from("digraph language {\n  rankdir=LR;\n  node [shape=circle];\n"),
        limits: *limits,
        known: FxHashMap::default(),
        open: VecDeque::new(),
        terminals: Vec::new(),
        numbers: FxHashMap::default(),
    };
    let start = drawing.dot(language.start());
    drawing.line(format_args!("begin [shape=point];"));
    drawing.line(format_args!("begin -> {start};"));
    while let Some(dot) = drawing.open.pop_front() {
        drawing.expand(language, dot);
    }
    drawing.automata();
    drawing.out.push_str("}\n");
    drawing.out
}

struct Drawing {
    out: String,
    limits: DrawLimits,
    /// Whether each dot met is drawn in full.
    known: FxHashMap<Dot, bool>,
    open: VecDeque<Dot>,
    terminals: Vec<Arc<dyn Terminal>>,
    /// Terminals by address; they are kept above.
    numbers: FxHashMap<usize, usize>,
}

impl Drawing {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "  {line}");
    }

    /// The name of a dot in the drawing.
    fn dot(&mut self, dot: Dot) -> String {
        let drawn = self.known.len() < self.limits.max_dots;
        let is_new = !self.known.contains_key(&dot);
        if is_new {
            self.known.insert(dot, drawn);
            if drawn {
                self.open.push_back(dot);
            } else {
                self.line(format_args!("d{dot} [label=\"…\", style=dashed];"));
            }
        }
        format!("d{dot}")
    }

    fn expand(&mut self, language: &mut dyn Language, dot: Dot) {
        let expansion = language.expand(dot);
        let shape = if expansion.is_final {
            "doublecircle"
        } else {
            "circle"
        };
        let name = language
            .name(dot)
            .map(|name| format!("\\n{}", escape(&name)));
        let name = name.unwrap_or_default();
        self.line(format_args!(
            "d{dot} [shape={shape}, label=\"{dot}{name}\"];"
        ));
        for (edge, way) in expansion.edges.into_iter().enumerate() {
            match way {
                Edge::Call { callee, ret } => {
                    let (callee_dot, ret) = (self.dot(callee), self.dot(ret));
                    let name = language.name(callee).unwrap_or(callee_dot);
                    let name = escape(&name);
                    self.line(format_args!(
                        "d{dot} -> {ret} [style=dashed, label=\"call {name}\"];"
                    ));
                }
                Edge::Token(set) => {
                    let ret = language.follow(dot, edge as u32, 0, None);
                    let ret = self.dot(ret);
                    let label = tokens(set.ranges());
                    self.line(format_args!("d{dot} -> {ret} [label=\"{label}\"];"));
                }
                Edge::Terminal(terminal) => {
                    let label = self.terminal(&terminal);
                    let mut ways = Vec::new();
                    terminal.ways_out(terminal.start(), &mut ways);
                    let mut exits: Vec<Label> = ways.into_iter().map(|(label, _)| label).collect();
                    exits.sort_unstable();
                    exits.dedup();
                    for exit in exits {
                        let ret = language.follow(dot, edge as u32, exit, None);
                        let ret = self.dot(ret);
                        self.line(format_args!("d{dot} -> {ret} [label=\"{label}\"];"));
                    }
                }
            }
        }
    }

    /// What an edge that reads a terminal says: its only text, or its number.
    fn terminal(&mut self, terminal: &Arc<dyn Terminal>) -> String {
        if let Some(text) = only_text(&**terminal) {
            return format!("'{}'", escape(&text.escape_ascii().to_string()));
        }
        let address = Arc::as_ptr(terminal).cast::<()>() as usize;
        let number = *self.numbers.entry(address).or_insert_with(|| {
            self.terminals.push(Arc::clone(terminal));
            self.terminals.len() - 1
        });
        format!("T{number}")
    }

    /// Draws the automata of terminals, each in a box of its own.
    fn automata(&mut self) {
        for (number, terminal) in std::mem::take(&mut self.terminals).into_iter().enumerate() {
            self.line(format_args!(
                "subgraph cluster_{number} {{ label=\"T{number}\";"
            ));
            let max = self.limits.max_states;
            match States::of(&*terminal, max) {
                Some(states) => self.automaton(number, &states),
                None => self.line(format_args!(
                    "t{number} [shape=box, label=\"more than {max} states\"];"
                )),
            }
            self.line(format_args!("}}"));
        }
    }

    fn automaton(&mut self, number: usize, states: &States) {
        for (state, State { may_end, ways }) in states.all.iter().enumerate() {
            let shape = if *may_end { "doublecircle" } else { "circle" };
            self.line(format_args!(
                "t{number}_{state} [shape={shape}, label=\"\", width=0.2];"
            ));
            for (to, bytes) in ways {
                let label = escape(&byte_ranges(bytes));
                self.line(format_args!(
                    "t{number}_{state} -> t{number}_{to} [label=\"{label}\"];"
                ));
            }
        }
    }
}

/// The states of a terminal that a text can reach, the start first.
struct States {
    all: Vec<State>,
}

struct State {
    may_end: bool,
    /// Other states and the bytes that lead there.
    ways: Vec<(usize, Vec<u8>)>,
}

impl States {
    /// `None` if there are more than `max`.
    fn of(terminal: &dyn Terminal, max: usize) -> Option<States> {
        let mut ids: FxHashMap<LexState, usize> = FxHashMap::default();
        let mut open = vec![terminal.start()];
        ids.insert(terminal.start(), 0);
        let mut all = Vec::new();
        while let Some(&state) = open.get(all.len()) {
            if open.len() > max {
                return None;
            }
            let mut ways: Vec<(usize, Vec<u8>)> = Vec::new();
            for byte in 0..=u8::MAX {
                let Some(next) = terminal.step(state, byte) else {
                    continue;
                };
                let fresh = open.len();
                let to = *ids.entry(next).or_insert(fresh);
                if to == fresh {
                    open.push(next);
                }
                match ways.iter_mut().find(|(known, _)| *known == to) {
                    Some((_, bytes)) => bytes.push(byte),
                    None => ways.push((to, vec![byte])),
                }
            }
            let may_end = terminal.exit(state).is_some();
            all.push(State { may_end, ways });
        }
        Some(States { all })
    }
}

/// The text of a terminal that has but one, if it is not long.
fn only_text(terminal: &dyn Terminal) -> Option<Vec<u8>> {
    const LONG: usize = 40;
    let mut text = Vec::new();
    let mut state = terminal.start();
    while terminal.can_continue(state) {
        if terminal.exit(state).is_some() || text.len() >= LONG {
            return None;
        }
        let mut ways = (0..=u8::MAX).filter_map(|byte| Some((byte, terminal.step(state, byte)?)));
        let (byte, next) = ways.next()?;
        if ways.next().is_some() {
            return None;
        }
        text.push(byte);
        state = next;
    }
    Some(text)
}

/// Bytes, ascending, as ranges.
fn byte_ranges(bytes: &[u8]) -> String {
    let show = |byte: u8| match byte {
        b' ' => "␣".to_owned(),
        _ => std::ascii::escape_default(byte).to_string(),
    };
    let runs = bytes.chunk_by(|a, b| b - a == 1);
    let runs = runs.filter_map(|run| match (run.first()?, run.last()?) {
        (first, last) if last - first < 2 => Some(
            run.iter()
                .map(|&byte| show(byte))
                .collect::<Vec<_>>()
                .join(" "),
        ),
        (first, last) => Some(format!("{}–{}", show(*first), show(*last))),
    });
    runs.collect::<Vec<_>>().join(" ")
}

/// Numbers of tokens as ranges, not all of them if there are many.
fn tokens(ranges: &[(u32, u32)]) -> String {
    const MAX_SHOWN: usize = 8;
    let mut text = String::from("<[");
    for (at, (first, last)) in ranges.iter().take(MAX_SHOWN).enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let _ = match first == last {
            true => write!(text, "{comma}{first}"),
            false => write!(text, "{comma}{first}-{last}"),
        };
    }
    if ranges.len() > MAX_SHOWN {
        text.push_str(",…");
    }
    text + "]>"
}

/// A text inside quotes of the notation.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ByteDfa, Expansion, TokenSet};

    /// `s: "(" s ")" | [ab]+ <[3,5]>`, dots by hand.
    struct Small(Arc<dyn Terminal>, Arc<dyn Terminal>, Arc<dyn Terminal>);

    impl Language for Small {
        fn start(&self) -> Dot {
            0
        }

        fn expand(&mut self, dot: Dot) -> Expansion {
            let terminal =
                |terminal: &Arc<dyn Terminal>| vec![Edge::Terminal(Arc::clone(terminal))];
            let edges = match dot {
                0 => [terminal(&self.0), terminal(&self.2)].concat(),
                1 => vec![Edge::Call { callee: 0, ret: 2 }],
                2 => terminal(&self.1),
                3 => vec![Edge::Token(TokenSet::new([3, 5]))],
                _ => Vec::new(),
            };
            Expansion {
                is_final: dot == 4,
                returns: false,
                edges,
            }
        }

        fn follow(&mut self, dot: Dot, edge: u32, _: Label, _: Option<&[u8]>) -> Dot {
            match (dot, edge) {
                (0, 0) => 1,
                (0, _) => 3,
                _ => 4,
            }
        }

        fn name(&self, dot: Dot) -> Option<String> {
            (dot == 0).then(|| "\"s\"".to_owned())
        }

        fn min_bytes(&mut self, _: Dot) -> u32 {
            0
        }

        fn heap_bytes(&self) -> usize {
            0
        }
    }

    fn small() -> Small {
        let word = |word: &[u8]| Arc::new(ByteDfa::from_words([(word, 0)]));
        let mut builder = crate::ByteDfaBuilder::default();
        let (first, more) = (builder.state(), builder.state());
        for from in [first, more] {
            builder.edge(from, b'a', more);
            builder.edge(from, b'b', more);
        }
        builder.label(more, 0);
        Small(word(b"("), word(b")"), Arc::new(builder.build(first)))
    }

    #[test]
    fn everything_is_drawn() {
        let drawn = draw(&mut small(), &DrawLimits::default());
        for line in [
            r#"d0 [shape=circle, label="0\n\"s\""];"#,
            r#"d0 -> d1 [label="'('"];"#,
            r#"d1 -> d2 [style=dashed, label="call \"s\""];"#,
            r#"d0 -> d3 [label="T0"];"#,
            r#"d3 -> d4 [label="<[3,5]>"];"#,
            r#"d4 [shape=doublecircle, label="4"];"#,
            r#"t0_0 -> t0_1 [label="a b"];"#,
            r#"t0_1 -> t0_1 [label="a b"];"#,
        ] {
            assert!(drawn.contains(line), "{line} in {drawn}");
        }
        assert_eq!(drawn.matches('{').count(), drawn.matches('}').count());
    }

    #[test]
    fn limits_cut_and_say_so() {
        let limits = DrawLimits {
            max_dots: 2,
            max_states: 0,
        };
        let drawn = draw(&mut small(), &limits);
        assert!(drawn.contains("style=dashed];"), "{drawn}");
        assert!(drawn.contains("more than 0 states"), "{drawn}");
    }
}
