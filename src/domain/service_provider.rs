//! The upstream data networks.

wire_enum! {
    /// An upstream data network.
    pub enum ServiceProvider {
        /// Plaid.
        Plaid = "PLAID",
        /// Finicity (Mastercard Open Finance US).
        Finicity = "FINICITY",
        /// MX.
        Mx = "MX",
        /// Yodlee.
        Yodlee = "YODLEE",
        /// Salt Edge, Open Banking client.
        SaltEdge = "SALT_EDGE",
        /// Salt Edge, Partners client.
        SaltEdgePartners = "SALT_EDGE_PARTNERS",
        /// Mesh.
        Mesh = "MESH",
        /// Akoya.
        Akoya = "AKOYA",
        /// finAPI.
        FinApi = "FINAPI",
    }
}
