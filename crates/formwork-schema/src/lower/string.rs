//! Keywords about strings.

use std::sync::Arc;

use formwork_automata::{Limits, regex};

use crate::error::Refusal;
use crate::format;
use crate::json::Json;
use crate::node::{Gap, Literal, NodeId, TRUE, TypeSet};
use crate::resolve::Place;

use super::{Lowering, range};

impl<'a> Lowering<'a> {
    pub(super) fn string_keyword(
        &mut self,
        place: &Place<'a>,
        keyword: &str,
        value: &'a Json,
    ) -> NodeId {
        match (keyword, value.as_str()) {
            ("minLength" | "maxLength", _) => match self.count(place, keyword, value) {
                None => TRUE,
                Some(n) => {
                    let (min, max) = range(keyword, n);
                    self.nodes.literal(Literal::Length { min, max })
                }
            },
            ("pattern", Some(pattern)) => match self.pattern(place, keyword, pattern) {
                Ok(lang) => self.nodes.literal(Literal::Matches { lang, holds: true }),
                Err(refused) => refused,
            },
            ("format", Some(name)) => self.format(place, name),
            _ => self.invalid(place, keyword, "must be a string"),
        }
    }

    pub(super) fn automata_limits(&self) -> Limits {
        Limits {
            max_states: self.limits.max_states,
            fuel: self.limits.fuel.clone(),
            ..Limits::default()
        }
    }

    /// The strings a pattern matches; a refusing formula for patterns outside
    /// regular languages.
    pub(super) fn pattern(
        &mut self,
        place: &Place<'a>,
        keyword: &str,
        pattern: &str,
    ) -> Result<u32, NodeId> {
        let limits = self.automata_limits();
        if limits.fuel.spent().is_some() {
            return Err(TRUE); // of no use any more
        }
        let key = format!("/{pattern}");
        let memo = self.cache.memo();
        let compiled = self.nodes.add_language(&key, || {
            memo.pattern(pattern, &limits).map(|dfa| (dfa, None))
        });
        compiled.map_err(|error| {
            if matches!(error.kind(), regex::RegexErrorKind::Syntax(_)) {
                self.invalid(place, keyword, &error.to_string())
            } else {
                let types = if keyword == "pattern" {
                    TypeSet::STRING
                } else {
                    TypeSet::OBJECT
                };
                self.unsupported(place, types, keyword, &error.to_string())
            }
        })
    }

    /// Standard formats are asserted in every draft; other names are
    /// annotations.
    fn format(&mut self, place: &Place<'a>, name: &str) -> NodeId {
        let limits = self.automata_limits();
        let draft = self.registry.draft(place);
        let key = format!(":{name}:{}", format::varies(name, draft));
        let Some(compiled) = self.cache.format(name, draft, &limits) else {
            if let Some(trace) = &mut self.trace {
                trace.annotation(place, "format", "names none that is standard");
            }
            return TRUE;
        };
        let added = compiled.and_then(|language| {
            let left_out = |what: &str| Refusal {
                pointer: place.pointer.clone(),
                keyword: "format".into(),
                reason: format!("`{name}` leaves out {what}"),
            };
            let gap = language.gap.as_ref().map(|gap| Gap {
                outer: Arc::clone(&gap.outer),
                left_out: left_out(gap.what),
            });
            self.nodes
                .add_language(&key, || Ok((Arc::clone(&language.dfa), gap)))
        });
        match added {
            Ok(lang) => self.nodes.literal(Literal::Matches { lang, holds: true }),
            Err(error) => self.unsupported(place, TypeSet::STRING, "format", &error.to_string()),
        }
    }

    /// Strings in the encoding of RFC 4648, section 4.
    pub(super) fn base64(&mut self, place: &Place<'a>) -> NodeId {
        // Unused bits of the last character are zero (section 3.5).
        let any = "[A-Za-z0-9+/]";
        let pattern = format!("(?:{any}{{4}})*(?:{any}[AQgw]==|{any}{{2}}[AEIMQUYcgkosw048]=)?");
        let limits = self.automata_limits();
        let compile = || regex::compile_whole(&pattern, &limits).map(|dfa| (Arc::new(dfa), None));
        match self.nodes.add_language("=base64", compile) {
            Ok(lang) => self.nodes.literal(Literal::Matches { lang, holds: true }),
            Err(error) => {
                let reason = error.to_string();
                self.unsupported(place, TypeSet::STRING, "contentEncoding", &reason)
            }
        }
    }
}
