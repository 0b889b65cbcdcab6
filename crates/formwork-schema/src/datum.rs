//! JSON values by identity: equal values get equal numbers, whatever their
//! spelling and the order of their members.

use std::sync::Arc;

use formwork_grammar::json_text::decode;
use rustc_hash::FxHashMap;

use crate::captured::Known;
use crate::decimal::Decimal;

/// A value of [`Data`].
pub(crate) type DatumId = u32;

/// A value that equals no other: one that was read, but not looked at.
pub(crate) const UNSEEN: DatumId = u32::MAX;

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Datum {
    Null,
    Bool(bool),
    Number(Decimal),
    String(Box<str>),
    Array(Box<[DatumId]>),
    /// Members sorted by name.
    Object(Box<[(Box<str>, DatumId)]>),
}

/// Values met so far.
#[derive(Default)]
pub(crate) struct Data {
    all: Vec<Datum>,
    ids: FxHashMap<Datum, DatumId>,
    /// The strings and names in them.
    pub(crate) known: Arc<Known>,
}

impl Data {
    pub(crate) fn get(&self, id: DatumId) -> Option<&Datum> {
        self.all.get(id as usize)
    }

    pub(crate) fn intern(&mut self, datum: Datum) -> DatumId {
        if let Some(&id) = self.ids.get(&datum) {
            return id;
        }
        match &datum {
            Datum::String(text) => self.known.add(text),
            Datum::Object(members) => members.iter().for_each(|(name, _)| self.known.add(name)),
            _ => {}
        }
        let id = self.all.len() as DatumId;
        self.all.push(datum.clone());
        self.ids.insert(datum, id);
        id
    }

    /// The scalar written in `text`.
    pub(crate) fn scalar(&mut self, text: &[u8]) -> DatumId {
        let text = std::str::from_utf8(text).unwrap_or_default().trim_ascii();
        let datum = match text {
            "null" => Datum::Null,
            "true" => Datum::Bool(true),
            "false" => Datum::Bool(false),
            _ if text.starts_with('"') => match decode(text.as_bytes()) {
                Some(text) => Datum::String(text.into()),
                None => return UNSEEN,
            },
            _ => match Decimal::parse(text) {
                Some(number) => Datum::Number(number),
                None => return UNSEEN,
            },
        };
        self.intern(datum)
    }

    /// An array or object of known parts; unseen if a part is.
    pub(crate) fn compound(&mut self, array: bool, parts: &[(Box<str>, DatumId)]) -> DatumId {
        if parts.iter().any(|&(_, datum)| datum == UNSEEN) {
            return UNSEEN;
        }
        self.intern(if array {
            Datum::Array(parts.iter().map(|&(_, datum)| datum).collect())
        } else {
            let mut members = parts.to_vec();
            members.sort_unstable();
            Datum::Object(members.into())
        })
    }

    /// The number of parts of an array or object.
    pub(crate) fn len(&self, id: DatumId) -> Option<usize> {
        match self.get(id)? {
            Datum::Array(items) => Some(items.len()),
            Datum::Object(members) => Some(members.len()),
            _ => None,
        }
    }

    /// The member `name` of an object.
    pub(crate) fn member(&self, id: DatumId, name: &str) -> Option<DatumId> {
        match self.get(id)? {
            Datum::Object(members) => {
                let at = members.binary_search_by(|(known, _)| (**known).cmp(name));
                members.get(at.ok()?).map(|&(_, datum)| datum)
            }
            _ => None,
        }
    }

    /// Item `at` of an array.
    pub(crate) fn item(&self, id: DatumId, at: usize) -> Option<DatumId> {
        match self.get(id)? {
            Datum::Array(items) => items.get(at).copied(),
            _ => None,
        }
    }
}
