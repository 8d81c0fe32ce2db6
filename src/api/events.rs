//! Events: lists, one, and a stream that can be resumed.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{self, KeepAlive, Sse};
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt};
use serde::Serialize;
use serde_json::Value;

use super::App;
use super::auth::Caller;
use super::connections::id;
use super::json::Json;
use super::page::{Cursor, Page};
use super::params::{Params, Path};
use super::problem::ProblemDocument;
use crate::domain::event::EventType;
use crate::domain::ids::{ConnectionId, CustomerId, EventId};
use crate::domain::problem::Problem;
use crate::store::{Event, EventFilter, EventPosition, TenantStore};

/// How often the stream looks for new events.
const LOOK: Duration = Duration::from_millis(500);

/// Events that the stream reads at once.
const AT_ONCE: i64 = 100;

/// An event: facts and ids, never tokens or account numbers.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// Ours.
    id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    event_type: String,
    /// Counts per connection without gaps.
    sequence: i64,
    /// To which connection.
    connection_id: Option<ConnectionId>,
    /// Whose.
    customer_id: Option<CustomerId>,
    /// When.
    occurred_at: DateTime<Utc>,
    /// More, by type.
    #[schema(value_type = Object)]
    data: Value,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            event_type: event.event_type,
            sequence: event.sequence,
            connection_id: event.connection_id,
            customer_id: event.customer_id,
            occurred_at: event.occurred_at,
            data: event.data,
        }
    }
}

fn filter(params: &mut Params) -> Result<EventFilter, Problem> {
    let types: Vec<EventType> = params.any_of("type", EventType::ALL, EventType::as_str)?;
    Ok(EventFilter {
        connection_id: params.one("connectionId", "a connection's id")?,
        types: types.into_iter().map(|kind| kind.as_str().to_owned()).collect(),
    })
}

/// Events in commit order; one that commits late is never skipped.
#[utoipa::path(get, path = "/events", tag = "Events", params(
    ("connectionId" = Option<ConnectionId>, Query), ("type" = Option<Vec<EventType>>, Query, explode, description = "May be repeated"),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query, description = "A `nextCursor`, or the id of the last event that was seen")),
    responses((status = 200, body = Page<EventView>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(super) async fn list_events(caller: Caller, mut params: Params) -> Result<Json<Page<EventView>>, Problem> {
    let filter = filter(&mut params)?;
    let (after, limit) = params.page()?;
    let mut tx = caller.rows.begin().await?;
    let after = match after.as_deref().map(str::parse::<EventId>) {
        None => EventPosition::default(),
        // Whoever polls goes on after the last event that they have seen.
        Some(Ok(id)) => tx.event_position(id).await?.ok_or_else(Cursor::refused)?,
        Some(Err(_)) => {
            let cursor = Cursor::decode::<(i64, i64)>("events", after.as_deref().unwrap_or_default());
            let (transaction, number) = cursor.ok_or_else(Cursor::refused)?;
            EventPosition { transaction, number }
        }
    };
    let rows = tx.events(&filter, after, limit + 1).await?;
    Ok(Json(Page::new("events", rows, limit, |row| (row.position.transaction, row.position.number), EventView::from)))
}

/// One event.
#[utoipa::path(get, path = "/events/{eventId}", tag = "Events", params(("eventId" = EventId, Path)),
    responses((status = 200, body = EventView), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn get_event(caller: Caller, Path(event): Path<String>) -> Result<Json<EventView>, Problem> {
    let mut tx = caller.rows.begin().await?;
    Ok(Json(tx.event(id(&event)?).await?.ok_or_else(Problem::not_found)?.into()))
}

/// Events as they happen, server-sent; `Last-Event-ID` resumes after one. Without it the stream begins with the first event.
#[utoipa::path(get, path = "/events/stream", tag = "Events", params(
    ("connectionId" = Option<ConnectionId>, Query), ("type" = Option<Vec<EventType>>, Query, explode), ("Last-Event-ID" = Option<EventId>, Header)),
    responses((status = 200, description = "text/event-stream of events", content_type = "text/event-stream", body = String),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(super) async fn stream_events(
    State(app): State<App>,
    caller: Caller,
    mut params: Params,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Problem> {
    let filter = filter(&mut params)?;
    let mut position = EventPosition::default();
    if let Some(last) = headers.get("last-event-id") {
        let unknown = || {
            Problem::invalid(
                "Last-Event-ID",
                "UNKNOWN",
                "There is no event with this id. Leave Last-Event-ID out to begin with the first.",
            )
        };
        let last: EventId = last.to_str().ok().and_then(|text| text.parse().ok()).ok_or_else(unknown)?;
        let mut tx = caller.rows.begin().await?;
        position = tx.event_position(last).await?.ok_or_else(unknown)?;
    }
    let reader = Reader { rows: caller.rows.clone(), filter, position, ready: Vec::new() };
    let stream = futures::stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await;
        Some((Ok(event), reader))
    });
    // A client goes on from where it is, at the server that comes after this one.
    let stream = stream.take_until(app.stop.cancelled_owned());
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

struct Reader {
    rows: TenantStore,
    filter: EventFilter,
    position: EventPosition,
    ready: Vec<Event>,
}

impl Reader {
    async fn next(&mut self) -> sse::Event {
        loop {
            if let Some(event) = self.ready.pop() {
                self.position = event.position;
                let (id, kind) = (event.id.to_string(), event.event_type.clone());
                let data = serde_json::to_string(&EventView::from(event)).unwrap_or_default();
                return sse::Event::default().id(id).event(kind).data(data);
            }
            match self.read().await {
                Ok(mut events) if !events.is_empty() => {
                    events.reverse();
                    self.ready = events;
                }
                // A database that is away comes back; the client's connection stays.
                _ => tokio::time::sleep(LOOK).await,
            }
        }
    }

    async fn read(&self) -> Result<Vec<Event>, crate::store::Error> {
        let mut tx = self.rows.begin().await?;
        tx.events(&self.filter, self.position, AT_ONCE).await
    }
}
