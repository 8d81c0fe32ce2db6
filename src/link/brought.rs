//! What a customer brings back from the provider. It may come but once (an authorization's code, tokens that the browser has), and
//! just while the provider is away: it is kept with its launch until the provider has answered for it, and asked for again until then.

use std::time::Duration;

use serde_json::{Value, json};

use super::complete::News;
use super::{Linking, session_job};
use crate::domain::ids::{SessionId, TenantId};
use crate::domain::problem::Problem;
use crate::domain::secret::Secret;
use crate::domain::session::SessionOutcome;
use crate::providers::link::LinkInput;
use crate::store::{JobKind, Session, SessionLaunch, TenantTx};

/// After which pause it is asked for again where nobody says otherwise: a code lives for minutes.
const SOON: Duration = Duration::from_secs(2);

impl Linking {
    /// Keeps what was brought for an open session.
    pub(super) async fn keep_brought(&self, tx: &mut TenantTx, session: &Session, news: &News) -> Result<(), Problem> {
        let launch = news.launch.or(session.launch_id);
        if let (SessionOutcome::Open, Some(launch), Some(text)) = (session.outcome, launch, write(&news.input)) {
            tx.set_brought(launch, &text).await?;
        }
        Ok(())
    }

    /// The provider has answered for it. (With the end of an attempt, and with a link that is kept, it goes by itself.)
    pub(super) async fn forget_brought(&self, session: &Session) -> Result<(), Problem> {
        if let Some(launch) = session.launch_id {
            let mut tx = self.tenant(session.tenant_id).begin().await?;
            tx.forget_brought(launch).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Has what was brought asked for again without the customer, once what hindered it may have passed.
    pub(super) async fn ask_again(
        &self,
        tenant_id: TenantId,
        session_id: SessionId,
        after: Option<Duration>,
    ) -> Result<(), Problem> {
        let at = self.clock.now() + after.unwrap_or(SOON);
        let mut tx = self.tenant(tenant_id).begin().await?;
        tx.enqueue(&session_job(JobKind::PollSession, tenant_id, session_id, at)).await?;
        Ok(tx.commit().await?)
    }
}

impl News {
    /// With what a launch is asked for: the news, or what is kept of earlier ones.
    pub(super) fn input_for(&self, launch: &SessionLaunch) -> LinkInput {
        match (&self.input, &launch.brought) {
            (LinkInput::Nothing, Some(kept)) => read(kept),
            (input, _) => input.clone(),
        }
    }
}

fn write(input: &LinkInput) -> Option<Secret> {
    let (kind, value) = match input {
        LinkInput::Nothing => return None,
        LinkInput::PublicToken(token) => ("PUBLIC_TOKEN", json!(token.expose())),
        LinkInput::Result(result) => ("RESULT", result.clone()),
        LinkInput::Callback(query) => ("CALLBACK", json!(query)),
    };
    Some(Secret::new(json!([kind, value]).to_string()))
}

fn read(text: &Secret) -> LinkInput {
    let query = |value| serde_json::from_value(value).ok().map(LinkInput::Callback);
    let read = match serde_json::from_str::<(String, Value)>(text.expose()) {
        Ok((kind, value)) if kind == "CALLBACK" => query(value),
        Ok((kind, Value::String(token))) if kind == "PUBLIC_TOKEN" => Some(LinkInput::PublicToken(Secret::new(token))),
        Ok((kind, value)) if kind == "RESULT" => Some(LinkInput::Result(value)),
        _ => None,
    };
    read.unwrap_or(LinkInput::Nothing)
}
