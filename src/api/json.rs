//! Bodies: JSON in and out. What cannot be read is refused with a pointer to the place.

mod unique;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::problem::{Code, Problem};

/// The largest body that is read, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;

/// A JSON body. An empty one counts as `{}`, so that a request whose fields may all be left out needs none.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

/// A body that is kept as it came, beside what it says: for idempotency, to which a refusal is an answer like any other.
#[derive(Clone, Debug)]
pub struct Body<T> {
    /// What it says, or why it cannot be read.
    pub read: Result<T, Problem>,
    /// As it came.
    pub bytes: Bytes,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let is_encoded = request.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    Problem::new(Code::PayloadTooLarge, "The body is over 1 MiB. Send less at once.")
                }
                _ => Problem::invalid("", "BODY", "The body could not be read to its end. Send it again."),
            }
        })?;
        if bytes.is_empty() {
            return Ok(Self { read: parse(b"{}"), bytes });
        }
        if !is_json || is_encoded {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "The body must be plain JSON: send Content-Type: application/json, and no Content-Encoding.",
            ));
        }
        Ok(Self { read: parse(&bytes), bytes })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Body::from_request(request, state).await?.read.map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let mut parts = kind.split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let utf8 = parts.all(|part| {
        part.strip_prefix("charset=").is_none_or(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"))
    });
    utf8 && (essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Problem::invalid("", "ENCODING", "The body is not UTF-8."));
    }
    if bytes
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())
        .is_some_and(|first| matches!(first, b'[' | b'"' | b'0'..=b'9' | b't' | b'f' | b'n' | b'-'))
    {
        return Err(Problem::invalid("", "INVALID_TYPE", "The body must be a JSON object: {…}."));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(refusal)?;
    reader.end().map_err(|_| Problem::invalid("", "SYNTAX", "There is more than one JSON value in the body."))?;
    // Where any member is taken, the last of two would silently win.
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize::<_, unique::Unique>(&mut reader).map_err(refusal)?;
    Ok(value)
}

fn refusal(error: serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let mut pointer = pointer(error.path());
    let inner = error.into_inner();
    let text = inner.to_string();
    let code = if inner.is_data() { code_of(&text) } else { "SYNTAX" };
    if let Some(field) = named_field(&text) {
        pointer = format!("{pointer}/{}", escaped(field));
    }
    Problem::invalid(pointer, code, plain(&text))
}

fn code_of(text: &str) -> &'static str {
    if text.starts_with("unknown field") {
        "UNKNOWN_FIELD"
    } else if text.starts_with("missing field") {
        "REQUIRED"
    } else if text.starts_with("unknown variant") || text.starts_with("invalid value") || text.contains("UUID parsing")
    {
        "INVALID_VALUE"
    } else if text.starts_with("duplicate field") {
        "DUPLICATE_FIELD"
    } else {
        "INVALID_TYPE"
    }
}

/// The field that is missing or stands twice, which the path does not name.
fn named_field(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("missing field `").or_else(|| text.strip_prefix("duplicate field `"))?;
    rest.split_once('`').map(|(field, _)| field)
}

/// `null` means the same as leaving the field out.
pub(super) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// The reader's own words, without the caller's values (a huge text is nobody's help) and at most 300 characters.
fn plain(text: &str) -> String {
    if text.contains("UUID parsing") {
        return "This is no id: an id is a UUID.".to_owned();
    }
    let text = text.to_owned();
    let text = match text.find("invalid type: string \"") {
        Some(start) => match text.rfind("\", expected") {
            Some(end) => format!("{}invalid type: string{}", &text[..start], &text[end + 1..]),
            None => text,
        },
        None => text,
    };
    text.chars().take(300).collect()
}

/// A path as a JSON pointer.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path.iter() {
        let part = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => escaped(key),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&part);
    }
    pointer
}

/// A member's name in a pointer, at most 100 characters of it.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1").chars().take(100).collect()
}
