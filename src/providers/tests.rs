//! Whatever comes, nothing panics: bodies for a provider's types, mappings, errors and webhooks.
#![cfg(test)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

/// How deep a body may be that is refused or read, but does not exhaust the stack.
const DEEP: usize = 100_000;

/// Feeds it with every example, with examples that are changed in one place or cut off, with any JSON that uses their names, with
/// any bytes, and with what is far too deep or too long.
pub fn feed(examples: &[&str], swallow: impl Fn(&[u8])) {
    examples.iter().for_each(|body| swallow(body.as_bytes()));
    let trees: Vec<Value> = examples.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    let names: BTreeSet<String> = trees.iter().flat_map(names).chain(["x".to_owned()]).collect();
    let names: Vec<String> = names.into_iter().collect();
    let outermost = trees.iter().filter_map(Value::as_object).flat_map(|fields| fields.keys());
    let outermost: BTreeSet<&String> = outermost.collect();
    for open in outermost.iter().map(|name| format!("{{\"{name}\":")).chain(["[".to_owned()]) {
        swallow(open.repeat(DEEP).as_bytes());
        swallow(format!("{open}{}", "9".repeat(DEEP)).as_bytes());
    }
    run(&vec(any::<u8>(), 0..300), |body| swallow(&body));
    run(&json(names.clone()), |body| swallow(body.to_string().as_bytes()));
    run(&(select(trees), any::<Index>(), json(names)), |(mut body, at, with)| {
        let mut at = at.index(count(&body));
        replace(&mut body, &mut at, &with);
        swallow(body.to_string().as_bytes());
    });
    let bodies: Vec<Vec<u8>> = examples.iter().map(|body| body.as_bytes().to_vec()).collect();
    run(&(select(bodies), any::<Index>()), |(body, end)| swallow(&body[..end.index(body.len())]));
}

fn run<S: Strategy>(strategy: &S, test: impl Fn(S::Value)) {
    let config = Config { failure_persistence: None, ..Config::default() };
    let fed = TestRunner::new(config).run(strategy, |value| {
        test(value);
        Ok(())
    });
    fed.unwrap_or_else(|error| panic!("{error}"));
}

fn json(names: Vec<String>) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        let fields = btree_map(select(names.clone()), inner.clone(), 0..6);
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::from),
            fields.prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn children(tree: &Value) -> Vec<&Value> {
    match tree {
        Value::Array(list) => list.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    }
}

fn names(tree: &Value) -> BTreeSet<String> {
    let own = tree.as_object().into_iter().flat_map(|fields| fields.keys().cloned());
    own.chain(children(tree).into_iter().flat_map(names)).collect()
}

fn count(tree: &Value) -> usize {
    1 + children(tree).into_iter().map(count).sum::<usize>()
}

/// Puts `with` in the place of the `at`th value of the tree.
fn replace(tree: &mut Value, at: &mut usize, with: &Value) {
    if *at == 0 {
        *tree = with.clone();
        *at = usize::MAX;
        return;
    }
    *at = at.wrapping_sub(1);
    match tree {
        Value::Array(list) => list.iter_mut().for_each(|one| replace(one, at, with)),
        Value::Object(fields) => fields.values_mut().for_each(|one| replace(one, at, with)),
        _ => {}
    }
}
