//! Kinds of data, and what became of each on a connection.

wire_enum! {
    /// A kind of data that can be had from a connection.
    pub enum Product {
        /// What the accounts hold.
        Balances = "BALANCES",
        /// Full account and routing numbers.
        Identifiers = "IDENTIFIERS",
        /// The people behind the accounts.
        Owners = "OWNERS",
        /// Movements of deposit, card and loan accounts.
        Transactions = "TRANSACTIONS",
        /// Securities held.
        InvestmentHoldings = "INVESTMENT_HOLDINGS",
        /// Trades and other movements of investment accounts.
        InvestmentTransactions = "INVESTMENT_TRANSACTIONS",
        /// Terms of cards, mortgages and student loans.
        Liabilities = "LIABILITIES",
        /// Asset reports (one provider only).
        Assets = "ASSETS",
        /// Bank statements as documents (one provider only).
        Statements = "STATEMENTS",
        /// Income (one provider only).
        Income = "INCOME",
        /// Return-risk scores of payments (one provider only).
        Signal = "SIGNAL",
        /// Identity verification (one provider only).
        IdentityVerification = "IDENTITY_VERIFICATION",
        /// Payment initiation (one provider only).
        PaymentInitiation = "PAYMENT_INITIATION",
        /// Consumer reports (one provider only).
        ConsumerReport = "CONSUMER_REPORT",
    }
}

impl Product {
    /// The kinds that every provider may have; the others come from one provider only (rules, section C).
    pub const COMMON: [Self; 7] = [
        Self::Balances,
        Self::Identifiers,
        Self::Owners,
        Self::Transactions,
        Self::InvestmentHoldings,
        Self::InvestmentTransactions,
        Self::Liabilities,
    ];

    /// Whether every provider may have this kind of data.
    pub fn is_common(self) -> bool {
        Self::COMMON.contains(&self)
    }

    /// Whether its link is its own, and brings a result but no login (B7): no accounts, nothing that could be refreshed, repaired or added.
    pub fn stands_alone(self) -> bool {
        matches!(self, Self::IdentityVerification | Self::PaymentInitiation)
    }

    /// Whether it is had of an institution, which the customer chooses, and not of the customer alone.
    pub fn is_of_institution(self) -> bool {
        self != Self::IdentityVerification
    }

    /// Whether its first fetch goes on in the background because it has a history (B10).
    pub fn has_history(self) -> bool {
        matches!(self, Self::Transactions | Self::InvestmentTransactions)
    }
}

wire_enum! {
    /// The last result for a product, independent of the connection's status.
    pub enum ProductState {
        /// Consent only; nothing is fetched.
        Consented = "CONSENTED",
        /// Asked for, not there yet.
        Pending = "PENDING",
        /// Data is there.
        Available = "AVAILABLE",
        /// Cannot be had here; the reason says why.
        Unavailable = "UNAVAILABLE",
        /// The customer must agree first, in a repair.
        ConsentRequired = "CONSENT_REQUIRED",
        /// The last fetch failed; it is tried again.
        Failed = "FAILED",
    }
}

wire_enum! {
    /// Why a product is not available (B2, C8).
    pub enum ProductReason {
        /// The institution does not have it.
        InstitutionUnsupported = "INSTITUTION_UNSUPPORTED",
        /// No account of the connection suits it.
        NoCompatibleAccount = "NO_COMPATIBLE_ACCOUNT",
        /// The customer did not share an account that suits it.
        NotShared = "NOT_SHARED",
        /// The customer withheld the permission.
        PermissionDenied = "PERMISSION_DENIED",
        /// The institution lacks the instant flow (B3), or the customer took the way of deposits instead (B7).
        NoInstantFlow = "NO_INSTANT_FLOW",
        /// The customer's consent does not cover it yet.
        ConsentMissing = "CONSENT_MISSING",
        /// The customer must log in again first.
        LoginRequired = "LOGIN_REQUIRED",
        /// The provider is still preparing it.
        NotReady = "NOT_READY",
        /// The institution or the provider failed.
        ProviderError = "PROVIDER_ERROR",
        /// Micro-deposits wait for the customer (B16).
        VerificationPending = "VERIFICATION_PENDING",
        /// Micro-deposits were not confirmed: only a new connection helps (B16).
        VerificationFailed = "VERIFICATION_FAILED",
        /// This provider does not have it.
        ProviderUnsupported = "PROVIDER_UNSUPPORTED",
        /// It was removed from the connection (A15).
        Removed = "REMOVED",
    }
}

impl ProductReason {
    /// Whether the institution brings it to no connection that is linked, whoever agrees (A6, C6).
    pub fn is_for_good(self) -> bool {
        matches!(self, Self::InstitutionUnsupported | Self::NoInstantFlow)
    }
}
