//! Categories of transactions. Yodlee's own have fixed names, of which the newer editions of its list changed some; a customer can add others,
//! whose coarse kind is known.

use crate::domain::transaction::Category;

use Category::{
    BankFees, Entertainment, FoodAndDrink, GeneralMerchandise, GeneralServices, GovernmentAndNonProfit,
    HomeImprovement, Income, LoanPayments, Medical, Other, PersonalCare, RentAndUtilities, TransferIn, TransferOut,
    Transportation, Travel, Unidentified,
};

/// Names without spaces, as these differ from edition to edition.
const NAMES: &[(Category, &[&str])] = &[
    (
        Income,
        &[
            "Salary/RegularIncome",
            "Investment/RetirementIncome",
            "InterestIncome",
            "OtherIncome",
            "Rewards",
            "Refunds/Adjustments",
            "ExpenseReimbursement",
            "Sales/ServicesIncome",
            "ConsultingIncome",
            "Services",
        ],
    ),
    (LoanPayments, &["CreditCardPayments", "Loans", "Mortgage", "Mortgages"]),
    (TransferIn, &["Deposits"]),
    (TransferOut, &["ATM/CashWithdrawals", "Savings", "RetirementContributions", "SecuritiesTrades", "WiresTransfer"]),
    (BankFees, &["ServiceCharges/Fees"]),
    (Entertainment, &["Entertainment/Recreation", "Hobbies", "Subscriptions/Renewals", "Dues&Subscriptions"]),
    (FoodAndDrink, &["Groceries", "Restaurants", "Restaurants/Dining"]),
    (
        GeneralMerchandise,
        &[
            "Electronics/GeneralMerchandise",
            "Electronics",
            "GeneralMerchandise",
            "Clothing/Shoes",
            "Gifts",
            "OfficeExpenses",
            "OfficeSupplies",
            "OnlineServices",
        ],
    ),
    (HomeImprovement, &["HomeImprovement", "HomeMaintenance"]),
    (Medical, &["Healthcare/Medical"]),
    (PersonalCare, &["Personal/Family", "PersonalCare"]),
    (
        GeneralServices,
        &[
            "Services/Supplies",
            "Insurance",
            "Education",
            "Child/DependentExpenses",
            "Child/Dependent",
            "Pets/PetCare",
            "PetCare",
            "Postage/Shipping",
            "PostageandShipping",
            "Printing",
            "Advertising",
        ],
    ),
    (GovernmentAndNonProfit, &["Taxes", "CharitableGiving"]),
    (Transportation, &["Automotive/Fuel", "AutomotiveExpenses", "Gasoline/Fuel"]),
    (Travel, &["Travel"]),
    (
        RentAndUtilities,
        &["Utilities", "Rent", "Cable/Satellite/Telecom", "Cable/Satellite", "Telephone", "TelephoneServices"],
    ),
    (Other, &["OtherExpenses", "OtherBills", "CheckPayment", "Checks", "Uncategorized", "BusinessMiscellaneous"]),
];

/// What a transaction is for.
pub fn category(name: Option<&str>, kind: Option<&str>, money_out: bool) -> Category {
    let name: String = name.unwrap_or_default().chars().filter(|c| !c.is_whitespace()).take(100).collect();
    let transfer = if money_out { TransferOut } else { TransferIn };
    if name == "Transfers" || name == "Transfer" {
        return transfer;
    }
    if let Some((ours, _)) = NAMES.iter().find(|(_, names)| names.contains(&name.as_str())) {
        return *ours;
    }
    match kind {
        Some("INCOME" | "DEFERRED_COMPENSATION") => Income,
        Some("TRANSFER") => transfer,
        Some("LOAN") => LoanPayments,
        Some("EXPENSE") => Unidentified,
        Some("UNCATEGORIZE") | None => Other,
        Some(_) => Unidentified,
    }
}
