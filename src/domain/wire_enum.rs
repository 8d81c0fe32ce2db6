//! Enums whose variants are spelled `UPPER_SNAKE` on the wire, in the database and in the OpenAPI document.

/// The text is no member of the closed list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known value")]
pub struct UnknownValue;

/// A text of ours without the rules' numbers in brackets, which say nothing to who reads the API's document.
pub(crate) fn without_rules(text: &str) -> String {
    let is_rule = |word: &str| {
        let number = word.strip_prefix(|letter: char| letter.is_ascii_uppercase());
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
    };
    let mut parts = text.split(" (");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(')') {
            Some((rules, after)) if rules.split(", ").all(is_rule) => plain.push_str(after),
            _ => {
                plain.push_str(" (");
                plain.push_str(part);
            }
        }
    }
    plain
}

/// Declares a closed list: one spelling for JSON, SQL and documents.
macro_rules! wire_enum {
    ($(#[doc = $doc:literal])* pub enum $name:ident { $( $(#[doc = $variant_doc:literal])* $variant:ident = $text:literal ),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $( $(#[doc = $variant_doc])* $variant ),+ }

        impl $name {
            /// Every value, in the order of the documentation.
            #[allow(dead_code, reason = "not every list is gone through")]
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Every spelling, in the same order.
            const NAMES: &[&str] = &[$($text),+];

            /// The spelling on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::UnknownValue;
            fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err($crate::domain::UnknownValue) }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(|_| <D::Error as serde::de::Error>::unknown_variant(&text, Self::NAMES))
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some(Self::NAMES.iter().copied()))
                    .description(Some($crate::domain::without_rules(concat!($($doc,)* "\n", $( "\n- `", $text, "`:", $($variant_doc,)* )+).trim())))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

#[cfg(test)]
mod tests {
    use super::without_rules;

    #[test]
    fn the_documents_of_the_api_name_no_rules() {
        assert_eq!(
            without_rules("The institution lacks the flow (B3), or (rarely) both (B7, C6)."),
            "The institution lacks the flow, or (rarely) both."
        );
        assert_eq!(without_rules("401(k), (A"), "401(k), (A");
    }
}
