//! The support matrix: which products can be added to an existing connection without the customer (rule A3), and what else of
//! the product rules differs from one provider to the next (A4, A6, C4, C5). Data; the rules that read it live in their own modules.

use std::collections::BTreeSet;
use std::fmt;

use super::product::Product;
use super::service_provider::ServiceProvider;

mod wording;

pub use wording::{elsewhere, lacking};

use Product::{
    Assets, Balances, ConsumerReport, Identifiers, IdentityVerification, Income, InvestmentHoldings,
    InvestmentTransactions, Liabilities, Owners, PaymentInitiation, Signal, Statements, Transactions,
};
use ServiceProvider::{Akoya, FinApi, Finicity, Mesh, Mx, Plaid, SaltEdge, SaltEdgePartners, Yodlee};

/// Whether a product can be added at a provider without the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Always.
    Yes,
    /// Never; a repair can still bring it, where the provider has it at all.
    No,
    /// If one of these is fetched already (A4).
    IfAny(&'static [Product]),
    /// Where the institution has the interface that loads it.
    IfInstitution,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes => f.write_str("yes"),
            Self::No => f.write_str("no"),
            Self::IfAny(products) => {
                let names: Vec<&str> = products.iter().map(|product| product.as_str()).collect();
                write!(f, "if {}", names.join(" or "))
            }
            Self::IfInstitution => f.write_str("where the bank has the interface that loads them"),
        }
    }
}

/// The matrix's columns, in the order of the published table.
pub const COLUMNS: [Product; 7] =
    [Identifiers, Owners, Balances, Transactions, InvestmentHoldings, InvestmentTransactions, Liabilities];

const YES: Cell = Cell::Yes;
const NO: Cell = Cell::No;
const IF_INST: Cell = Cell::IfInstitution;
const IF_IT: Cell = Cell::IfAny(&[InvestmentTransactions]);
const IF_T_IH: Cell = Cell::IfAny(&[Transactions, InvestmentHoldings]);
const IF_T: Cell = Cell::IfAny(&[Transactions]);

#[rustfmt::skip]
const ROWS: [(ServiceProvider, [Cell; 7]); 9] = [
    //                  IDENTIFIERS OWNERS   BALANCES TRANSACT. INV_HOLD. INV_TRANS. LIABILITIES
    (Finicity,         [YES,        YES,     YES,     YES,      YES,      YES,       YES]),
    (Plaid,            [YES,        YES,     YES,     YES,      YES,      YES,       YES]),
    (Yodlee,           [NO,         NO,      NO,      NO,       NO,       NO,        NO ]),
    (Mx,               [NO,         NO,      NO,      IF_IT,    IF_IT,    IF_T_IH,   NO ]),
    (SaltEdge,         [NO,         NO,      NO,      NO,       NO,       NO,        NO ]),
    (SaltEdgePartners, [NO,         NO,      NO,      NO,       NO,       NO,        NO ]),
    (Mesh,             [NO,         NO,      NO,      NO,       NO,       NO,        NO ]),
    (Akoya,            [YES,        YES,     YES,     YES,      YES,      YES,       NO ]),
    (FinApi,           [YES,        IF_INST, YES,     YES,      YES,      NO,        NO ]),
];

/// The products that one provider alone has, and how each gets onto a connection that is linked already.
const OF_ONE_PROVIDER: [(ServiceProvider, Product, AfterLink); 7] = [
    (Plaid, Assets, AfterLink::Repair),
    (Plaid, Statements, AfterLink::Repair),
    (Plaid, Income, AfterLink::Repair),
    (Plaid, ConsumerReport, AfterLink::Repair),
    (Plaid, Signal, AfterLink::Call),
    (Plaid, IdentityVerification, AfterLink::Never),
    (Plaid, PaymentInitiation, AfterLink::Never),
];

/// How a product gets onto a connection that is linked already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterLink {
    /// By calling its endpoint (C1), as far as the matrix and the customer's consent allow.
    Call,
    /// Only through the repair flow (C5).
    Repair,
    /// Not at all (C4).
    Never,
}

/// The provider that alone has the product, where only one does.
pub fn only_provider(product: Product) -> Option<ServiceProvider> {
    OF_ONE_PROVIDER.iter().find(|(_, exclusive, _)| *exclusive == product).map(|(owner, ..)| *owner)
}

/// How the product gets onto a linked connection at that provider.
pub fn after_link(provider: ServiceProvider, product: Product) -> AfterLink {
    OF_ONE_PROVIDER
        .iter()
        .find(|(owner, exclusive, _)| (*owner, *exclusive) == (provider, product))
        .map_or(AfterLink::Call, |(_, _, way)| *way)
}

/// The matrix's cell. A product of another provider alone, and one that cannot be added after the link at all, is a plain no.
pub fn cell(provider: ServiceProvider, product: Product) -> Cell {
    if let Some(column) = COLUMNS.iter().position(|&common| common == product) {
        let row = ROWS.iter().find(|(of, _)| *of == provider);
        return row.and_then(|(_, cells)| cells.get(column)).copied().unwrap_or(NO);
    }
    let owned = OF_ONE_PROVIDER.iter().any(|(owner, exclusive, _)| (*owner, *exclusive) == (provider, product));
    if owned && after_link(provider, product) != AfterLink::Never { YES } else { NO }
}

/// The cell by the stricter published note, where only what stood on the start call counts (A4, `original_call`).
pub fn original_call_cell(provider: ServiceProvider, product: Product) -> Cell {
    match (provider, product) {
        (Mx, InvestmentTransactions) => IF_T,
        _ => cell(provider, product),
    }
}

/// Whether an institution that the provider lists with these products has the asked one (A6).
pub fn institution_has(provider: ServiceProvider, listed: &BTreeSet<Product>, product: Product) -> bool {
    listed.contains(&product)
        || same_upstream(provider, product).is_some_and(|other| listed.contains(&other))
        || (provider, product) == (Plaid, Balances) && !listed.is_empty()
}

/// The other one, where the provider has two products as one (B6).
pub fn same_upstream(provider: ServiceProvider, product: Product) -> Option<Product> {
    match (provider, product) {
        (Plaid, InvestmentHoldings) => Some(InvestmentTransactions),
        (Plaid, InvestmentTransactions) => Some(InvestmentHoldings),
        _ => None,
    }
}

/// The rows, in the order of the published table; their cells are in that of the [columns](COLUMNS).
pub fn rows() -> impl Iterator<Item = (ServiceProvider, [Cell; 7])> {
    ROWS.into_iter()
}

/// The products that one provider alone has, and how each gets onto a connection that is linked already.
pub fn of_one_provider() -> impl Iterator<Item = (ServiceProvider, Product, AfterLink)> {
    OF_ONE_PROVIDER.into_iter()
}

/// The table of the README, in Markdown.
pub fn markdown() -> String {
    let line = |head: &str, cells: Vec<String>| format!("| {head} | {} |\n", cells.join(" | "));
    let mut table = line("", COLUMNS.iter().map(Product::to_string).collect()).replace("|  |", "| |");
    table.push_str(&format!("|{}\n", "---|".repeat(COLUMNS.len() + 1)));
    for (provider, cells) in &ROWS {
        table.push_str(&line(provider.as_str(), cells.iter().map(Cell::to_string).collect()));
    }
    table
}

#[cfg(test)]
mod tests;
