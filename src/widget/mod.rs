//! The hosted widget: pages that lead a customer through a link or repair session. They work without JavaScript.
//!
//! `widgetUrl` puts the session's connect token into a cookie, and from then on no address holds a secret. All words are in `texts`,
//! how a page looks and what its browser may do is in `page`; what happens is in [`crate::link`].

mod assets;
mod callback;
mod cookie;
mod end_user;
mod launch;
mod leave;
mod page;
mod picker;
mod refused;
mod script;
mod session;
mod start;
mod texts;
mod visitor;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware;
use axum::response::Redirect;
use axum::routing::get;

use crate::link::Linking;

/// The widget's paths, for a server whose state holds what linking needs.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Linking: FromRef<S>,
{
    // A page that came by a form may be asked for again by its address alone.
    let to_session = || async { Redirect::to(session::PATH) };
    Router::new()
        .route("/link/{connectToken}", get(session::open_session))
        .route(session::PATH, get(session::show_session))
        .route(launch::PATH, get(to_session).post(launch::choose_institution))
        .route(script::PATH, get(to_session).post(script::take_result))
        .route(leave::PATH, get(to_session).post(leave::leave_session))
        .route("/link/assets/{file}", get(assets::get_asset))
        .route("/connect/callback/{serviceProvider}", get(callback::return_from_provider))
        .layer(middleware::from_fn(page::conventions))
}
