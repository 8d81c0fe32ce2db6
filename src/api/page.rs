//! Lists: a page and where the next one begins.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A page of a list, in a stable order.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// Give it as `after` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// From one row more than was asked for: the extra row only says that there is a next page.
    pub fn new<R, C: Serialize>(
        mut rows: Vec<R>,
        limit: i64,
        cursor: impl Fn(&R) -> C,
        item: impl FnMut(R) -> T,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(1);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if more { rows.last().map(|row| Cursor(cursor(row)).encode()) } else { None };
        Self { data: rows.into_iter().map(item).collect(), next_cursor }
    }
}

/// A place in a list, opaque to callers.
pub struct Cursor<T>(pub T);

impl<T: Serialize> Cursor<T> {
    /// As callers see it.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self.0).unwrap_or_default())
    }
}

impl<T: DeserializeOwned> FromStr for Cursor<T> {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() > 1000 {
            return Err(());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ())?;
        serde_json::from_slice(&bytes).map(Self).map_err(|_| ())
    }
}
