//! Categories of transactions. finAPI's own list is published nowhere in full and in the language of the client: names are looked for by
//! their beginnings, in German and English, first the category's, then that of the one above it.

use crate::domain::transaction::Category as Ours;
use crate::providers::finapi::wire::Category;

const NAMES: &[(Ours, &[&str])] = &[
    (Ours::Income, &["einnahmen", "gehalt", "lohn", "einkommen", "rente", "kindergeld", "zinsen", "income", "salary"]),
    (Ours::BankFees, &["bankgebühr", "gebühren", "kontoführung", "bank fee", "fees"]),
    (Ours::LoanPayments, &["kredit", "darlehen", "finanzierung", "ratenzahlung", "loan", "credit"]),
    (Ours::FoodAndDrink, &["lebensmittel", "restaurant", "gastronomie", "essen", "supermarkt", "groceries", "food"]),
    (Ours::Entertainment, &["freizeit", "unterhaltung", "hobby", "sport", "entertainment", "leisure"]),
    (Ours::HomeImprovement, &["baumarkt", "garten", "möbel", "home improvement", "do it yourself"]),
    (Ours::Medical, &["gesundheit", "arzt", "apotheke", "health", "medical"]),
    (Ours::PersonalCare, &["körperpflege", "drogerie", "friseur", "kosmetik", "personal care"]),
    (Ours::GovernmentAndNonProfit, &["steuer", "spende", "behörde", "taxes", "donation"]),
    (Ours::Transportation, &["mobilität", "verkehr", "tanken", "auto", "kfz", "öpnv", "transport", "mobility"]),
    (Ours::Travel, &["reise", "urlaub", "hotel", "flug", "travel", "vacation"]),
    (
        Ours::RentAndUtilities,
        &["miete", "wohnen", "strom", "gas", "telefon", "internet", "rent", "utilities", "living"],
    ),
    (Ours::GeneralServices, &["versicherung", "dienstleistung", "bildung", "insurance", "services", "education"]),
    (Ours::GeneralMerchandise, &["shopping", "einkauf", "kleidung", "elektronik", "versandhandel", "merchandise"]),
    (Ours::Other, &["sonstige", "other", "keine kategorie"]),
];

/// What a transaction is for.
pub fn category(category: Option<&Category>, money_out: bool) -> Ours {
    let Some(category) = category else { return Ours::Other };
    let names = [&category.name, &category.parent_name];
    let mut names = names.into_iter().flatten().map(|name| name.to_lowercase());
    names.find_map(|name| of_name(&name, money_out)).unwrap_or(Ours::Unidentified)
}

fn of_name(name: &str, money_out: bool) -> Option<Ours> {
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| name.starts_with(beginning));
    if begins(&["umbuchung", "überweisung", "bargeld", "sparen", "geldanlage", "transfer", "cash", "saving"]) {
        return Some(if money_out { Ours::TransferOut } else { Ours::TransferIn });
    }
    NAMES.iter().find(|(_, beginnings)| begins(beginnings)).map(|(ours, _)| *ours)
}
