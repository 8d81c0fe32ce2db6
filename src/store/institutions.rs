//! The institution catalogue; it belongs to no tenant.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Result, Store, TenantTx};
use crate::domain::ids::InstitutionId;
use crate::domain::institution::{InstitutionHealth, ProviderInstitution, folded};
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;

/// An institution with what each provider has of it.
#[derive(Clone, Debug)]
pub struct Institution {
    /// Ours.
    pub id: InstitutionId,
    /// Its name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Home page.
    pub url: Option<String>,
    /// Logo.
    pub logo_url: Option<String>,
    /// ISO 3166 alpha-2.
    pub country_codes: Vec<String>,
    /// What each provider has of it.
    pub providers: Vec<InstitutionAtProvider>,
}

/// What a provider has of an institution.
#[derive(Clone, Debug)]
pub struct InstitutionAtProvider {
    /// Which provider.
    pub service_provider: ServiceProvider,
    /// Its id there.
    pub provider_institution_id: String,
    /// What can be had at link time.
    pub products: BTreeSet<Product>,
    /// Whether `IDENTIFIERS` come by the instant flow.
    pub instant_identifiers: bool,
    /// Whether the customer logs in at the institution's page.
    pub oauth: bool,
    /// How well it works.
    pub health: InstitutionHealth,
}

/// Which institutions are wanted.
#[derive(Clone, Debug, Default)]
pub struct InstitutionFilter {
    /// The name or a part of it, as people type it.
    pub query: Option<String>,
    /// All of these products at one provider.
    pub products: Vec<Product>,
    /// In one of these countries; empty = anywhere.
    pub country_codes: Vec<String>,
    /// At one of these providers; `None` = at any.
    pub service_providers: Option<Vec<ServiceProvider>>,
    /// Out of these.
    pub only: Option<Vec<InstitutionId>>,
}

/// How many institutions there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstitutionCount {
    /// At any provider, each once.
    pub total: u64,
    /// At each provider that has some.
    pub by_provider: BTreeMap<ServiceProvider, u64>,
}

/// A filter as SQL takes it; the providers are all, where none is named.
struct Sought {
    products: Vec<String>,
    providers: Vec<String>,
    only: Option<Vec<uuid::Uuid>>,
}

impl Sought {
    fn of(filter: &InstitutionFilter) -> Self {
        let providers = filter.service_providers.as_deref().unwrap_or(ServiceProvider::ALL);
        Self {
            products: filter.products.iter().map(|product| product.as_str().to_owned()).collect(),
            providers: providers.iter().map(|one| one.as_str().to_owned()).collect(),
            only: filter.only.as_ref().map(|only| only.iter().map(|id| id.0).collect()),
        }
    }
}

impl Store {
    /// Stores a page of a provider's institutions: new ones become institutions of ours, known ones are brought up to date.
    pub async fn put_institutions(
        &self,
        provider: ServiceProvider,
        page: &[ProviderInstitution],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        for institution in page {
            let known = sqlx::query_scalar!(
                "select institution_id from provider_institutions where service_provider = $1 and provider_institution_id = $2",
                provider.as_str(),
                institution.provider_institution_id
            )
            .fetch_optional(&mut *tx)
            .await?;
            let id = known.unwrap_or_else(|| InstitutionId::new().0);
            sqlx::query!(
                "insert into institutions (id, name, search_name, url, logo_url, country_codes) values ($1, $2, $6, $3, $4, $5)
                 on conflict (id) do update set name = excluded.name, search_name = excluded.search_name, url = excluded.url, logo_url = excluded.logo_url,
                    country_codes = excluded.country_codes, updated_at = now()",
                id,
                institution.name,
                institution.url,
                institution.logo_url,
                &institution.country_codes,
                folded(&institution.name)
            )
            .execute(&mut *tx)
            .await?;
            let products: Vec<String> =
                institution.products.iter().map(|product| product.as_str().to_owned()).collect();
            sqlx::query!(
                "insert into provider_institutions (service_provider, provider_institution_id, institution_id, products, instant_identifiers,
                    oauth, health, country_codes, seen_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 on conflict (service_provider, provider_institution_id) do update set products = excluded.products,
                    instant_identifiers = excluded.instant_identifiers, oauth = excluded.oauth, health = excluded.health,
                    country_codes = excluded.country_codes, seen_at = excluded.seen_at",
                provider.as_str(),
                institution.provider_institution_id,
                id,
                &products,
                institution.instant_identifiers,
                institution.oauth,
                institution.health.as_str(),
                &institution.country_codes,
                now
            )
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Keeps that a provider's list was read to its end.
    pub async fn mark_filled(&self, provider: ServiceProvider, now: DateTime<Utc>) -> Result<()> {
        sqlx::query!(
            "insert into catalogues (service_provider, filled_at) values ($1, $2)
             on conflict (service_provider) do update set filled_at = excluded.filled_at",
            provider.as_str(),
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Whether all institutions of these providers are here: each list was read to its end, and has some.
    pub async fn lists_are_whole(&self, providers: &[ServiceProvider]) -> Result<bool> {
        let providers: Vec<String> = providers.iter().map(|one| one.as_str().to_owned()).collect();
        Ok(sqlx::query_scalar!(
            r#"select not exists (select from unnest($1::text[]) asked (provider)
                where not exists (select from catalogues c where c.service_provider = asked.provider)
                   or not exists (select from provider_institutions p where p.service_provider = asked.provider)) as "all!""#,
            &providers
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Whether each of these providers has an institution here.
    pub async fn has_institutions_of(&self, providers: impl Iterator<Item = ServiceProvider>) -> Result<bool> {
        for provider in providers {
            let of_it = InstitutionFilter { service_providers: Some(vec![provider]), ..InstitutionFilter::default() };
            if !self.has_institution(&of_it).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether any institution fits the filter; its query does not count.
    pub async fn has_institution(&self, filter: &InstitutionFilter) -> Result<bool> {
        let Sought { products, providers, only } = Sought::of(filter);
        Ok(sqlx::query_scalar!(
            r#"select exists (select from institutions i join provider_institutions p on p.institution_id = i.id
                where p.service_provider = any($1) and p.products @> $2
                  and (cardinality($3::text[]) = 0 or i.country_codes && $3) and ($4::uuid[] is null or i.id = any($4))) as "any!""#,
            &providers,
            &products,
            &filter.country_codes,
            only.as_deref()
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// How many institutions fit the filter, by provider and in all; its query does not count.
    pub async fn count_institutions(&self, filter: &InstitutionFilter) -> Result<InstitutionCount> {
        let Sought { products, providers, only } = Sought::of(filter);
        let rows = sqlx::query!(
            r#"select p.service_provider as "service_provider?: ServiceProvider", count(distinct i.id) as "count!"
             from institutions i join provider_institutions p on p.institution_id = i.id
             where p.service_provider = any($1) and p.products @> $2 and (cardinality($3::text[]) = 0 or i.country_codes && $3)
               and ($4::uuid[] is null or i.id = any($4))
             group by grouping sets ((p.service_provider), ())"#,
            &providers,
            &products,
            &filter.country_codes,
            only.as_deref()
        )
        .fetch_all(&self.pool)
        .await?;
        let mut counted = InstitutionCount::default();
        for row in rows {
            let count = u64::try_from(row.count).unwrap_or_default();
            match row.service_provider {
                Some(provider) => drop(counted.by_provider.insert(provider, count)),
                None => counted.total = count,
            }
        }
        Ok(counted)
    }

    /// A page of institutions, those that fit the query best first: the name itself, names that begin with it, a word that does,
    /// names that hold it, then those that hold its words as they are or nearly so. Case, accents and punctuation do not matter. Of the same
    /// name, in the order of the providers.
    pub async fn institutions(
        &self,
        filter: &InstitutionFilter,
        after: Option<InstitutionId>,
        limit: i64,
    ) -> Result<Vec<Institution>> {
        let Sought { products, providers, only } = Sought::of(filter);
        let query = filter.query.as_deref().map(folded).unwrap_or_default();
        let words: Vec<String> = query.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let ranking: Vec<String> = ServiceProvider::ALL.iter().map(|one| one.as_str().to_owned()).collect();
        let rows = sqlx::query!(
            r#"with fitting as (
                select i.id, i.name, i.aliases, i.url, i.logo_url, i.country_codes, case
                    when i.search_name = $1 or $1 = '' then 0
                    when starts_with(i.search_name, $1) then 100
                    when position(' ' || $1 in i.search_name) > 0 then 200
                    when position(replace($1, ' ', '') in replace(i.search_name, ' ', '')) > 0 then 300
                    else (select case when bool_and(has.it) then 400 when bool_and(has.it or has.nearly >= 0.5)
                            then 600 - round(100 * avg(has.nearly))::int end
                        from (select position(word in i.search_name) > 0, word_similarity(word, i.search_name)
                            from unnest($8::text[]) word) has (it, nearly))
                    end as distance, lower(i.name) as sorting,
                    (select min(array_position($9::text[], p.service_provider)) from provider_institutions p where p.institution_id = i.id) as rank
                from institutions i
                where (cardinality($2::text[]) = 0 or i.country_codes && $2) and ($7::uuid[] is null or i.id = any($7))
                  and exists (select from provider_institutions p where p.institution_id = i.id and p.products @> $3
                       and p.service_provider = any($4)))
             select id, name, aliases, url, logo_url, country_codes from fitting
             where distance is not null
               and ($5::uuid is null or (distance, sorting, rank, id) > (select distance, sorting, rank, id from fitting where id = $5))
             order by distance, sorting, rank, id limit $6"#,
            query,
            &filter.country_codes,
            &products,
            &providers,
            after.map(|id| id.0),
            limit,
            only.as_deref(),
            &words,
            &ranking
        )
        .fetch_all(&self.pool)
        .await?;
        let mut institutions: Vec<Institution> = rows
            .into_iter()
            .map(|row| Institution {
                id: row.id.into(),
                name: row.name,
                aliases: row.aliases,
                url: row.url,
                logo_url: row.logo_url,
                country_codes: row.country_codes,
                providers: Vec::new(),
            })
            .collect();
        self.add_providers(&mut institutions).await?;
        Ok(institutions)
    }

    /// One institution.
    pub async fn institution(&self, id: InstitutionId) -> Result<Option<Institution>> {
        let row =
            sqlx::query!("select name, aliases, url, logo_url, country_codes from institutions where id = $1", id.0)
                .fetch_optional(&self.pool)
                .await?;
        let Some(row) = row else { return Ok(None) };
        let mut found = [Institution {
            id,
            name: row.name,
            aliases: row.aliases,
            url: row.url,
            logo_url: row.logo_url,
            country_codes: row.country_codes,
            providers: Vec::new(),
        }];
        self.add_providers(&mut found).await?;
        Ok(found.into_iter().next())
    }

    /// Our institution behind a provider's id.
    pub async fn find_institution(
        &self,
        provider: ServiceProvider,
        provider_institution_id: &str,
    ) -> Result<Option<Institution>> {
        let id = sqlx::query_scalar!(
            "select institution_id from provider_institutions where service_provider = $1 and provider_institution_id = $2",
            provider.as_str(),
            provider_institution_id
        )
        .fetch_optional(&self.pool)
        .await?;
        match id {
            Some(id) => self.institution(InstitutionId(id)).await,
            None => Ok(None),
        }
    }

    async fn add_providers(&self, institutions: &mut [Institution]) -> Result<()> {
        let ids: Vec<_> = institutions.iter().map(|institution| institution.id.0).collect();
        let rows = sqlx::query!(
            r#"select institution_id, service_provider as "service_provider: ServiceProvider", provider_institution_id,
                products as "products: Vec<Product>", instant_identifiers, oauth, health as "health: InstitutionHealth"
             from provider_institutions where institution_id = any($1) order by service_provider"#,
            &ids
        )
        .fetch_all(&self.pool)
        .await?;
        for row in rows {
            if let Some(institution) =
                institutions.iter_mut().find(|institution| institution.id.0 == row.institution_id)
            {
                institution.providers.push(InstitutionAtProvider {
                    service_provider: row.service_provider,
                    provider_institution_id: row.provider_institution_id,
                    products: row.products.into_iter().collect(),
                    instant_identifiers: row.instant_identifiers,
                    oauth: row.oauth,
                    health: row.health,
                });
            }
        }
        Ok(())
    }
}

impl TenantTx {
    /// What a provider has of an institution; on this transaction's own connection.
    pub async fn institution_at(
        &mut self,
        provider: ServiceProvider,
        id: InstitutionId,
    ) -> Result<Option<InstitutionAtProvider>> {
        let row = sqlx::query!(
            r#"select provider_institution_id, products as "products: Vec<Product>", instant_identifiers, oauth,
                health as "health: InstitutionHealth"
             from provider_institutions where service_provider = $1 and institution_id = $2 limit 1"#,
            provider.as_str(),
            id.0
        )
        .fetch_optional(self.sql())
        .await?;
        Ok(row.map(|row| InstitutionAtProvider {
            service_provider: provider,
            provider_institution_id: row.provider_institution_id,
            products: row.products.into_iter().collect(),
            instant_identifiers: row.instant_identifiers,
            oauth: row.oauth,
            health: row.health,
        }))
    }
}
