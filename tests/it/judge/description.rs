//! A provider's OpenAPI description as published: reading it, following its references, finding an operation in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::swagger;

/// References to references that are followed before a description is taken to be circular.
const LONGEST_CHAIN: usize = 16;

/// One OpenAPI 3.0 document; an older one in the shape of a 3.0 one.
pub struct Description {
    document: Value,
}

/// Why a description has no operation for a call.
#[derive(Debug, PartialEq, Eq)]
pub enum NoOperation {
    /// No path of the description fits.
    Path,
    /// The path is described, but not with this method.
    Method,
}

impl Description {
    /// Reads every description in `<folder>/<provider>`, in order of names, where the folder is `LINKSPAN_PROVIDER_SPECS` or
    /// else the published descriptions beside the repository. Files that are no description are passed over; one that cannot
    /// be read or parsed is a failure.
    pub fn load_all(provider: &str) -> Vec<Self> {
        let folder = std::env::var_os("LINKSPAN_PROVIDER_SPECS")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/provider-specs"), PathBuf::from);
        let Ok(entries) = std::fs::read_dir(folder.join(provider)) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        files.iter().filter_map(|path| Self::load(path)).collect()
    }

    fn load(path: &Path) -> Option<Self> {
        let extension = path.extension().and_then(OsStr::to_str)?;
        if !["json", "yml", "yaml"].contains(&extension) {
            return None;
        }
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let description = Self::parse(extension, &text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        description.document.get("paths").is_some().then_some(description)
    }

    /// Reads the text of a file whose name ends with `json`, or is YAML.
    pub fn parse(file: &str, text: &str) -> Result<Self, String> {
        let document = if file.ends_with("json") {
            serde_json::from_str(text).map_err(|error| error.to_string())
        } else {
            // YAML 1.2: `NO` is a country, not a boolean.
            let options = serde_saphyr::options! { strict_booleans: true };
            serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())
        };
        document.map(Self::new)
    }

    /// A description that is already in memory.
    pub fn new(document: Value) -> Self {
        Self { document: swagger::modern(document) }
    }

    /// Puts a value at a key of the object at a JSON pointer, or takes the key away. The object must be there.
    pub fn amend(&mut self, at: &str, key: &str, value: Option<Value>) {
        let object = self.document.pointer_mut(at).and_then(Value::as_object_mut);
        let object = object.unwrap_or_else(|| panic!("nothing to amend at {at}"));
        match value {
            Some(value) => object.insert(key.to_owned(), value),
            None => object.remove(key),
        };
    }

    /// What a local reference (`#/components/schemas/Item`) points to.
    pub fn at(&self, reference: &str) -> &Value {
        reference
            .strip_prefix('#')
            .and_then(|pointer| self.document.pointer(pointer))
            .unwrap_or_else(|| panic!("the description has nothing at {reference}"))
    }

    /// The value itself, or what it refers to if it is a reference.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let mut value = value;
        for _ in 0..LONGEST_CHAIN {
            match value.get("$ref").and_then(Value::as_str) {
                Some(reference) => value = self.at(reference),
                None => return value,
            }
        }
        panic!("a reference that leads nowhere: {value}")
    }

    /// The operation that serves a call, and its path as described (`/things/{id}`).
    pub fn operation(&self, method: &str, path: &str) -> Result<(&str, &Value), NoOperation> {
        let (described, methods) = self.path_item(path).ok_or(NoOperation::Path)?;
        let operation = methods.get(method.to_ascii_lowercase());
        let operation = operation.ok_or(NoOperation::Method)?;
        Ok((described, operation))
    }

    /// A path as described with its methods, by the path as called; a parameter (`{id}`) stands for one segment, a query is
    /// ignored, and a path without parameters goes first.
    pub fn path_item(&self, path: &str) -> Option<(&str, &Value)> {
        let path = path.split('?').next().unwrap_or(path);
        let paths = self.document.get("paths")?.as_object()?;
        let find = |path: &str| {
            let found = paths.get_key_value(path);
            found.or_else(|| paths.iter().find(|(described, _)| fits(described, path)))
        };
        let found = find(path).or_else(|| self.bases().find_map(|base| find(path.strip_prefix(base.as_str())?)));
        found.map(|(described, methods)| (described.as_str(), methods))
    }

    /// The paths of the servers' addresses, which a call's path may begin with.
    fn bases(&self) -> impl Iterator<Item = String> {
        let servers = self.document.get("servers").and_then(Value::as_array).into_iter().flatten();
        servers.filter_map(|server| {
            let url = server.get("url")?.as_str()?;
            let path = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
            let path = path.trim_end_matches('/');
            (!path.is_empty()).then(|| path.to_owned())
        })
    }

    /// A component schema by its name.
    pub fn component(&self, name: &str) -> Option<&Value> {
        self.document.get("components")?.get("schemas")?.get(name)
    }
}

/// Whether a described path like `/users/{id}/tags` covers a called one like `/users/7/tags`.
fn fits(described: &str, called: &str) -> bool {
    let (mut described, mut called) = (described.split('/'), called.split('/'));
    loop {
        match (described.next(), called.next()) {
            (None, None) => return true,
            (Some(described), Some(called))
                if described == called || (described.starts_with('{') && !called.is_empty()) => {}
            _ => return false,
        }
    }
}
