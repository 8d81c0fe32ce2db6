//! Cursors of `/transactions/sync`. A cursor holds what its holder has seen, and between two pages also what the run is heading for, so that
//! nothing has to be stored.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::errors::{Error, Result};
use super::ids;
use crate::bank::Moment;

/// All that can change what a stream of transactions shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The bank's books.
    pub moment: Moment,
    /// Whether all of the history is there, or the last 30 days alone.
    pub complete: bool,
    /// The number of the selection of accounts.
    pub selection: u32,
    /// How many transactions of `/sandbox/transactions/create`.
    pub custom: usize,
}

impl View {
    /// Whether something changed beyond the passing of time, so that pages heading for `self` no longer fit together.
    pub fn disturbed_by(&self, now: &Self) -> bool {
        let without_time = |view: &Self| (view.moment.posted, view.complete, view.selection, view.custom);
        without_time(self) != without_time(now)
    }

    fn write(&self) -> String {
        format!("{}.{}.{}.{}", self.moment, u8::from(self.complete), self.selection, self.custom)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(4, '.');
        let custom = parts.next()?.parse().ok()?;
        let selection = parts.next()?.parse().ok()?;
        let complete = parts.next()? == "1";
        Some(Self { moment: parts.next()?.parse().ok()?, complete, selection, custom })
    }
}

/// Where a holder is in a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// What the holder has seen; `None` = nothing.
    pub seen: Option<View>,
    /// What the run of pages is heading for, and how many updates of it are delivered; `None` = between two runs.
    pub run: Option<(View, usize)>,
}

impl Cursor {
    /// The cursor as text, bound to the stream.
    pub fn write(&self, stream: &Stream) -> String {
        let view = |view: Option<View>| view.map(|view| view.write()).unwrap_or_default();
        let (target, offset) = self.run.unzip();
        let text = format!("{}|{}|{}|{}", stream.0, view(self.seen), view(target), offset.unwrap_or_default());
        BASE64_STANDARD.encode(text)
    }

    /// Reads a cursor of that stream; the empty text is its beginning.
    pub fn read(text: &str, stream: &Stream) -> Result<Self> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let bytes = BASE64_STANDARD.decode(text).unwrap_or_default();
        let plain = String::from_utf8(bytes).unwrap_or_default();
        Self::parse(&plain, stream).ok_or_else(|| Error::invalid_field("cursor not associated with access_token"))
    }

    fn parse(text: &str, stream: &Stream) -> Option<Self> {
        let mut parts = text.split('|');
        if parts.next()? != stream.0 {
            return None;
        }
        // A part that is there must be a view.
        let mut view = || Some(Some(parts.next()?).filter(|text| !text.is_empty()).map(View::read));
        let (seen, target) = (view()?, view()?);
        let offset = parts.next()?.parse().ok()?;
        let seen = seen.map_or(Some(None), |view| view.map(Some))?;
        let run = target.map_or(Some(None), |view| view.map(|view| Some((view, offset))))?;
        Some(Self { seen, run })
    }
}

/// A stream of transactions: an Item's, or that of one of its accounts.
pub struct Stream(String);

impl Stream {
    /// Names the stream.
    pub fn new(item_id: &str, account_id: Option<&str>) -> Self {
        Self(ids::id(&["stream", item_id, account_id.unwrap_or_default()]).chars().take(12).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use chrono::DateTime;

    use super::*;

    fn view(posted: u32) -> View {
        let at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        View { moment: Moment { at, posted }, complete: true, selection: 3, custom: 10 }
    }

    #[test]
    fn a_cursor_survives_its_text() {
        let stream = Stream::new("item", None);
        let cursors = [
            Cursor { seen: Some(view(0)), run: None },
            Cursor { seen: None, run: Some((view(1), 500)) },
            Cursor { seen: Some(view(4999)), run: Some((view(5000), 100_000)) },
        ];
        for cursor in cursors {
            let text = cursor.write(&stream);
            assert!(text.len() <= 256, "{}", text.len());
            assert_eq!(Cursor::read(&text, &stream), Ok(cursor));
        }
        assert_eq!(Cursor::read("", &stream), Ok(Cursor::default()));
    }

    #[test]
    fn a_cursor_of_another_stream_and_rubbish_are_refused() {
        let text = Cursor { seen: Some(view(0)), run: None }.write(&Stream::new("item", None));
        assert!(Cursor::read(&text, &Stream::new("other", None)).is_err());
        assert!(Cursor::read(&text, &Stream::new("item", Some("account"))).is_err());
        let stream = Stream::new("item", None);
        for rubbish in ["x", "now", "e30=", &BASE64_STANDARD.encode(format!("{}|1|2|3", stream.0)), &text[..20]] {
            assert!(Cursor::read(rubbish, &stream).is_err(), "{rubbish}");
        }
    }

    #[test]
    fn time_alone_disturbs_no_run() {
        let mut later = view(1);
        later.moment.at += chrono::TimeDelta::hours(1);
        assert!(!view(1).disturbed_by(&later));
        assert!(view(1).disturbed_by(&view(2)));
        later.selection += 1;
        assert!(view(1).disturbed_by(&later));
    }
}
