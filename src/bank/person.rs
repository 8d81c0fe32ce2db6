//! The people behind the accounts. Telephone numbers and mail addresses are from the ranges that belong to nobody.

use super::random::Key;
use crate::domain::account::{Address, Owner};

const FIRST: &[&str] = &[
    "Alice", "Amara", "Ben", "Carla", "Chidi", "Dana", "Diego", "Elena", "Emil", "Farah", "Felix", "Grace", "Hana",
    "Hugo", "Ines", "Ivan", "Jonas", "Julia", "Kai", "Lena", "Louis", "Maya", "Mateo", "Nadia", "Noah", "Olga",
    "Oscar", "Priya", "Quinn", "Rosa", "Samir", "Sofia", "Tara", "Theo", "Uma", "Victor", "Wanda", "Yara", "Yusuf",
    "Zoe",
];
const LAST: &[&str] = &[
    "Abara",
    "Almeida",
    "Bauer",
    "Bergstrom",
    "Brooks",
    "Castillo",
    "Chen",
    "Costa",
    "Dubois",
    "Eriksen",
    "Farrell",
    "Fischer",
    "Garcia",
    "Haddad",
    "Hughes",
    "Ito",
    "Jansen",
    "Kaplan",
    "Kowalski",
    "Lambert",
    "Lopez",
    "Marino",
    "Mbeki",
    "Moreau",
    "Nakamura",
    "Novak",
    "Okafor",
    "Patel",
    "Quigley",
    "Rossi",
    "Sato",
    "Schmidt",
    "Silva",
    "Tanaka",
    "Ueda",
    "Varga",
    "Walsh",
    "Weber",
    "Yilmaz",
    "Zhang",
];
const STREETS: &[&str] = &[
    "Alder Street",
    "Bridge Road",
    "Chestnut Avenue",
    "Garden Lane",
    "Harbor View",
    "Mill Road",
    "Station Road",
    "Sunset Drive",
];

/// City, region and postal code.
type City = (&'static str, &'static str, &'static str);

const CITIES: &[(&str, &[City])] = &[
    (
        "US",
        &[
            ("Malakoff", "NY", "14236"),
            ("San Matias", "CA", "93405"),
            ("Cedar Falls", "IA", "50613"),
            ("Port Clinton", "OH", "43452"),
        ],
    ),
    ("CA", &[("Guelph", "ON", "N1G 2W1"), ("Rimouski", "QC", "G5L 1A1")]),
    ("GB", &[("Ludlow", "Shropshire", "SY8 1AA"), ("Whitby", "North Yorkshire", "YO21 1YN")]),
    ("IE", &[("Kinsale", "Cork", "P17 AE02")]),
    ("DE", &[("Lindau", "Bayern", "88131")]),
    ("FR", &[("Niort", "Nouvelle-Aquitaine", "79000")]),
    ("ES", &[("Ronda", "Andalucía", "29400")]),
    ("NL", &[("Zutphen", "Gelderland", "7201 AA")]),
];

/// The person with that key.
pub(super) fn person(key: Key, country: &str) -> Owner {
    let mut draw = key.name("person").draw();
    let first = draw.pick(FIRST).copied().unwrap_or_default();
    let last = draw.pick(LAST).copied().unwrap_or_default();
    let phone = match country {
        "US" | "CA" => format!("+1 555 555 01{:02}", draw.below(100)),
        "GB" => format!("+44 7700 900{:03}", draw.below(1000)),
        _ => format!("+353 20 91{:05}", draw.below(100_000)),
    };
    Owner {
        names: vec![format!("{first} {last}")],
        phone_numbers: vec![phone],
        emails: vec![format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase())],
        addresses: vec![address(key, country)],
    }
}

/// Where the person with that key lives.
pub(super) fn address(key: Key, country: &str) -> Address {
    let mut draw = key.name("address").draw();
    let street = draw.pick(STREETS).copied().unwrap_or_default();
    let cities = CITIES.iter().find(|(code, _)| *code == country).map(|(_, cities)| *cities).unwrap_or_default();
    let (city, region, postal_code) = draw.pick(cities).copied().unwrap_or_default();
    Address {
        street: Some(format!("{} {street}", draw.between(1, 4900))),
        city: Some(city.to_owned()),
        region: Some(region.to_owned()),
        postal_code: Some(postal_code.to_owned()),
        country: Some(country.to_owned()),
    }
}
