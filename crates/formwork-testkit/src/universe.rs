//! Random values that satisfy a schema, or nearly.

use serde_json::{Map, Value, json};

use crate::pools::{FORMATS, NAMES, NUMBERS, PATTERNS, STRINGS, number};
use crate::rng::Rng;

/// `n` values or so, different ones, for a schema: some made to satisfy it, some
/// changed in one place, some arbitrary.
pub fn universe(schema: &Value, n: usize, rng: &mut Rng) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for at in 0..2 * n {
        if values.len() >= n {
            break;
        }
        let value = match at % 4 {
            0 | 1 => Sampler::new(schema, rng).value(),
            2 => {
                let value = Sampler::new(schema, rng).value();
                mutate(value, rng)
            }
            _ if rng.chance(50) && !values.is_empty() => {
                let value = rng.pick(&values).clone();
                mutate(value, rng)
            }
            _ => arbitrary(2, rng),
        };
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// Any value of some depth.
pub fn arbitrary(depth: u32, rng: &mut Rng) -> Value {
    match rng.below(if depth == 0 { 4 } else { 6 }) {
        0 => Value::Null,
        1 => Value::Bool(rng.chance(50)),
        2 => any_number(rng),
        3 => json!(rng.pick(STRINGS)),
        4 => (0..rng.below(3))
            .map(|_| arbitrary(depth - 1, rng))
            .collect(),
        _ => (0..rng.below(4))
            .map(|_| ((*rng.pick(NAMES)).to_owned(), arbitrary(depth - 1, rng)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

fn any_number(rng: &mut Rng) -> Value {
    let text = rng.pick(NUMBERS);
    number(text)
}

/// Changes a value in one place.
pub fn mutate(value: Value, rng: &mut Rng) -> Value {
    match value {
        Value::Array(mut items) if !items.is_empty() && rng.chance(85) => {
            let at = rng.below(items.len());
            match rng.below(4) {
                0 => {
                    items.remove(at);
                }
                1 => items.push(arbitrary(1, rng)),
                2 => items.push(items[at].clone()),
                _ => items[at] = mutate(items[at].take(), rng),
            }
            Value::Array(items)
        }
        Value::Object(mut members) if rng.chance(85) => {
            let names: Vec<String> = members.keys().cloned().collect();
            let name = match names.is_empty() || rng.chance(25) {
                true => (*rng.pick(NAMES)).to_owned(),
                false => rng.pick(&names).clone(),
            };
            match (rng.below(3), members.get_mut(&name)) {
                (0, Some(_)) => {
                    members.shift_remove(&name);
                }
                (_, Some(inner)) => *inner = mutate(inner.take(), rng),
                (_, None) => {
                    members.insert(name, arbitrary(1, rng));
                }
            }
            Value::Object(members)
        }
        Value::String(text) if rng.chance(70) => {
            let mut chars: Vec<char> = text.chars().collect();
            let at = rng.below(chars.len());
            match rng.below(3) {
                0 if !chars.is_empty() => {
                    chars.remove(at);
                }
                1 => chars.insert(at, *rng.pick(&['a', 'é', '"', '0', '\n'])),
                _ => chars.push(*rng.pick(&['b', '😀', ' '])),
            }
            json!(chars.into_iter().collect::<String>())
        }
        Value::Number(n) if rng.chance(70) => {
            let text = n.to_string();
            // Longer fractions the judge rounds.
            let plain = text.len() < 15 && text.bytes().all(|b| b"0123456789.-".contains(&b));
            match rng.below(3) {
                0 if plain && text.contains('.') => number(&format!("{text}1")),
                1 if !text.starts_with('-') => number(&format!("-{text}")),
                2 if plain && !text.contains('.') => number(&format!("{text}.5")),
                _ => any_number(rng),
            }
        }
        _ => arbitrary(1, rng),
    }
}

/// References followed in one place, so that cycles end.
const MAX_FOLLOWED: u32 = 6;
/// Levels of a value: with everything, then with what has to be there only.
const MAX_DEPTH: u32 = 4;
const MAX_BARE: u32 = 3;

/// Makes values along a schema's keywords.
struct Sampler<'a> {
    root: &'a Value,
    rng: &'a mut Rng,
}

impl<'a> Sampler<'a> {
    fn new(root: &'a Value, rng: &'a mut Rng) -> Sampler<'a> {
        Sampler { root, rng }
    }

    fn value(&mut self) -> Value {
        self.sample(self.root, MAX_DEPTH + MAX_BARE)
    }

    /// The schemas that a value has to satisfy at once, one branch chosen of
    /// each alternative.
    fn gather(&mut self, schema: &'a Value, left: u32, parts: &mut Vec<&'a Map<String, Value>>) {
        let Value::Object(members) = schema else {
            return;
        };
        parts.push(members);
        if left == 0 {
            return;
        }
        for (name, value) in members {
            match (name.as_str(), value) {
                ("$ref", Value::String(target)) => {
                    let pointer = target.trim_start_matches('#');
                    if let Some(target) = self.root.pointer(pointer) {
                        self.gather(target, left - 1, parts);
                    }
                }
                ("allOf", Value::Array(all)) => {
                    all.iter().for_each(|one| self.gather(one, left - 1, parts));
                }
                ("anyOf" | "oneOf", Value::Array(all)) if !all.is_empty() => {
                    let one = self.rng.pick(all);
                    self.gather(one, left - 1, parts);
                }
                ("then" | "else", one) if self.rng.chance(50) => self.gather(one, left - 1, parts),
                _ => {}
            }
        }
    }

    fn sample(&mut self, schema: &'a Value, depth: u32) -> Value {
        let Some(below) = depth.checked_sub(1) else {
            return arbitrary(0, self.rng);
        };
        let mut parts = Vec::new();
        self.gather(schema, MAX_FOLLOWED, &mut parts);
        let all = |name: &str| -> Vec<&'a Value> {
            parts.iter().filter_map(|part| part.get(name)).collect()
        };
        if let Some(value) = all("const").first() {
            return (*value).clone();
        }
        if let Some(Value::Array(values)) = all("enum").first()
            && !values.is_empty()
        {
            return self.rng.pick(values).clone();
        }
        match self.kind(&all) {
            "null" => Value::Null,
            "boolean" => Value::Bool(self.rng.chance(50)),
            "number" => self.number(&all, false),
            "integer" => self.number(&all, true),
            "string" => self.string(&all),
            "array" => self.array(&all, below),
            _ => self.object(&all, below),
        }
    }

    fn kind(&mut self, all: &dyn Fn(&str) -> Vec<&'a Value>) -> &'static str {
        let kinds = [
            "null", "boolean", "object", "array", "number", "integer", "string",
        ];
        let types = all("type");
        let allowed = |kind: &str| {
            types.iter().all(|types| match types {
                Value::Array(list) => list.iter().any(|one| one == kind),
                one => *one == kind,
            })
        };
        let allowed: Vec<&'static str> = kinds.into_iter().filter(|kind| allowed(kind)).collect();
        // Without a type, the one that the keywords are about.
        let hints = [
            ("properties", "object"),
            ("required", "object"),
            ("patternProperties", "object"),
            ("items", "array"),
            ("prefixItems", "array"),
            ("minimum", "number"),
            ("maximum", "number"),
            ("multipleOf", "number"),
            ("pattern", "string"),
            ("format", "string"),
            ("minLength", "string"),
        ];
        if types.is_empty() && self.rng.chance(80) {
            for (keyword, kind) in hints {
                if !all(keyword).is_empty() {
                    return kind;
                }
            }
        }
        if allowed.is_empty() {
            return "object";
        }
        allowed[self.rng.below(allowed.len())]
    }

    fn number(&mut self, all: &dyn Fn(&str) -> Vec<&'a Value>, integer: bool) -> Value {
        let bounds = [
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ];
        let bounds: Vec<&Value> = bounds.iter().flat_map(|name| all(name)).collect();
        let bounds: Vec<&Value> = bounds.into_iter().filter(|n| n.is_number()).collect();
        let base = match bounds.is_empty() || self.rng.chance(30) {
            true => any_number(self.rng),
            false => (*self.rng.pick(&bounds)).clone(),
        };
        // Near the bound, in double arithmetic: the judge decides anyway.
        let near = base.to_string().parse::<f64>().unwrap_or(0.0);
        let step = self.rng.pick(&[0.0, 0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 0.01]);
        match integer {
            true if near.abs() < 1e9 => json!((near + step).floor() as i64),
            false if *step != 0.0 && near.abs() < 1e9 => json!(near + step),
            _ => base,
        }
    }

    fn string(&mut self, all: &dyn Fn(&str) -> Vec<&'a Value>) -> Value {
        let mut examples: Vec<&str> = Vec::new();
        for pattern in all("pattern") {
            let known = PATTERNS.iter().find(|(known, _)| pattern == known);
            examples.extend(known.map_or(&[][..], |known| known.1));
        }
        for format in all("format") {
            let known = FORMATS.iter().find(|(known, _)| format == known);
            examples.extend(known.map_or(&[][..], |known| known.1));
        }
        if examples.is_empty() || self.rng.chance(20) {
            examples = STRINGS.to_vec();
        }
        let mut text = (*self.rng.pick(&examples)).to_owned();
        if let Some(least) = all("minLength").first().and_then(|n| n.as_u64()) {
            while text.chars().count() < least as usize && self.rng.chance(90) {
                text.push(*self.rng.pick(&['a', 'b', 'é', '1']));
            }
        }
        json!(text)
    }

    fn array(&mut self, all: &dyn Fn(&str) -> Vec<&'a Value>, depth: u32) -> Value {
        let count = |name: &str| {
            all(name)
                .first()
                .and_then(|n| n.as_u64())
                .map(|n| n as usize)
        };
        let least = count("minItems").unwrap_or(0).min(4);
        let mut prefix: Vec<&'a Value> = Vec::new();
        let mut rest: Option<&'a Value> = None;
        for list in all("prefixItems").into_iter().chain(all("items")) {
            match list {
                Value::Array(list) if prefix.is_empty() => prefix = list.iter().collect(),
                Value::Array(_) => {}
                one => rest = Some(one),
            }
        }
        let rest = rest.or(all("additionalItems").first().copied());
        let most = count("maxItems").unwrap_or(4).min(4).max(least);
        let length = if depth <= MAX_BARE {
            least
        } else {
            least + self.rng.below(most - least + 1)
        };
        (0..length)
            .map(|at| match prefix.get(at).copied().or(rest) {
                Some(schema) => self.sample(schema, depth),
                None => arbitrary(depth.min(1), self.rng),
            })
            .collect()
    }

    fn object(&mut self, all: &dyn Fn(&str) -> Vec<&'a Value>, depth: u32) -> Value {
        let mut named: Vec<(&'a str, &'a Value)> = Vec::new();
        for properties in all("properties") {
            if let Value::Object(members) = properties {
                named.extend(members.iter().map(|(name, value)| (name.as_str(), value)));
            }
        }
        let mut wanted: Vec<&'a str> = Vec::new();
        for required in all("required") {
            wanted.extend(
                required
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str),
            );
        }
        for &(name, _) in &named {
            if depth > MAX_BARE && self.rng.chance(50) {
                wanted.push(name);
            }
        }
        if depth > MAX_BARE && self.rng.chance(25) {
            wanted.push(*self.rng.pick(NAMES));
        }
        let rest = all("additionalProperties").first().copied();
        let mut members = Map::new();
        for name in wanted {
            let schema = named
                .iter()
                .find(|(known, _)| *known == name)
                .map(|known| known.1);
            let value = match schema.or(rest) {
                Some(schema) => self.sample(schema, depth),
                None => arbitrary(depth.min(1), self.rng),
            };
            members.insert(name.to_owned(), value);
        }
        Value::Object(members)
    }
}
