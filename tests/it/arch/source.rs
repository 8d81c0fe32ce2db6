//! A source file, read well enough for the rules: without its tests, and with or without its comments and literals.

use std::ops::Range;
use std::path::Path;

/// One file of `src`.
pub struct Source {
    /// Below `src`, with `/`.
    pub path: String,
    /// The text without tests; what is taken out is blank, so that places stay the same.
    pub prose: String,
    /// The text without tests, comments, and string and character literals.
    pub code: String,
    lines: usize,
}

/// How long something is, and where it is.
pub struct Length {
    pub place: String,
    pub lines: usize,
}

/// All of `src/**/*.rs`, in order of path.
pub fn all() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    read_folder(&root, "", &mut sources);
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn read_folder(folder: &Path, path: &str, sources: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let below = format!("{path}{name}");
        if entry.file_type().unwrap().is_dir() {
            read_folder(&entry.path(), &format!("{below}/"), sources);
        } else if name.ends_with(".rs") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            sources.push(Source::new(&below, &text));
        }
    }
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let mut code = without_literals(text);
        let mut prose = text.to_owned();
        let mut tests = test_items(&code);
        if path.ends_with("/tests.rs") || path.contains("/tests/") || code.contains("#![cfg(test)]") {
            tests.push(0..code.len());
        }
        for range in tests {
            code = blanked(&code, range.clone());
            prose = blanked(&prose, range);
        }
        Self { path: path.to_owned(), prose, code, lines: text.lines().count() }
    }

    /// The top-level module that the file belongs to; `main` and `lib` for the two roots.
    pub fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.trim_end_matches(".rs")
    }

    /// How many `super` lead from the file's module to the crate: 1 for `net.rs` and `net/mod.rs`, 2 for `net/client.rs`.
    pub fn depth(&self) -> usize {
        self.path.trim_end_matches("/mod.rs").split('/').count()
    }

    /// Whether the file is, or lies in, a room of this name: `simulator.rs`, `simulator/pages.rs`.
    pub fn in_room(&self, name: &str) -> bool {
        let mut rooms = self.path.split('/');
        rooms.any(|room| room.trim_end_matches(".rs") == name)
    }

    /// `src/net/client.rs:12`, for a byte offset.
    pub fn place(&self, offset: usize) -> String {
        let line = self.code[..offset].matches('\n').count() + 1;
        format!("src/{}:{line}", self.path)
    }

    pub fn length(&self) -> Length {
        Length { place: format!("src/{}:1", self.path), lines: self.lines }
    }

    /// Every function with a body, from its signature to its closing brace.
    pub fn functions(&self) -> Vec<Length> {
        let starts = words(&self.code, "fn");
        let bodies = starts.filter_map(|start| Some((start, body(&self.code, start)?)));
        bodies
            .map(|(start, end)| Length {
                place: self.place(start),
                lines: self.code[start..end].matches('\n').count() + 1,
            })
            .collect()
    }
}

/// Where a word stands alone, not inside of a longer identifier.
pub fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> {
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = code[..*at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        ![before, after].into_iter().flatten().any(in_identifier)
    })
}

pub fn in_identifier(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Where the body of the function that starts here ends; `None` for a pointer type or a declaration.
fn body(code: &str, start: usize) -> Option<usize> {
    let named = code[start + 2..].trim_start().starts_with(in_identifier);
    let end = item_end(code, start);
    (named && code[..end].ends_with('}')).then_some(end)
}

/// The items that are compiled for tests only.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let plain = code.match_indices("#[cfg(test)]");
    let combined = code.match_indices("#[cfg(all(test");
    let starts = plain.chain(combined).map(|(at, _)| at);
    starts.map(|start| start..item_end(code, start)).collect()
}

/// Where an item ends: behind its closing brace, or its semicolon if that comes first.
fn item_end(code: &str, start: usize) -> usize {
    let (mut brackets, mut braces) = (0_usize, 0_usize);
    for (at, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b'{' => braces += 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 && brackets == 0 {
                    return at + 1;
                }
            }
            b';' if braces == 0 && brackets == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// The same text with a range of it blank, line breaks kept.
fn blanked(text: &str, range: Range<usize>) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for byte in &mut bytes[range] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
    String::from_utf8(bytes).expect("whole characters are blanked")
}

fn without_literals(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    while at < text.len() {
        match literal_end(text.as_bytes(), at) {
            Some(end) => {
                let end = end.min(text.len());
                bytes[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
                at = end;
            }
            None => at += 1,
        }
    }
    String::from_utf8(bytes).expect("whole characters are blanked")
}

/// Where the comment or literal that starts here ends.
fn literal_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let end_of = |needle: &[u8], from: usize| {
        let found = rest.get(from..)?.windows(needle.len()).position(|window| window == needle);
        Some(found? + from + needle.len())
    };
    let length = match rest {
        [b'/', b'/', ..] => end_of(b"\n", 0).map_or(rest.len(), |end| end - 1),
        [b'/', b'*', ..] => end_of(b"*/", 2).unwrap_or(rest.len()),
        [b'"', ..] => quoted_length(rest, b'"'),
        [b'r', b'"' | b'#', ..] => {
            let fences = rest[1..].iter().take_while(|byte| **byte == b'#').count();
            if rest.get(fences + 1) != Some(&b'"') {
                return None;
            }
            let closing = [b"\"".as_slice(), &b"#".repeat(fences)].concat();
            end_of(&closing, fences + 2).unwrap_or(rest.len())
        }
        [b'\'', b'\\', ..] => quoted_length(rest, b'\''),
        [b'\'', first, ..] => {
            let width = std::str::from_utf8(rest).ok()?.chars().nth(1)?.len_utf8();
            let closed = *first != b'\'' && rest.get(1 + width) == Some(&b'\'');
            return closed.then_some(at + width + 2);
        }
        _ => return None,
    };
    Some(at + length)
}

/// The length of a literal with backslashes, both quotes included.
fn quoted_length(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}
