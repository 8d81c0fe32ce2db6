//! Movements of deposit, card and loan accounts. Money out of the account is positive.

wire_enum! {
    /// How final a transaction is.
    pub enum TransactionStatus {
        /// May still change or vanish.
        Pending = "PENDING",
        /// Booked.
        Posted = "POSTED",
    }
}

wire_enum! {
    /// What a transaction is for; a closed list of our own.
    pub enum Category {
        /// Salary, benefits, interest and other income.
        Income = "INCOME",
        /// Money received from another account.
        TransferIn = "TRANSFER_IN",
        /// Money sent to another account.
        TransferOut = "TRANSFER_OUT",
        /// Repayment of a loan or card.
        LoanPayments = "LOAN_PAYMENTS",
        /// Fees of the bank.
        BankFees = "BANK_FEES",
        /// Leisure.
        Entertainment = "ENTERTAINMENT",
        /// Groceries, restaurants.
        FoodAndDrink = "FOOD_AND_DRINK",
        /// Goods.
        GeneralMerchandise = "GENERAL_MERCHANDISE",
        /// House and garden.
        HomeImprovement = "HOME_IMPROVEMENT",
        /// Health.
        Medical = "MEDICAL",
        /// Hair, sport, laundry.
        PersonalCare = "PERSONAL_CARE",
        /// Insurance, education, lawyers.
        GeneralServices = "GENERAL_SERVICES",
        /// Taxes, donations.
        GovernmentAndNonProfit = "GOVERNMENT_AND_NON_PROFIT",
        /// Fuel, tickets, parking.
        Transportation = "TRANSPORTATION",
        /// Flights, lodging.
        Travel = "TRAVEL",
        /// Rent, power, telephone.
        RentAndUtilities = "RENT_AND_UTILITIES",
        /// Something that no category fits.
        Other = "OTHER",
        /// A category that is new to us.
        Unidentified = "UNIDENTIFIED",
    }
}
