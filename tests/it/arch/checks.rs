//! The rules, each as a function from a source to complaints that name the place and the rule.

use super::source::{Length, Source, in_identifier, words};
use super::{CRATES, Lengths, MAY_USE, NAMES_PROVIDERS, NEVER, PROVIDERS, ROOM_MAY_USE, UNFINISHED, USED_BY_ALL};

/// Modules use only what they may.
pub fn uses(source: &Source) -> Vec<String> {
    let user = source.module();
    if user == "main" || user == "lib" {
        return Vec::new();
    }
    let Some((_, may_use)) = MAY_USE.iter().find(|(module, _)| *module == user) else {
        return vec![format!("{}: no rule says whom `{user}` may use", source.place(0))];
    };
    let may = |used: &str| {
        used == user
            || may_use.contains(&used)
            || user != "domain" && USED_BY_ALL.contains(&used)
            || user == "providers" && source.in_room(ROOM_MAY_USE.0) && ROOM_MAY_USE.1.contains(&used)
            // The list says how each provider's simulator is made.
            || source.path == "providers/mod.rs" && used == "bank"
    };
    let used = used_modules(source).into_iter();
    used.filter(|(_, used)| !may(used))
        .map(|(at, used)| format!("{}: `{user}` may not use `{used}`", source.place(at)))
        .collect()
}

/// The top-level modules that a file names, by `crate::` or by `super::` up to the crate, and where.
fn used_modules(source: &Source) -> Vec<(usize, String)> {
    let code = source.code.as_str();
    let by_crate = words(code, "crate").filter_map(|at| Some((at, code[at..].strip_prefix("crate::")?)));
    let up = "super::".repeat(source.depth());
    let by_super = words(code, "super").filter_map(|at| {
        let is_first = !code[..at].ends_with("super::");
        let rest = code[at..].strip_prefix(&up)?;
        (is_first && !rest.starts_with("super")).then_some((at, rest))
    });
    by_crate.chain(by_super).flat_map(|(at, path)| first_names(path).into_iter().map(move |name| (at, name))).collect()
}

/// `net` of `net::Client`; `net` and `store` of `{net::{Client, Guard}, store}`.
fn first_names(path: &str) -> Vec<String> {
    let Some(list) = path.strip_prefix('{') else {
        return vec![identifier(path)];
    };
    let (mut depth, mut start, mut names) = (0_usize, 0, Vec::new());
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                names.push(identifier(list[start..at].trim_start()));
                start = at + 1;
                if character == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|character| in_identifier(*character)).collect()
}

/// Crates are named only in their place.
pub fn crates(source: &Source) -> Vec<String> {
    let foreign = CRATES
        .iter()
        .filter(|(_, places)| !places.iter().any(|place| source.module() == *place || source.in_room(place)));
    foreign
        .flat_map(|(name, places)| words(&source.code, name).map(move |at| (at, name, places)))
        .map(|(at, name, places)| format!("{}: `{name}` is for {} only", source.place(at), places.join(", ")))
        .collect()
}

/// Providers are named only in their place, be it in code, in a string or in a comment.
pub fn provider_names(source: &Source) -> Vec<String> {
    if NAMES_PROVIDERS.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let foreign = PROVIDERS.iter().filter(|(folder, _)| {
        let own = format!("providers/{folder}/");
        !source.path.starts_with(&own)
    });
    foreign
        .flat_map(|(folder, spellings)| spellings.iter().map(move |spelling| (folder, spelling)))
        .flat_map(|(folder, spelling)| named(&source.prose, spelling).map(move |at| (folder, at)))
        .map(|(folder, at)| format!("{}: a provider is named outside of `providers/{folder}`", source.place(at)))
        .collect()
}

/// Where a name stands in any case, as a word or as a part of `snake_case` or `CamelCase`.
fn named<'a>(prose: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let lower = prose.to_ascii_lowercase();
    let found: Vec<_> = lower.match_indices(name).map(|(at, _)| at).collect();
    found.into_iter().filter(move |at| {
        let end = at + name.len();
        let before = prose[..*at].chars().next_back();
        let after = prose[end..].chars().next();
        let parted = |left: Option<char>, right: Option<char>| match (left, right) {
            (Some(left), Some(right)) if left.is_alphabetic() && right.is_alphabetic() => {
                left.is_lowercase() && right.is_uppercase()
            }
            _ => true,
        };
        parted(before, prose[*at..].chars().next()) && parted(prose[..end].chars().next_back(), after)
    })
}

/// Code does not panic on purpose, or print for debugging.
pub fn panics(source: &Source) -> Vec<String> {
    let said = |phrase: &'static str| {
        let found = source.code.match_indices(phrase).map(|(at, _)| at);
        found.filter(move |at| {
            let before = source.code[..*at].chars().next_back();
            phrase.starts_with('.') || !before.is_some_and(in_identifier)
        })
    };
    let found = NEVER.iter().flat_map(|phrase| said(phrase).map(move |at| (at, phrase)));
    found.map(|(at, phrase)| format!("{}: `{phrase}` is for tests only", source.place(at))).collect()
}

/// Nothing is left unfinished, not in a comment either.
pub fn unfinished(source: &Source) -> Vec<String> {
    let found = UNFINISHED.iter().flat_map(|word| words(&source.prose, word).map(move |at| (at, word)));
    found.map(|(at, word)| format!("{}: {word}: finish it or leave it out", source.place(at))).collect()
}

/// Holds lengths against shares; names the longest that are too long.
pub fn lengths(what: &str, lengths: &[Length], rules: Lengths) -> Vec<String> {
    let broken = rules.iter().flat_map(|(share, limit)| {
        let mut long: Vec<_> = lengths.iter().filter(|length| length.lines > *limit).collect();
        long.sort_by_key(|length| std::cmp::Reverse(length.lines));
        let allowed = lengths.len() * (100 - share) / 100;
        let too_many = long.len() > allowed;
        let long = if too_many { long } else { Vec::new() };
        long.into_iter().map(move |length| {
            let Length { place, lines } = length;
            format!("{place}: {lines} lines, and {share} % of {what} have at most {limit}")
        })
    });
    broken.collect()
}
