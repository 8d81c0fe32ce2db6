//! Removing a product from a connection (rule A15): whether it may go, and what becomes of its data and of its bill.

use super::placement::{Placement, Placements};
use super::plan::Billing;
use super::product::Product;

wire_enum! {
    /// What becomes of the data that was fetched for a product which is removed.
    pub enum RemovedData {
        /// It stays as it is and can be read, but is not updated.
        Keep = "KEEP",
        /// It is erased at once.
        Erase = "ERASE",
    }
}

wire_enum! {
    /// What becomes of the provider's bill for a product which is removed.
    pub enum BillingAfter {
        /// It is billed for what is fetched, and nothing is fetched any more.
        Stopped = "STOPPED",
        /// It may be billed until the connection is deleted.
        Continues = "CONTINUES_UNTIL_CONNECTION_DELETED",
    }
}

/// Why a product cannot be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unremovable {
    /// It stands in none of the arrays.
    NotThere,
    /// It is the last of the required ones.
    LastRequired,
}

/// Whether the product may be removed: where it stands now.
pub fn judge_removal(placements: &Placements, product: Product) -> Result<Placement, Unremovable> {
    let placement = placements.of(product).ok_or(Unremovable::NotThere)?;
    let is_last = placement == Placement::Required && placements.products.len() == 1;
    if is_last { Err(Unremovable::LastRequired) } else { Ok(placement) }
}

/// What becomes of the bill. What a provider says to bill call by call ends with the calls; an enrolment, a subscription or a
/// contract without prices by product is counted on until the connection is deleted.
pub fn billing_after(billing: Billing, bills_until_deleted: bool) -> BillingAfter {
    match billing {
        _ if bills_until_deleted => BillingAfter::Continues,
        Billing::PerCall | Billing::Never => BillingAfter::Stopped,
        Billing::AtLink | Billing::AtFirstUse | Billing::ByContract => BillingAfter::Continues,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrays(products: &[(Product, Placement)]) -> Placements {
        let mut placements = Placements::default();
        products.iter().for_each(|&(product, placement)| placements.put(product, placement));
        placements
    }

    #[test]
    fn a15_only_the_last_required_product_has_to_stay() {
        use Placement::{AdditionalConsented, Optional, Required, RequiredIfSupported};
        for other in [RequiredIfSupported, Optional, AdditionalConsented] {
            let placed = arrays(&[(Product::Transactions, Required), (Product::Owners, other)]);
            assert_eq!(judge_removal(&placed, Product::Owners), Ok(other));
            assert_eq!(judge_removal(&placed, Product::Transactions), Err(Unremovable::LastRequired));
            assert_eq!(judge_removal(&placed, Product::Balances), Err(Unremovable::NotThere));
        }
        let both = arrays(&[(Product::Transactions, Required), (Product::Owners, Required)]);
        assert_eq!(judge_removal(&both, Product::Transactions), Ok(Required));
    }

    #[test]
    fn a15_only_what_is_billed_by_the_call_is_said_to_stop() {
        for &billing in Billing::ALL {
            let stops = matches!(billing, Billing::PerCall | Billing::Never);
            let expected = if stops { BillingAfter::Stopped } else { BillingAfter::Continues };
            assert_eq!(billing_after(billing, false), expected, "{billing}");
            assert_eq!(billing_after(billing, true), BillingAfter::Continues, "{billing}");
        }
    }
}
