//! What surrounds every operation: credentials, the version, the query, the body, the count; and how MX says no.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Simulator;
use crate::providers::mx::config::Version;
use crate::providers::mx::webhook::basic;
use crate::store;

/// A request with good credentials in a version that there is.
pub struct Call {
    /// Who is asked.
    pub simulator: Simulator,
    /// In which version.
    pub version: Version,
    /// The headers.
    pub headers: HeaderMap,
    query: Vec<(String, String)>,
    body: Map<String, Value>,
}

impl Call {
    /// The object of that name in the body.
    pub fn object(&self, name: &str) -> Result<&Map<String, Value>> {
        let missing = || Error::new(400, &format!("{name} is missing"));
        self.body.get(name).and_then(Value::as_object).ok_or_else(missing)
    }

    /// The first value of that name in the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of that name in the query, with brackets behind it or not.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = move |key: &str| key.strip_suffix("[]").unwrap_or(key) == name;
        self.query.iter().filter(move |(key, _)| named(key)).map(|(_, value)| value.as_str())
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// An answer of these fields.
    pub fn answer(&self, status: u16, body: Value) -> Answer {
        Ok(Reply { status, body: Some(body), version: self.version })
    }

    /// One page of a list, under that name; at most so many a page, and 25 where more are asked for.
    pub fn page(&self, name: &str, most: usize, entries: &[Value]) -> Answer {
        let number = |name: &str| self.query(name).and_then(|text| text.parse::<usize>().ok());
        let per_page = number("records_per_page").filter(|asked| (10..=most).contains(asked)).unwrap_or(25);
        let page = number("page").unwrap_or(1).max(1);
        let shown: Vec<&Value> = entries.iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect();
        let total_pages = entries.len().div_ceil(per_page).max(1);
        self.answer(
            200,
            json!({
                name: shown,
                "pagination": {
                    "current_page": page, "per_page": per_page,
                    "total_entries": entries.len(), "total_pages": total_pages,
                },
            }),
        )
    }
}

impl FromRequest<Simulator> for Call {
    type Rejection = Error;

    async fn from_request(request: Request, simulator: &Simulator) -> Result<Self> {
        let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
        simulator.calls().count(format!("{} {}", request.method(), path.unwrap_or_default()));
        let headers = request.headers().clone();
        simulator.check_credentials(&headers)?;
        let version = version(&headers)?;
        let query = request.uri().query().unwrap_or_default();
        let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().take(100).collect();
        let bytes = Bytes::from_request(request, &()).await.map_err(|_| Error::new(400, "the body cannot be read"))?;
        let body = match (bytes.is_empty(), serde_json::from_slice(&bytes)) {
            (true, _) => Map::new(),
            (false, Ok(Value::Object(body))) => body,
            (false, _) => return Err(Error::new(400, "the body is not a JSON object")),
        };
        Ok(Self { simulator: simulator.clone(), version, headers, query, body })
    }
}

/// The version that the headers name.
fn version(headers: &HeaderMap) -> Result<Version> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let accept = text("accept").unwrap_or_default();
    match text("accept-version") {
        Some("v20250224") => Ok(Version::V20250224),
        None | Some("v20111101") if accept.contains("application/vnd.mx.api.v1+json") => Ok(Version::V20111101),
        _ => Err(Error::new(406, "the version is not known")),
    }
}

impl Simulator {
    fn check_credentials(&self, headers: &HeaderMap) -> Result<()> {
        let expected = basic(&self.shared.client_id, &self.shared.api_key);
        let given = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        if given == Some(expected.as_bytes()) { Ok(()) } else { Err(Error::new(401, "unauthorized")) }
    }
}

/// A good answer.
pub struct Reply {
    status: u16,
    body: Option<Value>,
    version: Version,
}

impl Reply {
    /// Done, and nothing to say of it.
    pub fn empty() -> Self {
        Self { status: 204, body: None, version: Version::default() }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or_default();
        let Some(body) = self.body else { return status.into_response() };
        let mut response = (status, Json(body)).into_response();
        if self.version == Version::V20111101 {
            let kind = HeaderValue::from_static("application/vnd.mx.api.v1+json");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        response
    }
}

/// What an operation answers.
pub type Answer = Result<Reply>;

/// The result of an operation.
pub type Result<T> = std::result::Result<T, Error>;

/// How MX says no. Its documents do not show such a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: u16,
    message: String,
}

impl Error {
    /// With that status and these words.
    pub fn new(status: u16, message: &str) -> Self {
        Self { status, message: message.to_owned() }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        Self::new(404, "record not found")
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound => Self::not_found(),
            _ => Self::new(503, "service unavailable"),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(json!({ "error": { "status": self.status, "message": self.message } }))).into_response()
    }
}
