use super::*;

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Folder {
        let unique = format!("formwork-documents-{name}-{}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(unique));
        for (path, text) in files {
            let path = folder.0.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn uris(documents: &[Document]) -> Vec<&str> {
    documents.iter().map(|(uri, _)| uri.as_str()).collect()
}

#[test]
fn documents_name_themselves_or_are_named_by_path() {
    let draft4 = r#"{"$schema":"http://json-schema.org/draft-04/schema#","id":"urn:four"}"#;
    let files = [
        ("b/relative.json", r#"{"$id":"other.json"}"#),
        ("b/c/absolute.json", r#"{"$id":"https://example.com/x#"}"#),
        ("a.json", "true"),
        ("four.json", draft4),
        ("id.json", r#"{"id":"urn:five"}"#),
        ("note.txt", "not JSON"),
    ];
    let folder = Folder::new("names", &files);
    let documents = load(&folder.0).unwrap();
    let expected = [
        "a.json",
        "https://example.com/x",
        "b/relative.json",
        "urn:four",
        "id.json",
    ];
    assert_eq!(uris(&documents), expected);
    assert_eq!(documents[3].1, draft4);

    let documents = load_at(&folder.0, "http://localhost/").unwrap();
    assert_eq!(documents[1].0, "http://localhost/b/c/absolute.json");
    assert_eq!(documents[3].0, "http://localhost/four.json");
}

#[test]
fn absolute_uris() {
    for uri in ["http://a", "urn:x", "tag:a,b:c", "file:///a/b.json"] {
        assert!(is_absolute(uri), "{uri}");
    }
    for uri in [
        "", "a.json", "/a", "//a/b", "1a:b", "a:", "a/b:c", "x:a#b", "x:a b",
    ] {
        assert!(!is_absolute(uri), "{uri}");
    }
}

#[test]
fn limits_are_errors() {
    let files = [
        ("a.json", "{}"),
        ("b/c.json", "true"),
        ("d.txt", "123456789"),
    ];
    let folder = Folder::new("limits", &files);
    let read = |files, bytes| {
        let name = |_: &Path, path, _: &str| Ok(path);
        read(&folder.0, &Limits { files, bytes }, &name)
    };
    assert_eq!(uris(&read(2, 6).unwrap()), ["a.json", "b/c.json"]);
    for (files, bytes, expected) in [(1, 6, "documents"), (2, 5, "bytes of documents")] {
        match read(files, bytes) {
            Err(BenchError::Limit { what, .. }) => assert_eq!(what, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn bad_files_are_errors() {
    let folder = Folder::new("bad", &[("a.json", "{")]);
    assert!(matches!(load(&folder.0), Err(BenchError::Layout { .. })));
    let missing = folder.0.join("missing");
    assert!(matches!(load(&missing), Err(BenchError::Io { .. })));
}
