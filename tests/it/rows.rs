//! Row-level security, the second lock: what the serving role can reach without the right tenant.

use serde_json::json;
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::support::{Key, TestApp, World};

/// Tables without a tenant, and why.
const SHARED: &[(&str, &str)] = &[
    ("_sqlx_migrations", "the migrations' own"),
    ("tenants", "the tenants themselves: a name, no data"),
    ("data_keys", "sealed by the key ring; one list for the installation"),
    ("institutions", "the catalogue is everybody's"),
    ("provider_institutions", "the catalogue is everybody's"),
    ("catalogues", "whose lists of institutions are here"),
    ("connection_leases", "a number and a time, by connection"),
    ("inbound_webhooks", "sealed, stored before the tenant is known"),
    (
        "provider_records",
        "sealed, the installation's own; a customer's is named by our id and asked for by the adapter alone",
    ),
    ("jobs", "the queue is served before the tenant is known; payloads hold ids"),
];

async fn names(database: &mut PgConnection, query: &'static str) -> Vec<String> {
    database.fetch_all(query).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Every table, partitions and partitioned ones too.
const TABLES: &str = "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1";

const WITH_TENANT: &str =
    "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1";

const LOCKED: &str = "select c.relname::text from pg_class c join pg_policy p on p.polrelid = c.oid and p.polcmd = '*' and p.polpermissive
    where c.relnamespace = 'public'::regnamespace and c.relrowsecurity
      and pg_get_expr(p.polqual, p.polrelid) = '(tenant_id = current_tenant())'
      and pg_get_expr(p.polwithcheck, p.polrelid) = '(tenant_id = current_tenant())' order by 1";

/// Something in every table.
async fn fill(app: &TestApp) {
    let world = World::of_sandbox(app).await;
    app.get(&format!("/accounts/{}/identifiers", world.id("accountId"))).await.expect(200);
    let everything =
        ["TRANSACTIONS", "IDENTIFIERS", "OWNERS", "INVESTMENT_HOLDINGS", "INVESTMENT_TRANSACTIONS", "LIABILITIES"];
    app.linked(json!({ "products": ["TRANSACTIONS"], "optionalProducts": &everything[1..] })).await;
    let headers = [("idempotency-key", "delete")];
    let path = format!("/connections/{}", world.id("connectionId"));
    app.call("DELETE", &path, Key::Sandbox, &headers, None).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_tenant_no_row_is_read_or_written() {
    let app = TestApp::new().await;
    fill(&app).await;
    let mut database = PgConnection::connect(&app.database_url).await.unwrap();
    let with_tenant = names(&mut database, WITH_TENANT).await;
    assert_eq!(with_tenant, names(&mut database, LOCKED).await, "a table with tenant_id is not locked");
    let mut shared = names(&mut database, TABLES).await;
    shared.retain(|table| !with_tenant.contains(table));
    let mut listed: Vec<_> = SHARED.iter().map(|(table, _)| (*table).to_owned()).collect();
    listed.sort();
    assert_eq!(shared, listed, "a table without tenant_id stands on the list, with its reason");
    let owned = "select count(*) from pg_roles r where r.rolname = 'linkspan_app' and (r.rolsuper or r.rolbypassrls)";
    assert_eq!(count_rows(&mut database, owned).await, 0);

    let mut filled = 0;
    let other = "set linkspan.tenant_id = '0198f2c4-6b1e-7c3a-9d52-3f0a8b7c6d5e'";
    for table in &with_tenant {
        let count = format!("select count(*) from {table}");
        filled += usize::from(count_rows(&mut database, &count).await > 0);
        database.execute("set role linkspan_app").await.unwrap();
        for tenant in [other, "reset linkspan.tenant_id"] {
            database.execute(tenant).await.unwrap();
            assert_eq!(count_rows(&mut database, &count).await, 0, "{table} is read after: {tenant}");
            for write in [format!("update {table} set tenant_id = tenant_id"), format!("delete from {table}")] {
                let done = database.execute(sqlx::AssertSqlSafe(write)).await.unwrap();
                assert_eq!(done.rows_affected(), 0, "{table} is written after: {tenant}");
            }
        }
        database.execute("reset role; reset linkspan.tenant_id").await.unwrap();
        // A row of the right tenant, written by the wrong one.
        let copy = format!(
            "begin; create temp table copy on commit drop as select * from {table} limit 1; grant select on copy to linkspan_app;
             set local role linkspan_app; {other}; insert into {table} overriding system value select * from copy"
        );
        let refused = database.execute(sqlx::AssertSqlSafe(copy)).await;
        if is_locked_out(refused) {
            database.execute("rollback").await.unwrap();
        } else {
            database.execute("rollback").await.unwrap();
            assert_eq!(count_rows(&mut database, &count).await, 0, "{table} took a row of another tenant");
        }
    }
    assert!(filled >= 17, "too few tables hold rows for this to say much: {filled}");
}

async fn count_rows(database: &mut PgConnection, query: &str) -> i64 {
    database.fetch_one(sqlx::AssertSqlSafe(query.to_owned())).await.unwrap().get(0)
}

/// Whether it was the policy that refused.
fn is_locked_out(done: Result<sqlx::postgres::PgQueryResult, sqlx::Error>) -> bool {
    match done {
        Ok(_) => false,
        Err(error) => {
            let error = error.into_database_error().expect("the database refused");
            assert_eq!(error.code().as_deref(), Some("42501"), "{error}");
            true
        }
    }
}
