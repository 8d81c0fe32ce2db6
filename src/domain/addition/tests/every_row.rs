//! Every provider × product × set of fetched products, against the rules told a second time.

use super::*;

/// The six columns of the published table.
const PUBLISHED: [Product; 6] =
    [Identifiers, Owners, Balances, Transactions, InvestmentHoldings, InvestmentTransactions];

/// What a single addition is answered: its outcome, or its refusal.
type Answer = Result<Outcome, (RefusalCode, Remedy)>;

/// Rule A3 with section C, as a person would read it.
fn expected(provider: ServiceProvider, product: Product, present: &BTreeSet<Product>) -> Answer {
    let remedy = if offered(provider).contains(&product) { Remedy::Repair } else { Remedy::NewConnection };
    let unsupported = Err((RefusalCode::UnsupportedByProvider, remedy));
    let needs = |any_of: &[Product], reachable: bool| {
        if any_of.iter().any(|needed| present.contains(needed)) {
            Ok(Outcome::Added)
        } else {
            Err((RefusalCode::PrerequisiteMissing, if reachable { Remedy::AddFirst } else { Remedy::Repair }))
        }
    };
    let has = |product| present.contains(&product);
    if has(product) {
        return Ok(Outcome::AlreadyPresent);
    }
    match (provider, product) {
        (Plaid, IdentityVerification | PaymentInitiation) => {
            Err((RefusalCode::NotAddableAfterLink, Remedy::NewConnection))
        }
        (Plaid, Assets | Statements | Income | Product::ConsumerReport) => Ok(Outcome::RepairRequired),
        (Plaid, _) => Ok(Outcome::Added),
        (_, product) if !product.is_common() => Err((RefusalCode::UnsupportedByProvider, Remedy::NewConnection)),
        (Finicity, _) => Ok(Outcome::Added),
        (_, Liabilities) => unsupported,
        (Akoya, _) => Ok(Outcome::Added),
        (FinApi, InvestmentTransactions) => unsupported,
        (FinApi, _) => Ok(Outcome::Added),
        (Mx, Transactions) => needs(&[InvestmentTransactions], has(InvestmentHoldings)),
        (Mx, InvestmentHoldings) => needs(&[InvestmentTransactions], has(Transactions)),
        (Mx, InvestmentTransactions) => needs(&[Transactions, InvestmentHoldings], false),
        (Mx | Yodlee | SaltEdge | SaltEdgePartners | Mesh, _) => unsupported,
    }
}

#[test]
fn a3_every_provider_product_and_set_of_present_products() {
    let mut walked = 0;
    for &provider in ServiceProvider::ALL {
        for bits in 0..1_u32 << PUBLISHED.len() {
            let present: BTreeSet<Product> =
                PUBLISHED.into_iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, one)| one).collect();
            let case = present.iter().fold(at(provider), |case, &one| case.with(one, Placement::Required));
            for &product in Product::ALL {
                let answer = match case.judge(&[product]) {
                    Ok(accepted) => Ok(accepted[0].outcome),
                    Err(refused) => Err((refused[0].code, refused[0].remedy)),
                };
                assert_eq!(answer, expected(provider, product, &present), "{provider} {product} {present:?}");
                walked += 1;
            }
        }
    }
    assert_eq!(walked, 9 * 64 * 14);
}
