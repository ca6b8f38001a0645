//! Whether the role may do what will be asked of it.

use connectors::schema::Table;

use super::promote::view_name;
use super::session::takes_writes;
use super::transaction::Transaction;
use super::{Warehouse, WarehouseError};

/// The oldest server that we know to do: it has ranges of several spans.
const OLDEST_SERVER: i32 = 140_000;

/// What is missing in tables that are there.
const TABLES: &str = "select format('%s on %s', r.name, c.oid::regclass)
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace and n.nspname in ('warehouse', 'sync', 'history', 'people')
    cross join unnest('{select,insert,update,delete}'::text[]) as r (name)
    where (c.relkind in ('r', 'p') and c.oid <> 'sync.schema'::regclass or r.name = 'select' and c.relkind in ('r', 'p', 'v'))
        and not has_table_privilege(c.oid, r.name)
    union all
    select format('bypassrls, for a policy hides rows of %s', c.oid::regclass)
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace and n.nspname in ('warehouse', 'sync')
    where c.relkind in ('r', 'p') and row_security_active(c.oid)
    order by 1 limit 5";

/// What is missing where tables have still to be made: the right to make a schema, or to make something in it.
const SCHEMAS: &str = "select case
        when n.oid is null and not has_database_privilege(current_database(), 'create')
            then format('create on database %I, or a schema %I of its own', current_database(), s.name)
        when n.oid is not null and not has_schema_privilege(n.oid, 'usage') then format('usage on schema %I', s.name)
        when n.oid is not null and not has_schema_privilege(n.oid, 'create') then format('create on schema %I', s.name) end
    from unnest('{warehouse,sync,marts,history,people}'::text[]) as s (name) left join pg_namespace as n on n.nspname = s.name
    order by 1";

/// What is missing to show these columns in a view: the right to make it, or to change the one that is there.
const VIEW: &str = "select case
        when not has_schema_privilege(n.oid, 'create') then 'create on schema warehouse'
        when not pg_has_role(c.relowner, 'usage') then format('ownership of %s', c.oid::regclass) end
    from pg_namespace as n left join pg_class as c on c.relnamespace = n.oid and c.relname = $1
    where n.nspname = 'warehouse' and exists (
        select from unnest($2::text[]) as f (name)
        where not exists (select from pg_attribute as a where a.attrelid = c.oid and a.attname = f.name))";

impl Warehouse {
    /// What would keep a run from showing chosen fields of a source's rows in its view, in words; nothing where all is well.
    pub async fn check_view_rights(
        &self,
        table: &'static Table,
        source: &str,
        fields: &[String],
    ) -> Result<Option<String>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let missing: Option<Option<String>> = sqlx::query_scalar(VIEW)
            .bind(view_name(table, source))
            .bind(fields)
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        let view = view_name(table, source);
        let words = |right| format!("The view `warehouse.{view}` cannot be made without the right: {right}");
        Ok(missing.flatten().map(words))
    }

    /// What would keep a run from writing, in words; nothing where all is well.
    pub async fn check_rights(&self) -> Result<Vec<String>, WarehouseError> {
        let mut problems = Vec::new();
        let is_current = match self.check_schema().await {
            Ok(()) => true,
            Err(WarehouseError::Unmigrated) => false,
            Err(error) => return Err(error),
        };
        let mut transaction = self.begin().await?;
        let (role, version): (String, i32) =
            sqlx::query_as("select current_user::text, current_setting('server_version_num')::integer")
                .fetch_one(&mut transaction)
                .await?;
        if version < OLDEST_SERVER {
            problems.push(format!(
                "The server is PostgreSQL {}; 14 is the oldest that does",
                version / 10_000
            ));
        }
        if !takes_writes(transaction.connection_mut()).await? {
            problems.push(WarehouseError::ReadOnly.to_string());
        }
        let missing = if is_current {
            let mut missing = select_texts(&mut transaction, TABLES).await?;
            // New views for chosen fields are made at any time.
            missing.extend(
                select_texts(&mut transaction, SCHEMAS)
                    .await?
                    .into_iter()
                    .filter(|right| right.starts_with("usage")),
            );
            missing
        } else {
            select_texts(&mut transaction, SCHEMAS).await?
        };
        problems.extend(
            missing
                .into_iter()
                .map(|right| format!("The role `{role}` lacks the right: {right}")),
        );
        transaction.commit().await?;
        Ok(problems)
    }
}

async fn select_texts(
    connection: &mut Transaction,
    query: &'static str,
) -> Result<Vec<String>, WarehouseError> {
    let texts: Vec<Option<String>> = sqlx::query_scalar(query).fetch_all(connection).await?;
    Ok(texts.into_iter().flatten().collect())
}
