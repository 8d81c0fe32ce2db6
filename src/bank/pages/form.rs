//! What a customer filled in.

/// The fields of a posted form, in order; repeated names are kept.
#[derive(Clone, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// Reads an `application/x-www-form-urlencoded` body. Whatever is over 1,000 fields or 1,000 characters of a value is cut off.
    pub fn parse(body: &[u8]) -> Self {
        let fields = url::form_urlencoded::parse(body)
            .take(1000)
            .map(|(name, value)| (name.into_owned(), value.chars().take(1000).collect()))
            .collect();
        Self { fields }
    }

    /// The first value of that name, or the empty text.
    pub fn first(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Every value of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Form {
    /// Names only: a value may be a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.fields.iter().map(|(name, _)| name)).finish()
    }
}
