//! References: which schema a `$ref` means.
//!
//! A document is a set of *resources*, each with a URI and its anchors
//! (2020-12, core, section 8). All of them are found in one pass; nothing is
//! ever fetched.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::draft::Draft;
use crate::json::Json;
use crate::metaschema::Metaschemas;

/// Where a schema stands.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) json: &'a Json,
    /// JSON Pointer from the root of the document.
    pub(crate) pointer: String,
    pub(crate) resource: usize,
    pub(crate) scope: ScopeId,
}

/// A dynamic scope: the resources entered on the way, each once, as an index
/// into [`Registry::scopes`].
pub(crate) type ScopeId = u32;

impl<'a> Place<'a> {
    /// The place of a value inside this one.
    pub(crate) fn child(&self, json: &'a Json, tokens: &[&str]) -> Place<'a> {
        let more: usize = tokens.iter().map(|token| token.len() + 1).sum();
        let mut pointer = String::with_capacity(self.pointer.len() + more);
        pointer.push_str(&self.pointer);
        for token in tokens {
            pointer.push('/');
            if token.contains(['~', '/']) {
                pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
            } else {
                pointer.push_str(token);
            }
        }
        Place {
            json,
            pointer,
            resource: self.resource,
            scope: self.scope,
        }
    }
}

#[derive(Debug)]
struct Resource<'a> {
    uri: String,
    root: &'a Json,
    pointer: String,
    draft: Draft,
    /// Its `$schema`, or that of the resource around it.
    dialect: Option<&'a str>,
}

/// All resources and anchors of a document.
pub(crate) struct Registry<'a> {
    resources: Vec<Resource<'a>>,
    by_uri: FxHashMap<String, usize>,
    anchors: FxHashMap<(usize, String), (&'a Json, String)>,
    /// The anchors among them that `$dynamicRef` looks for.
    dynamic_anchors: FxHashSet<(usize, String)>,
    /// Resources whose root has `$recursiveAnchor`.
    recursive_anchors: FxHashSet<usize>,
    scopes: Vec<Vec<usize>>,
    /// The resource of every schema found, by the address of its JSON.
    owner: FxHashMap<usize, usize>,
    metaschemas: &'a Metaschemas,
}

/// Keywords whose value is a schema, a list of schemas, or an object of them.
const SCHEMA: &[&str] = &[
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const SCHEMA_LIST: &[&str] = &["allOf", "anyOf", "items", "oneOf", "prefixItems"];
const SCHEMA_MAP: &[&str] = &[
    "$defs",
    "definitions",
    "dependencies",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

pub(crate) fn address(json: &Json) -> usize {
    std::ptr::from_ref(json) as usize
}

impl<'a> Registry<'a> {
    /// Reads a document, and others that it may refer to by their URIs.
    pub(crate) fn new(
        root: &'a Json,
        documents: &'a [(String, Json)],
        metaschemas: &'a Metaschemas,
    ) -> Registry<'a> {
        let mut registry = Registry {
            resources: Vec::new(),
            by_uri: FxHashMap::default(),
            anchors: FxHashMap::default(),
            dynamic_anchors: FxHashSet::default(),
            recursive_anchors: FxHashSet::default(),
            scopes: vec![Vec::new()],
            owner: FxHashMap::default(),
            metaschemas,
        };
        registry.add_document(String::new(), root);
        for (uri, json) in documents {
            registry.add_document(uri.clone(), json);
        }
        registry
    }

    /// Whether the keywords of validation count where a schema stands. They do
    /// not if its metaschema is a document of the caller and leaves their
    /// vocabulary out.
    pub(crate) fn validates(&self, place: &Place<'_>) -> bool {
        let resource = self.resources.get(place.resource);
        let Some(dialect) = resource.and_then(|resource| resource.dialect) else {
            return true;
        };
        let metaschema = self.by_uri.get(dialect.trim_end_matches('#'));
        let vocabulary = metaschema
            .and_then(|&at| self.resources.get(at)?.root.get("$vocabulary"))
            .and_then(Json::members);
        vocabulary.is_none_or(|known| {
            known
                .iter()
                .any(|(uri, _)| uri.ends_with("/vocab/validation"))
        })
    }

    /// Adds a document, in the dialect of the first one if it names none.
    fn add_document(&mut self, uri: String, json: &'a Json) {
        let first = self.resources.first();
        let draft = first.map_or(Draft::V2020, |root| root.draft);
        let dialect = first.and_then(|root| root.dialect);
        let resource = self.add_resource(Resource {
            uri,
            root: json,
            pointer: String::new(),
            draft: declared_draft(json).unwrap_or(draft),
            dialect: declared(json).or(dialect),
        });
        self.scan(&Place {
            json,
            pointer: String::new(),
            resource,
            scope: 0,
        });
    }

    pub(crate) fn root(&self) -> Option<Place<'a>> {
        self.resources.first().map(|resource| Place {
            json: resource.root,
            pointer: String::new(),
            resource: self.owner_of(resource.root, 0),
            scope: 0,
        })
    }

    pub(crate) fn draft(&self, place: &Place<'_>) -> Draft {
        self.resources
            .get(place.resource)
            .map_or(Draft::V2020, |resource| resource.draft)
    }

    /// The resource a schema belongs to, given that of the schema around it.
    pub(crate) fn owner_of(&self, json: &Json, around: usize) -> usize {
        self.owner.get(&address(json)).copied().unwrap_or(around)
    }

    fn add_resource(&mut self, resource: Resource<'a>) -> usize {
        let id = self.resources.len();
        self.by_uri.entry(resource.uri.clone()).or_insert(id);
        self.resources.push(resource);
        id
    }

    /// Finds the resources and anchors in a schema and its subschemas. The
    /// depth is that of the document, which the reader has bounded.
    fn scan(&mut self, place: &Place<'a>) {
        let Some(members) = place.json.members() else {
            return;
        };
        if self.owner.contains_key(&address(place.json)) {
            return;
        }
        let mut place = place.clone();
        let mut draft = self.draft(&place);
        if place.pointer.is_empty() || place.json.get(draft.id_keyword()).is_some() {
            draft = declared_draft(place.json).unwrap_or(draft);
        }
        let hidden = draft.ref_hides_siblings() && place.json.get("$ref").is_some();
        let id = place.json.get(draft.id_keyword()).and_then(Json::as_str);
        if let (Some(id), false) = (id, hidden) {
            let (uri, fragment) = id.split_once('#').unwrap_or((id, ""));
            if !uri.is_empty() {
                let around = self.resources.get(place.resource);
                place.resource = self.add_resource(Resource {
                    uri: join(around.map_or("", |r| &r.uri), uri),
                    root: place.json,
                    pointer: place.pointer.clone(),
                    draft,
                    dialect: declared(place.json).or(around.and_then(|r| r.dialect)),
                });
            }
            if !fragment.is_empty() {
                self.add_anchor(&place, fragment);
            }
        }
        for keyword in ["$anchor", "$dynamicAnchor"] {
            if let Some(anchor) = place.json.get(keyword).and_then(Json::as_str)
                && draft >= Draft::V2019
            {
                self.add_anchor(&place, anchor);
                if keyword == "$dynamicAnchor" {
                    let key = (place.resource, anchor.to_owned());
                    self.dynamic_anchors.insert(key);
                }
            }
        }
        if place.json.get("$recursiveAnchor") == Some(&Json::Bool(true)) {
            self.recursive_anchors.insert(place.resource);
        }
        self.owner.insert(address(place.json), place.resource);
        for (keyword, value) in members {
            let keyword = &**keyword;
            if SCHEMA.contains(&keyword) {
                self.scan(&place.child(value, &[keyword]));
            }
            if SCHEMA_LIST.contains(&keyword) {
                for (at, item) in value.items().unwrap_or_default().iter().enumerate() {
                    self.scan(&place.child(item, &[keyword, &at.to_string()]));
                }
            }
            if SCHEMA_MAP.contains(&keyword) {
                for (name, item) in value.members().unwrap_or_default() {
                    self.scan(&place.child(item, &[keyword, name]));
                }
            }
        }
    }

    fn add_anchor(&mut self, place: &Place<'a>, anchor: &str) {
        self.anchors
            .entry((place.resource, anchor.to_owned()))
            .or_insert((place.json, place.pointer.clone()));
    }

    /// The resource of a URI; a metaschema is read when it is first asked for.
    fn resource(&mut self, uri: &str) -> Option<usize> {
        if !self.by_uri.contains_key(uri) {
            let json = self.metaschemas.get(uri)?;
            self.add_document(uri.to_owned(), json);
        }
        let &found = self.by_uri.get(uri)?;
        // A document that carries its own URI is two resources; the inner one
        // has the anchors.
        let root = self.resources.get(found)?.root;
        Some(self.owner_of(root, found))
    }

    /// The schema that `reference` means where `from` stands.
    pub(crate) fn resolve(
        &mut self,
        from: &Place<'a>,
        reference: &str,
    ) -> Result<Place<'a>, String> {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let resource = if uri.is_empty() {
            from.resource
        } else {
            let base = self.resources.get(from.resource).map_or("", |r| &r.uri);
            let uri = join(base, uri);
            match self.resource(&uri) {
                Some(resource) => resource,
                None => {
                    return Err(format!(
                        "`{uri}` is no part of this document, and documents are never fetched; \
                         copy it into `$defs`"
                    ));
                }
            }
        };
        let Some(Resource { root, pointer, .. }) = self.resources.get(resource) else {
            return Err("unknown resource".into());
        };
        let start = Place {
            json: root,
            pointer: pointer.clone(),
            resource,
            scope: from.scope,
        };
        let fragment = percent_decode(fragment)
            .ok_or_else(|| format!("`{fragment}` is not valid percent-encoding"))?;
        if fragment.is_empty() {
            return Ok(start);
        }
        if !fragment.starts_with('/') {
            return match self.anchors.get(&(resource, fragment.clone())) {
                Some((json, pointer)) => Ok(Place {
                    json,
                    pointer: pointer.clone(),
                    resource: self.owner_of(json, resource),
                    scope: from.scope,
                }),
                None => Err(format!("there is no anchor `{fragment}`")),
            };
        }
        let mut place = start;
        for token in fragment.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let next = match place.json {
                Json::Array(items) => token.parse::<usize>().ok().and_then(|at| items.get(at)),
                json => json.get(&token),
            };
            let Some(json) = next else {
                return Err(format!("nothing stands at `#{fragment}`"));
            };
            place = place.child(json, &[&token]);
            place.resource = self.owner_of(json, place.resource);
        }
        self.scan(&place);
        place.resource = self.owner_of(place.json, place.resource);
        Ok(place)
    }
}

impl<'a> Registry<'a> {
    /// The scope after entering a resource. Only kept where it can matter.
    pub(crate) fn enter(&mut self, scope: ScopeId, resource: usize) -> ScopeId {
        let dynamic = !self.dynamic_anchors.is_empty() || !self.recursive_anchors.is_empty();
        let Some(known) = self.scopes.get(scope as usize) else {
            return scope;
        };
        if !dynamic || known.contains(&resource) {
            return scope;
        }
        let mut longer = known.clone();
        longer.push(resource);
        match self.scopes.iter().position(|scope| *scope == longer) {
            Some(at) => at as ScopeId,
            None => {
                self.scopes.push(longer);
                (self.scopes.len() - 1) as ScopeId
            }
        }
    }

    /// `$dynamicRef`: like `$ref`, but if it leads to a `$dynamicAnchor` the
    /// outermost resource with one of that name is meant (2020-12, core,
    /// section 8.2.3.2).
    pub(crate) fn resolve_dynamic(
        &mut self,
        from: &Place<'a>,
        reference: &str,
    ) -> Result<Place<'a>, String> {
        let place = self.resolve(from, reference)?;
        let name = reference
            .split_once('#')
            .map_or("", |(_, fragment)| fragment);
        let is_dynamic =
            |resource: usize| self.dynamic_anchors.contains(&(resource, name.to_owned()));
        if !is_dynamic(place.resource) {
            return Ok(place);
        }
        let scope = self.scopes.get(from.scope as usize);
        let outermost = scope.and_then(|scope| scope.iter().copied().find(|&r| is_dynamic(r)));
        let anchor = (outermost.unwrap_or(place.resource), name.to_owned());
        match self.anchors.get(&anchor) {
            Some((json, pointer)) => Ok(Place {
                json,
                pointer: pointer.clone(),
                resource: anchor.0,
                scope: from.scope,
            }),
            None => Ok(place),
        }
    }

    /// `$recursiveRef`: like `$ref` to `#`, but if that has `$recursiveAnchor`
    /// the outermost resource with one is meant (2019-09, core, section
    /// 8.2.4.2).
    pub(crate) fn resolve_recursive(
        &mut self,
        from: &Place<'a>,
        reference: &str,
    ) -> Result<Place<'a>, String> {
        let place = self.resolve(from, reference)?;
        if !self.recursive_anchors.contains(&place.resource) {
            return Ok(place);
        }
        let recursive = |r: &usize| self.recursive_anchors.contains(r);
        let scope = self.scopes.get(from.scope as usize);
        let outermost = scope.and_then(|scope| scope.iter().copied().find(recursive));
        match outermost.and_then(|resource| Some((resource, self.resources.get(resource)?))) {
            Some((resource, found)) => Ok(Place {
                json: found.root,
                pointer: found.pointer.clone(),
                resource,
                scope: from.scope,
            }),
            None => Ok(place),
        }
    }
}

fn declared(json: &Json) -> Option<&str> {
    json.get("$schema").and_then(Json::as_str)
}

fn declared_draft(json: &Json) -> Option<Draft> {
    declared(json).map(Draft::from_uri)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                (high << 4 | low) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Resolves a relative reference (RFC 3986, section 5.2), without fragments.
fn join(base: &str, reference: &str) -> String {
    if has_scheme(reference) || base.is_empty() {
        return reference.to_owned();
    }
    let after_scheme = base
        .find(':')
        .filter(|_| has_scheme(base))
        .map_or(0, |i| i + 1);
    let authority_end = match base.get(after_scheme..) {
        Some(rest) if rest.starts_with("//") => rest
            .get(2..)
            .and_then(|r| r.find(['/', '?']))
            .map_or(base.len(), |i| after_scheme + 2 + i),
        _ => after_scheme,
    };
    let (head, path) = base.split_at(authority_end);
    let path = path.split('?').next().unwrap_or(path);
    if let Some(rest) = reference.strip_prefix("//") {
        return format!("{}//{rest}", &base[..after_scheme]);
    }
    if reference.starts_with('/') {
        return format!("{head}{}", remove_dots(reference));
    }
    if reference.starts_with('?') {
        return format!("{head}{path}{reference}");
    }
    let directory = path.rfind('/').map_or("", |i| &path[..=i]);
    let directory = if directory.is_empty() && head.contains("//") {
        "/"
    } else {
        directory
    };
    format!("{head}{}", remove_dots(&format!("{directory}{reference}")))
}

fn has_scheme(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

fn remove_dots(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    let parts: Vec<&str> = path.split('/').skip(usize::from(absolute)).collect();
    for (at, part) in parts.iter().enumerate() {
        let last = at + 1 == parts.len();
        match *part {
            "." if last => kept.push(""),
            "." => {}
            ".." => {
                kept.pop();
                if last {
                    kept.push("");
                }
            }
            part => kept.push(part),
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_join_as_in_the_rfc() {
        let base = "http://a/b/c/d?q";
        for (reference, want) in [
            ("g", "http://a/b/c/g"),
            ("./g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d?y"),
            ("..", "http://a/b/"),
            ("../../g", "http://a/g"),
            ("g:h", "g:h"),
        ] {
            assert_eq!(join(base, reference), want);
        }
        assert_eq!(join("http://a", "b.json"), "http://a/b.json");
        assert_eq!(join("root.json", "b.json"), "b.json");
    }

    #[test]
    fn resources_and_anchors_are_found() {
        let text = r##"{"$id":"http://x/root.json","$defs":{
            "a":{"$id":"a.json","$defs":{"n":{"$anchor":"here"}}},
            "b%":{"type":"null"}},"other":{"deep":[{"type":"string"}]}}"##;
        let json = crate::json::parse(text, 32).expect("json");
        let metaschemas = Metaschemas::new();
        let mut registry = Registry::new(&json, &[], &metaschemas);
        let root = registry.root().expect("root");
        for (reference, pointer) in [
            ("#", ""),
            ("a.json", "/$defs/a"),
            ("http://x/a.json#here", "/$defs/a/$defs/n"),
            ("a.json#/$defs/n", "/$defs/a/$defs/n"),
            ("#/$defs/b%25", "/$defs/b%"),
            ("#/other/deep/0", "/other/deep/0"),
        ] {
            let place = registry.resolve(&root, reference).expect(reference);
            assert_eq!(place.pointer, pointer, "{reference}");
        }
        for bad in ["#here", "b.json", "#/nothing", "#/%zz"] {
            assert!(registry.resolve(&root, bad).is_err(), "{bad}");
        }
    }
}
