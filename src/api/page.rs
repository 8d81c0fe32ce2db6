//! Lists: a page and where the next one begins.

use crate::domain::problem::Problem;
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
        list: &str,
        mut rows: Vec<R>,
        limit: i64,
        cursor: impl Fn(&R) -> C,
        item: impl FnMut(R) -> T,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(1);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if more { rows.last().map(|row| Cursor::encode(list, &cursor(row))) } else { None };
        Self { data: rows.into_iter().map(item).collect(), next_cursor }
    }
}

/// A place in a list, opaque to callers, and of no use in another list.
pub struct Cursor;

impl Cursor {
    /// What a caller is told whose cursor is none.
    pub fn refused() -> Problem {
        Problem::invalid("after", "INVALID_VALUE", "after must be the nextCursor of an earlier page of this list.")
    }

    /// As callers see it.
    pub fn encode<T: Serialize>(list: &str, place: &T) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(list, place)).unwrap_or_default())
    }

    /// The place, if the text is a cursor of that list.
    pub fn decode<T: DeserializeOwned>(list: &str, text: &str) -> Option<T> {
        if text.len() > 2000 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (of, place): (String, T) = serde_json::from_slice(&bytes).ok()?;
        (of == list).then_some(place)
    }
}
