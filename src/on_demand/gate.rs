//! What has to be so before one of these products is read: here, or at its provider.

use super::OnDemand;
use crate::domain::addition::{Outcome, Refusal, RefusalCode};
use crate::domain::ids::ConnectionId;
use crate::domain::placement::Placement;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::{Product, ProductState};
use crate::domain::secret::Secret;
use crate::domain::support_matrix::elsewhere;
use crate::providers::{Entry, Provider};
use crate::store::{Connection, ConnectionProduct, TenantTx};

/// A connection whose provider may be asked.
pub(super) struct Ready {
    /// Its credential.
    pub credential: Secret,
    /// Its provider.
    pub entry: Entry,
    /// How the product stands.
    pub product: ConnectionProduct,
}

impl OnDemand {
    /// The provider of a connection. Refuses where there is none yet, and where it does not have the product: `has` says so.
    pub(super) fn supporting<'a>(
        &'a self,
        connection: &Connection,
        product: Product,
        has: impl FnOnce(&dyn Provider) -> bool,
    ) -> Result<&'a Entry, Problem> {
        connection.condition.check_linked()?;
        let entry = self.linking.registry.require(connection.service_provider)?;
        if has(&*entry.provider) {
            return Ok(entry);
        }
        let name = entry.provider.spec().name;
        let detail = format!("{name}, which serves this connection, has no {product}: {}.", elsewhere(product));
        Err(Problem::new(Code::UnsupportedByProvider, detail))
    }

    /// A connection that has the product and works. Nothing is asked upstream to find out.
    pub(super) async fn ready(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        product: Product,
        has: impl FnOnce(&dyn Provider) -> bool,
    ) -> Result<Ready, Problem> {
        let connection = tx.connection(id).await?.ok_or_else(Problem::not_found)?;
        let entry = self.supporting(&connection, product, has)?.clone();
        let product = self.usable(tx, &connection, product).await?;
        if connection.condition.status.needs_customer() {
            return Err(self.linking.needs_customer(tx, &connection).await?);
        }
        let credential = tx
            .credential(id)
            .await?
            .ok_or_else(|| Problem::new(Code::ConnectionNotLinked, connection.condition.sentence()))?;
        Ok(Ready { credential, entry, product })
    }

    /// A page of what was read of a product. Refuses to show an empty list where there was nothing to list yet. What was read before
    /// stays readable: while the customer is needed (F6), and after the product was removed with its data kept (A15).
    pub(super) async fn readable<T>(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        product: Product,
        has: impl FnOnce(&dyn Provider) -> bool,
        (rows, is_first): (Vec<T>, bool),
    ) -> Result<Vec<T>, Problem> {
        let connection = tx.connection(id).await?.ok_or_else(Problem::not_found)?;
        self.supporting(&connection, product, has)?;
        // Behind the first page there was something.
        if !rows.is_empty() || !is_first {
            return Ok(rows);
        }
        let row = self.usable(tx, &connection, product).await?;
        if row.state != ProductState::Available && connection.condition.status.needs_customer() {
            return Err(self.linking.needs_customer(tx, &connection).await?);
        }
        check_there(&row).map(|()| rows)
    }

    /// The product, where the connection has it and the customer's consent to it, whatever came of it last.
    async fn usable(
        &self,
        tx: &mut TenantTx,
        connection: &Connection,
        product: Product,
    ) -> Result<ConnectionProduct, Problem> {
        let mut rows = tx.products(connection.id).await?;
        let is_present =
            |row: &ConnectionProduct| row.product == product && row.placement.is_some_and(Placement::is_fetched);
        let Some(index) = rows.iter().position(is_present) else {
            return Err(self.not_present(tx, connection, &rows, product).await?);
        };
        let row = rows.swap_remove(index);
        match row.state {
            ProductState::ConsentRequired => Err(self.linking.needs_customer(tx, connection).await?),
            ProductState::Unavailable => {
                let detail = format!(
                    "{product} cannot be had of this connection ({}). GET /connections/{{id}} shows it among productStates.",
                    reason(&row)
                );
                Err(Problem::new(Code::ProductNotPresent, detail))
            }
            _ => Ok(row),
        }
    }

    /// The connection lacks the product: how it gets there, as it would be judged if it were asked for now.
    async fn not_present(
        &self,
        tx: &mut TenantTx,
        connection: &Connection,
        rows: &[ConnectionProduct],
        product: Product,
    ) -> Result<Problem, Problem> {
        let add = format!("Add it by POST /connections/{{id}}/products with products [\"{product}\"]");
        Ok(match self.linking.judge_now(tx, connection, rows, &[product]).await? {
            Err(refusals) => refusals.first().map_or_else(Problem::not_found, refused),
            Ok(accepted) if accepted.iter().any(|one| one.outcome == Outcome::RepairRequired) => {
                let how = "the customer consents in a repair (POST /connections/{id}/repair).";
                lacking(product, "REPAIR", &format!("{add}; {how}"))
            }
            Ok(_) => lacking(product, "ADD_FIRST", &format!("{add}.")),
        })
    }
}

/// Refuses where the last result of a product is not that it is there.
pub(super) fn check_there(row: &ConnectionProduct) -> Result<(), Problem> {
    let product = row.product;
    let detail = match row.state {
        ProductState::Available => return Ok(()),
        ProductState::Failed => format!(
            "{product} could not be had ({}). POST /connections/{{id}}/products with products [\"{product}\"] tries it again.",
            reason(row)
        ),
        _ => format!(
            "{product} is being prepared: wait for connection.product_state_changed, until its productState is AVAILABLE."
        ),
    };
    Err(Problem::new(Code::ProductNotReady, detail))
}

fn reason(row: &ConnectionProduct) -> &'static str {
    row.reason.map_or("UNKNOWN", |reason| reason.as_str())
}

fn lacking(product: Product, remedy: &str, how: &str) -> Problem {
    Problem::new(Code::ProductNotPresent, format!("The connection does not have {product}. {how}"))
        .with("remedy", remedy)
}

/// It cannot be added: an institution without it is no matter of this connection alone.
fn refused(refusal: &Refusal) -> Problem {
    if refusal.code == RefusalCode::UnsupportedByInstitution {
        let detail = format!("The connection does not have {}: {}", refusal.product, refusal.detail);
        return Problem::new(Code::UnsupportedByInstitution, detail).with("remedy", refusal.remedy.as_str());
    }
    lacking(refusal.product, refusal.remedy.as_str(), &format!("It cannot be added: {}", refusal.detail))
}
