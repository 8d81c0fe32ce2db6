//! Categories of transactions: `Categories` of the official description, which is an open list.

use crate::domain::transaction::Category as C;

/// Finicity's categories.
const CATEGORIES: &[(C, &[&str])] = &[
    (
        C::Income,
        &[
            "Bonus",
            "Deposit",
            "Dividend & Cap Gains",
            "Income",
            "Interest Income",
            "Paycheck",
            "Reimbursement",
            "Child Support",
        ],
    ),
    (
        C::LoanPayments,
        &["Auto Payment", "Credit Card Payment", "Loan Payment", "Loan Principal", "Loans", "Student Loan"],
    ),
    (
        C::BankFees,
        &[
            "ATM Fee",
            "Bank Fee",
            "Fees & Charges",
            "Finance Charge",
            "Late Fee",
            "Loan Fees and Charges",
            "Loan Interest",
            "Low Balance",
            "Service Fee",
            "Trade Commissions",
        ],
    ),
    (
        C::Entertainment,
        &[
            "Amusement",
            "Arts",
            "Entertainment",
            "Hobbies",
            "Movies & DVDs",
            "Music",
            "Newspapers & Magazines",
            "Sports",
            "Streaming Services",
            "Television",
        ],
    ),
    (C::FoodAndDrink, &["Alcohol & Bars", "Coffee Shops", "Fast Food", "Food & Dining", "Groceries", "Restaurants"]),
    (
        C::GeneralMerchandise,
        &[
            "Allowance",
            "Baby Supplies",
            "Books",
            "Books & Supplies",
            "Clothing",
            "Electronics & Software",
            "Gift",
            "Kids",
            "Office Supplies",
            "Pet Food & Supplies",
            "Pets",
            "Shopping",
            "Sporting Goods",
            "Toys",
        ],
    ),
    (
        C::HomeImprovement,
        &["Furnishings", "Home", "Home Improvement", "Home Services", "Home Supplies", "Lawn & Garden"],
    ),
    (C::Medical, &["Dentist", "Doctor", "Eyecare", "Health & Fitness", "Pharmacy", "Veterinary"]),
    (C::PersonalCare, &["Gym", "Hair", "Laundry", "Personal Care", "Pet Grooming", "Spa & Massage"]),
    (
        C::GeneralServices,
        &[
            "Advertising",
            "Auto Insurance",
            "Babysitter & Daycare",
            "Business Services",
            "Education",
            "Financial",
            "Financial Advisor",
            "Health Insurance",
            "Home Insurance",
            "Kids Activities",
            "Legal",
            "Life Insurance",
            "Loan Insurance",
            "Printing",
            "Service & Parts",
            "Shipping",
            "Tuition",
        ],
    ),
    (
        C::GovernmentAndNonProfit,
        &[
            "Charity",
            "Federal Tax",
            "Gifts & Donations",
            "Local Tax",
            "Property Tax",
            "Sales Tax",
            "State Tax",
            "Taxes",
        ],
    ),
    (C::Transportation, &["Auto & Transport", "Gas & Fuel", "Parking", "Public Transportation", "Rental Car & Taxi"]),
    (C::Travel, &["Air Travel", "Hotel", "Travel", "Vacation"]),
    (
        C::RentAndUtilities,
        &[
            "Bills & Utilities",
            "Home Phone",
            "Internet",
            "Internet / Broadband Charges",
            "Mobile Phone",
            "Mortgage & Rent",
            "Utilities",
        ],
    ),
    (C::Other, &["Buy", "Cash & ATM", "Check", "Investments", "Sell", "Uncategorized"]),
];

/// Our category for Finicity's. A transfer is one in or out by its amount.
pub fn category(finicity: Option<&str>, money_out: bool) -> C {
    let Some(finicity) = finicity else { return C::Other };
    if finicity.starts_with("Transfer") {
        return if money_out { C::TransferOut } else { C::TransferIn };
    }
    let found = CATEGORIES.iter().find(|(_, names)| names.iter().any(|name| name.eq_ignore_ascii_case(finicity)));
    found.map_or(C::Unidentified, |(ours, _)| *ours)
}

/// Finicity's category for ours; what a simulator writes.
#[cfg(feature = "sandbox")]
pub fn named(category: C) -> &'static str {
    match category {
        C::Income => "Paycheck",
        C::LoanPayments => "Loan Payment",
        C::BankFees => "Bank Fee",
        C::Entertainment => "Entertainment",
        C::FoodAndDrink => "Groceries",
        C::GeneralMerchandise => "Shopping",
        C::HomeImprovement => "Home Improvement",
        C::Medical => "Doctor",
        C::PersonalCare => "Personal Care",
        C::GeneralServices => "Business Services",
        C::GovernmentAndNonProfit => "Taxes",
        C::Transportation => "Gas & Fuel",
        C::Travel => "Travel",
        C::RentAndUtilities => "Utilities",
        C::TransferIn | C::TransferOut => "Transfer",
        C::Other | C::Unidentified => "Uncategorized",
    }
}
