//! What has to be so before a provider is asked for one of these products.

use super::OnDemand;
use crate::domain::ids::ConnectionId;
use crate::domain::placement::Placement;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::{Product, ProductState};
use crate::domain::secret::Secret;
use crate::domain::support_matrix::{AfterLink, after_link};
use crate::providers::{Entry, Provider};
use crate::store::{Connection, ConnectionProduct, TenantTx, placements};

/// A connection whose provider may be asked.
pub(super) struct Ready {
    /// Its credential.
    pub credential: Secret,
    /// Its provider.
    pub entry: Entry,
    /// How the product stands.
    pub state: ProductState,
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
        Err(Problem::new(
            Code::UnsupportedByProvider,
            format!("{name}, which serves this connection, has no {product}."),
        ))
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
        let rows = tx.products(id).await?;
        let row = check_present(&entry, product, &rows)?;
        let state = row.state;
        if state == ProductState::ConsentRequired || connection.condition.status.needs_customer() {
            return Err(self.linking.needs_customer(tx, &connection).await?);
        }
        if state == ProductState::Unavailable {
            let reason = row.reason.map_or("UNKNOWN", |reason| reason.as_str());
            let detail = format!(
                "{product} cannot be had of this connection ({reason}). GET /connections/{{id}} shows it among productStates."
            );
            return Err(Problem::new(Code::ProductNotPresent, detail));
        }
        let credential = tx
            .credential(id)
            .await?
            .ok_or_else(|| Problem::new(Code::ConnectionNotLinked, connection.condition.sentence()))?;
        Ok(Ready { credential, entry, state })
    }
}

/// The product's row, where it stands in a fetched array.
pub(super) fn check_present<'a>(
    entry: &Entry,
    product: Product,
    rows: &'a [ConnectionProduct],
) -> Result<&'a ConnectionProduct, Problem> {
    let is_present =
        |row: &&ConnectionProduct| row.product == product && row.placement.is_some_and(Placement::is_fetched);
    rows.iter().find(is_present).ok_or_else(|| {
        // Beside what has a link of its own, nothing can be added (B7).
        let is_alone = placements(rows).alone().is_some();
        not_present(product, if is_alone { AfterLink::Never } else { after_link(entry.id(), product) })
    })
}

/// The connection lacks the product: how it gets there (C1, C4, C5).
fn not_present(product: Product, way: AfterLink) -> Problem {
    let (remedy, how) = match way {
        AfterLink::Call => {
            ("ADD_FIRST", format!("Add it by POST /connections/{{id}}/products with products [\"{product}\"]."))
        }
        AfterLink::Repair => (
            "REPAIR",
            format!(
                "Add it by POST /connections/{{id}}/products with products [\"{product}\"]; the customer consents in a repair (POST /connections/{{id}}/repair)."
            ),
        ),
        AfterLink::Never => {
            ("NEW_CONNECTION", "It can be had at link time only: start a new connection with it.".to_owned())
        }
    };
    Problem::new(Code::ProductNotPresent, format!("The connection does not have {product}. {how}"))
        .with("remedy", remedy)
}
