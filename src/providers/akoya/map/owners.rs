//! The people behind an account.

use crate::domain::account::{Address, Owner};
use crate::providers::akoya::wire;
use crate::providers::akoya::wire::contact::{Contacts, CurrentCustomer, Person};

use super::text;

/// How many names, numbers and addresses of a person, and people of an account, are kept.
const MOST_ENTRIES: usize = 50;

/// The holders of an account. What is known of the account and not of a person belongs to the first of them.
pub fn holders(answer: Contacts) -> Vec<Owner> {
    let people = answer.holders.into_iter().flatten().take(MOST_ENTRIES);
    let mut owners: Vec<Owner> = people.map(owner).collect();
    let of_account =
        owner(Person { name: None, addresses: answer.addresses, telephones: answer.telephones, email: answer.emails });
    match owners.first_mut() {
        Some(first) => {
            let fill = |own: &mut Vec<String>, common: Vec<String>| {
                if own.is_empty() {
                    *own = common;
                }
            };
            fill(&mut first.phone_numbers, of_account.phone_numbers);
            fill(&mut first.emails, of_account.emails);
            if first.addresses.is_empty() {
                first.addresses = of_account.addresses;
            }
        }
        None if of_account != Owner::default() => owners.push(of_account),
        None => {}
    }
    owners
}

/// Who logged in.
pub fn customer(answer: CurrentCustomer) -> Vec<Owner> {
    answer.customer.map(owner).filter(|owner| *owner != Owner::default()).into_iter().collect()
}

fn owner(person: Person) -> Owner {
    let name = person.name.unwrap_or_default();
    let parts: Vec<String> =
        [&name.first, &name.middle, &name.last, &name.suffix].into_iter().filter_map(text).collect();
    let whole = if parts.is_empty() { text(&name.company) } else { Some(parts.join(" ")) };
    let telephones = person.telephones.into_iter().flatten().take(MOST_ENTRIES);
    Owner {
        names: whole.into_iter().collect(),
        phone_numbers: telephones.filter_map(|one| text(&wire::Text(one.0))).collect(),
        emails: person.email.iter().flatten().take(MOST_ENTRIES).filter_map(text).collect(),
        addresses: person.addresses.into_iter().flatten().take(MOST_ENTRIES).map(address).collect(),
    }
}

fn address(address: wire::contact::Address) -> Address {
    let lines: Vec<String> = [&address.line1, &address.line2, &address.line3].into_iter().filter_map(text).collect();
    Address {
        street: (!lines.is_empty()).then(|| lines.join(", ")),
        city: text(&address.city),
        region: text(&address.region).or_else(|| text(&address.state)),
        postal_code: text(&address.postal_code),
        country: text(&address.country),
    }
}
