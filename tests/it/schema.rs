//! The schema in the database and the schema in the code are the same, and every part of it is explained.

use std::collections::BTreeSet;

use connectors::schema::TABLES;
use convene::warehouse::Warehouse;
use sqlx::PgPool;

use crate::support::postgres::Database;

/// Columns that every table has beside its typed ones.
const ENGINE: [(&str, &str); 11] = [
    ("source", "text"),
    ("id", "text"),
    ("raw", "jsonb"),
    ("content_hash", "bytea"),
    ("fetched_at", "timestamp with time zone"),
    ("first_seen_at", "timestamp with time zone"),
    ("changed_at", "timestamp with time zone"),
    ("deleted_at", "timestamp with time zone"),
    ("slice_id", "bigint"),
    ("context", "jsonb"),
    ("generation", "integer"),
];

#[tokio::test]
async fn every_column_of_the_code_is_in_the_database_and_none_besides() {
    let database = Database::new().await;
    let pool = database.pool().await;
    let known: BTreeSet<String> = TABLES.iter().map(|table| table.name.to_owned()).collect();
    assert_eq!(strings(&pool, "select table_name::text from information_schema.tables where table_schema = 'warehouse' and table_type = 'BASE TABLE'").await, known);
    for table in TABLES {
        let typed = table
            .columns
            .iter()
            .map(|column| (column.name, long_name(column.kind.sql())));
        let wanted: BTreeSet<String> = typed
            .chain(ENGINE)
            .map(|(name, kind)| format!("{name} {kind}"))
            .collect();
        let query = format!(
            "select column_name || ' ' || data_type from information_schema.columns where table_schema = 'warehouse' and table_name = '{}'",
            table.name
        );
        assert_eq!(strings(&pool, &query).await, wanted, "{}", table.name);
    }
}

#[tokio::test]
async fn nothing_is_left_uncommented() {
    let database = Database::new().await;
    let pool = database.pool().await;
    let bare = "select n.nspname || '.' || c.relname || coalesce('.' || a.attname, '')
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace and n.nspname in ('warehouse', 'sync', 'marts', 'history', 'people')
        cross join lateral (select null::name as attname, 0::smallint as attnum
            union all select attname, attnum from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as a
        where c.relkind in ('r', 'v', 'm', 'p') and col_description(c.oid, a.attnum) is null
            and (a.attnum > 0 or obj_description(c.oid, 'pg_class') is null)
            -- The columns of the migrations' own table belong to sqlx.
            and not (n.nspname = 'sync' and c.relname = 'schema' and a.attnum > 0)
        union all select nspname from pg_namespace
        where nspname in ('warehouse', 'sync', 'marts', 'history', 'people') and obj_description(oid, 'pg_namespace') is null";
    assert_eq!(strings(&pool, bare).await, BTreeSet::new());
}

#[tokio::test]
async fn keys_begin_with_the_source_and_tables_do_not_hang_together() {
    let database = Database::new().await;
    let pool = database.pool().await;
    let keys = "select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'warehouse'::regnamespace and contype <> 'n'";
    let wanted = TABLES
        .iter()
        .map(|table| format!("warehouse.{} PRIMARY KEY (source, id)", table.name))
        .collect();
    assert_eq!(strings(&pool, keys).await, wanted);
}

#[tokio::test]
async fn migrations_can_be_applied_again_and_side_by_side() {
    let database = Database::empty().await;
    let warehouse = Warehouse::connect(&database.secret(), 4)
        .await
        .expect("the database answers");
    let (one, two) = tokio::join!(warehouse.migrate(), warehouse.migrate());
    one.and(two).expect("both see an up-to-date schema");
    warehouse.migrate().await.expect("again");
    let pool = database.pool().await;
    assert!(strings(&pool, "select table_schema || '.' || table_name from information_schema.tables where table_name = 'schema'").await.contains("sync.schema"));
}

#[tokio::test]
async fn the_reader_may_read_everything_and_write_nothing() {
    let database = Database::new().await;
    let pool = database.pool().await;
    for reader in ["convene_reader", "convene_reader_full", "convene_analyst"] {
        let rights = format!(
            "select distinct privilege_type::text from information_schema.column_privileges
             where grantee = '{reader}' and table_schema in ('warehouse', 'sync', 'marts', 'history', 'people')"
        );
        assert_eq!(
            strings(&pool, &rights).await,
            BTreeSet::from(["SELECT".to_owned()]),
            "{reader}"
        );
    }
}

#[tokio::test]
async fn readers_see_neither_records_nor_texts_nor_links_unless_they_may_see_all() {
    let database = Database::new().await;
    let pool = database.pool().await;
    let unseen = |reader: &str| {
        format!(
            "select n.nspname || '.' || c.relname || '.' || a.attname from pg_class as c
             join pg_namespace as n on n.oid = c.relnamespace and n.nspname in ('warehouse', 'sync', 'marts', 'history', 'people')
             join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             where c.relkind in ('r', 'v', 'p', 'm') and not has_column_privilege('{reader}', c.oid, a.attnum, 'select')"
        )
    };
    let own = TABLES
        .iter()
        .flat_map(|table| ["raw", "context"].map(|column| format!("warehouse.{}.{column}", table.name)));
    let more = [
        "warehouse.messages.text",
        "warehouse.recordings.url",
        "sync.rejects.raw",
    ];
    let hidden: BTreeSet<String> = own.chain(more.map(str::to_owned)).collect();
    for reader in ["convene_reader", "convene_analyst"] {
        assert_eq!(strings(&pool, &unseen(reader)).await, hidden, "{reader}");
    }
    assert_eq!(
        strings(&pool, &unseen("convene_reader_full")).await,
        BTreeSet::new()
    );
    let places = "select rolname::text from pg_roles where rolname like 'convene_%' and has_schema_privilege(oid, 'analysts', 'create')
        and not rolsuper";
    assert!(strings(&pool, places).await.contains("convene_analyst"));
}

async fn strings(pool: &PgPool, query: &str) -> BTreeSet<String> {
    let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()))
        .fetch_all(pool)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"));
    rows.into_iter().collect()
}

fn long_name(kind: &'static str) -> &'static str {
    if kind == "timestamptz" {
        "timestamp with time zone"
    } else {
        kind
    }
}
