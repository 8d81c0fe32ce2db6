//! What happened to a connection, as its tenant is told.

wire_enum! {
    /// The kinds of events; the spelling is the contract's.
    pub enum EventType {
        /// The credential is stored; data follows.
        ConnectionCompleted = "connection.completed",
        /// The status changed.
        ConnectionStatusChanged = "connection.status_changed",
        /// A repair session succeeded.
        ConnectionRepaired = "connection.repaired",
        /// Well again.
        ConnectionRecovered = "connection.recovered",
        /// Products were added, moved or removed.
        ConnectionProductsChanged = "connection.products_changed",
        /// A product's state changed.
        ConnectionProductStateChanged = "connection.product_state_changed",
        /// The customer's consent ends soon.
        ConnectionConsentExpiring = "connection.consent_expiring",
        /// Deleted.
        ConnectionDeleted = "connection.deleted",
        /// The customer has accounts that are not shared yet.
        ConnectionNewAccountsAvailable = "connection.new_accounts_available",
        /// Another provider serves the connection now.
        ConnectionProviderChanged = "connection.provider_changed",
        /// Accounts were added or changed.
        AccountsUpdated = "accounts.updated",
        /// Accounts are no longer shared.
        AccountsRemoved = "accounts.removed",
        /// Full account numbers stopped working.
        AccountsIdentifiersRevoked = "accounts.identifiers_revoked",
        /// Transactions were added, changed or removed.
        TransactionsAggregated = "transactions.aggregated",
        /// The whole history is there.
        TransactionsHistoricalAggregated = "transactions.historical_aggregated",
        /// Holdings were read anew.
        HoldingsUpdated = "holdings.updated",
        /// An asset report is there, or could not be made.
        AssetReportsUpdated = "asset_reports.updated",
        /// Statements were listed that were not there before.
        StatementsUpdated = "statements.updated",
        /// A payment's status changed.
        PaymentUpdated = "payment.updated",
        /// The status of an identity verification changed.
        IdentityVerificationUpdated = "identity_verification.updated",
        /// An institution's health changed.
        InstitutionHealthChanged = "institution.health_changed",
        /// A test of a webhook endpoint.
        WebhookTest = "webhook.test",
    }
}
