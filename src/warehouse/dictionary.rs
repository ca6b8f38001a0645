//! What the tables and columns mean, by the comments of the database itself.

use sqlx::Row as _;

use super::{Warehouse, WarehouseError};

/// A table or view with what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DictionaryTable {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// table or view.
    pub kind: String,
    /// What it means.
    pub comment: String,
    /// Its columns, in their order.
    pub columns: Vec<DictionaryColumn>,
}

/// A column with what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DictionaryColumn {
    /// Its name.
    pub name: String,
    /// Its type in Postgres.
    pub kind: String,
    /// What it means.
    pub comment: String,
    /// True where it is part of the key.
    pub is_key: bool,
}

impl Warehouse {
    /// The tables and views of the schemas that are ours, with their columns and comments, by their names.
    pub async fn read_dictionary(&self) -> Result<Vec<DictionaryTable>, WarehouseError> {
        let mut transaction = self.begin().await?;
        // Ours are the schemas that hold something of ours; what stands beside them in the database is not.
        let rows = sqlx::query(
            "select n.nspname::text, c.relname::text, case when c.relkind in ('v', 'm') then 'view' else 'table' end,
                 coalesce(obj_description(c.oid, 'pg_class'), ''), a.attname::text, format_type(a.atttypid, a.atttypmod),
                 coalesce(col_description(c.oid, a.attnum), ''),
                 exists (select from pg_index as i where i.indrelid = c.oid and i.indisprimary and a.attnum = any(i.indkey))
             from pg_class as c
             join pg_namespace as n on n.oid = c.relnamespace
             join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             where c.relkind in ('r', 'v', 'm', 'p') and not c.relispartition
                 and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%' and n.nspname <> 'public'
                 and obj_description(n.oid, 'pg_namespace') is not null
                 and not (n.nspname = 'sync' and c.relname = 'schema')
             order by 1, 2, a.attnum",
        )
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        let mut tables: Vec<DictionaryTable> = Vec::new();
        for row in rows {
            let (schema, name): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            if tables
                .last()
                .is_none_or(|last| last.schema != schema || last.name != name)
            {
                tables.push(DictionaryTable {
                    schema,
                    name,
                    kind: row.try_get(2)?,
                    comment: row.try_get(3)?,
                    columns: Vec::new(),
                });
            }
            let column = DictionaryColumn {
                name: row.try_get(4)?,
                kind: row.try_get(5)?,
                comment: row.try_get(6)?,
                is_key: row.try_get(7)?,
            };
            tables.last_mut().expect("it was just added").columns.push(column);
        }
        Ok(tables)
    }
}
