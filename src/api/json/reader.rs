//! Reads a body's tree into a typed request. What does not fit is refused in the words of whoever sent it: which member, and what
//! it must be. (The readers of serde's own formats speak of Rust's types.)

use std::collections::HashSet;
use std::fmt::Display;
use std::vec;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, Expected, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::tree::Tree;
use crate::domain::problem::Problem;

/// The longest name of a member that a pointer repeats, in characters.
const MOST_NAME: usize = 100;

/// Beyond this, a bound of a number's type is nothing that a caller wants to hear of.
const TELLING: i128 = 1 << 53;

/// Why a member is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Where, innermost first.
    path: Vec<String>,
    code: &'static str,
    /// What follows on the member's name.
    says: String,
}

impl Refusal {
    fn new(code: &'static str, says: String) -> Self {
        Self { path: Vec::new(), code, says }
    }

    fn wrong_type(what: &str) -> Self {
        Self::new("INVALID_TYPE", format!("must be {what}"))
    }

    fn within(mut self, name: impl Into<String>) -> Self {
        self.path.push(name.into());
        self
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let pointer: String = refusal.path.iter().rev().map(|name| format!("/{}", escaped(name))).collect();
        let subject = if pointer.is_empty() { "The body" } else { &pointer };
        let detail = format!("{subject} {}.", refusal.says);
        Self::invalid(pointer, refusal.code, detail)
    }
}

/// A member's name in a pointer, cut where it is long.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1").chars().take(MOST_NAME).collect()
}

impl Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.says)
    }
}

impl std::error::Error for Refusal {}

impl Error for Refusal {
    /// A type of ours says what its text must be: `an id`.
    fn custom<T: Display>(what: T) -> Self {
        Self::new("INVALID_VALUE", format!("must be {what}"))
    }

    fn invalid_type(_: Unexpected<'_>, what: &dyn Expected) -> Self {
        Self::wrong_type(&what.to_string())
    }

    fn invalid_value(_: Unexpected<'_>, what: &dyn Expected) -> Self {
        Self::custom(what)
    }

    fn invalid_length(_: usize, what: &dyn Expected) -> Self {
        Self::custom(what)
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        let one_of = if known.len() > 1 { "one of " } else { "" };
        Self::custom(format_args!("{one_of}{}", known.join(", ")))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::new("UNKNOWN_FIELD", format!("is not known here; known are {}", known.join(", "))).within(name)
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new("REQUIRED", "is required".to_owned()).within(name)
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::twice(name)
    }
}

impl Refusal {
    fn twice(name: &str) -> Self {
        Self::new("DUPLICATE_FIELD", "stands twice in its object; give it once".to_owned()).within(name)
    }
}

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ty),+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            let given = if let Tree::Number(number) = &self { number.as_i128() } else { None };
            match given.map(<$type>::try_from) {
                Some(Ok(number)) => visitor.$visit(number),
                Some(Err(_)) => Err(Refusal::custom(whole_number(<$type>::MIN.into(), <$type>::MAX.into()))),
                None => Err(Refusal::wrong_type(&whole_number(<$type>::MIN.into(), <$type>::MAX.into()))),
            }
        }
    )+};
}

fn whole_number(least: i128, most: i128) -> String {
    if most < TELLING { format!("a whole number from {least} to {most}") } else { "a whole number".to_owned() }
}

impl<'de> Deserializer<'de> for Tree {
    type Error = Refusal;

    forward_to_deserialize_any! { f32 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier ignored_any i128 u128 }

    whole_numbers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (None, Some(number), _) => visitor.visit_i64(number),
                (None, None, number) => visitor.visit_f64(number.unwrap_or_default()),
            },
            Self::Text(text) => visitor.visit_string(text),
            Self::List(_) => self.deserialize_seq(visitor),
            Self::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self {
            Self::Null => visitor.visit_none(),
            given => visitor.visit_some(given),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let Self::Bool(value) = self else { return Err(Refusal::wrong_type("true or false")) };
        visitor.visit_bool(value)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let number = if let Self::Number(number) = self { number.as_f64() } else { None };
        visitor.visit_f64(number.ok_or_else(|| Refusal::wrong_type("a number"))?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let Self::Text(text) = self else { return Err(Refusal::wrong_type("a string")) };
        visitor.visit_string(text)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let Self::List(list) = self else { return Err(Refusal::wrong_type("an array")) };
        visitor.visit_seq(Items { list: list.into_iter(), next: 0 })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let Self::Object(members) = self else { return Err(Refusal::wrong_type("an object")) };
        let mut seen = HashSet::new();
        if let Some((twice, _)) = members.iter().find(|(name, _)| !seen.insert(name.as_str())) {
            return Err(Refusal::twice(twice));
        }
        visitor.visit_map(Members { members: members.into_iter(), current: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_map(visitor)
    }
}

struct Items {
    list: vec::IntoIter<Tree>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        let Some(item) = self.list.next() else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        seed.deserialize(item).map(Some).map_err(|refusal| refusal.within(index.to_string()))
    }
}

struct Members {
    members: vec::IntoIter<(String, Tree)>,
    current: Option<(String, Tree)>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        let key = seed.deserialize(StrDeserializer::new(&name))?;
        self.current = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let (name, value) = self.current.take().unwrap_or_else(|| (String::new(), Tree::Null));
        seed.deserialize(value).map_err(|refusal| refusal.within(name))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failing test says where")]

    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::ids::AccountId;
    use crate::domain::placement::Placement;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    #[serde(default)]
    struct Body {
        days: Option<u16>,
        seconds: i64,
        chance: f64,
        on: bool,
        name: String,
        id: Option<AccountId>,
        placement: Option<Placement>,
        lists: BTreeMap<String, Vec<String>>,
        open: serde_json::Map<String, Value>,
    }

    fn read(text: &str) -> Result<Body, Refusal> {
        Body::deserialize(serde_json::from_str::<Tree>(text).unwrap())
    }

    #[test]
    fn what_fits_is_read_as_it_stands() {
        let open = json!({ "a": [1, -2, 1.5, null, true, { "b": "c" }], "large": u64::MAX });
        let body = json!({ "days": 7, "seconds": -1, "chance": 1, "on": true, "name": "ä", "lists": { "a": ["b"] }, "open": open });
        let read = read(&body.to_string()).unwrap();
        assert_eq!(Value::Object(read.open), open);
        assert_eq!((read.days, read.seconds, read.chance, read.on), (Some(7), -1, 1.0, true));
        assert_eq!((read.name.as_str(), &read.lists["a"][0][..], read.id), ("ä", "b", None));
    }

    #[test]
    fn what_does_not_fit_is_named_with_what_is_allowed() {
        for (text, pointer, code, detail) in [
            ("[]", "", "INVALID_TYPE", "The body must be an object."),
            (r#"{"days":"7"}"#, "/days", "INVALID_TYPE", "/days must be a whole number from 0 to 65535."),
            (r#"{"days":7.5}"#, "/days", "INVALID_TYPE", "/days must be a whole number from 0 to 65535."),
            (r#"{"days":-1}"#, "/days", "INVALID_VALUE", "/days must be a whole number from 0 to 65535."),
            (r#"{"seconds":1e99}"#, "/seconds", "INVALID_TYPE", "/seconds must be a whole number."),
            (r#"{"chance":"1"}"#, "/chance", "INVALID_TYPE", "/chance must be a number."),
            (r#"{"on":"true"}"#, "/on", "INVALID_TYPE", "/on must be true or false."),
            (r#"{"name":null}"#, "/name", "INVALID_TYPE", "/name must be a string."),
            (r#"{"id":"x"}"#, "/id", "INVALID_VALUE", "/id must be an id (a UUID)."),
            (r#"{"id":5}"#, "/id", "INVALID_TYPE", "/id must be a string."),
            (r#"{"lists":{"a/b":["c",1]}}"#, "/lists/a~1b/1", "INVALID_TYPE", "/lists/a~1b/1 must be a string."),
            (r#"{"lists":{"a":"c"}}"#, "/lists/a", "INVALID_TYPE", "/lists/a must be an array."),
            (
                r#"{"open":{"a":{"b":1,"b":2}}}"#,
                "/open/a/b",
                "DUPLICATE_FIELD",
                "/open/a/b stands twice in its object; give it once.",
            ),
        ] {
            let problem = Problem::from(read(text).unwrap_err());
            let error = &problem.errors[0];
            assert_eq!((error.pointer.as_str(), error.code.as_str(), problem.detail.as_str()), (pointer, code, detail));
        }
        let unknown = Problem::from(read(r#"{"typo":1}"#).unwrap_err());
        assert_eq!((unknown.errors[0].pointer.as_str(), unknown.errors[0].code.as_str()), ("/typo", "UNKNOWN_FIELD"));
        assert!(unknown.detail.contains("days, seconds"), "{}", unknown.detail);
        let variant = Problem::from(read(r#"{"placement":"x"}"#).unwrap_err());
        assert!(variant.detail.starts_with("/placement must be one of PRODUCTS, "), "{}", variant.detail);
    }
}
