//! How the warehouse is laid out on a distributed Postgres: every table by `source`, what all of them read everywhere.

use sqlx::AssertSqlSafe;

use connectors::schema::TABLES;

use super::{Warehouse, WarehouseError};

/// The table by which the others lie.
const FIRST: &str = "warehouse.agents";
/// The table whose changes triggers follow, which no distributed table has.
const CALLS: &str = "warehouse.calls";
/// Tables besides those of the common schema whose keys begin with the source, and of which much may come together.
const BY_SOURCE: [&str; 1] = ["history.changes"];
/// Small tables that are read with rows of every source.
const EVERYWHERE: [&str; 1] = ["sync.sources"];

/// One call that lays a table out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The table.
    pub table: String,
    /// The statement.
    pub statement: String,
}

/// The calls that lay the tables out, in the order in which they are to be made. The books in schema `sync` and the persons, which
/// are of all sources, stay where they are: on the coordinator.
pub fn list_placements() -> Vec<Placement> {
    let by_source = TABLES
        .iter()
        .map(|table| format!("warehouse.{}", table.name))
        .chain(BY_SOURCE.map(str::to_owned));
    let by_source = by_source.map(|table| {
        let beside = if table == FIRST {
            String::new()
        } else {
            format!(", colocate_with => '{FIRST}'")
        };
        Placement {
            statement: format!("select create_distributed_table('{table}', 'source'{beside})"),
            table,
        }
    });
    let everywhere = EVERYWHERE.map(|table| Placement {
        table: table.to_owned(),
        statement: format!("select create_reference_table('{table}')"),
    });
    let mut all: Vec<Placement> = by_source.chain(everywhere).collect();
    all.sort_by_key(|placement| placement.table != FIRST);
    all
}

impl Warehouse {
    /// Lays out the tables that are not laid out yet, where the server can. Returns how many were; nothing where it cannot.
    pub async fn distribute_tables(&self) -> Result<Option<usize>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let is_distributed: bool =
            sqlx::query_scalar("select exists (select from pg_extension where extname = 'citus')")
                .fetch_one(&mut transaction)
                .await?;
        if !is_distributed {
            transaction.commit().await?;
            return Ok(None);
        }
        let there: Vec<String> = sqlx::query_scalar("select logicalrelid::text from pg_dist_partition")
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        if !there.iter().any(|table| table == CALLS) {
            let mut transaction = self.begin().await?;
            sqlx::query("select sync.stop_keeping()")
                .execute(&mut transaction)
                .await?;
            transaction.commit_durably().await?;
        }
        let mut placed = 0;
        for placement in list_placements()
            .into_iter()
            .filter(|placement| !there.contains(&placement.table))
        {
            let mut transaction = self.begin().await?;
            sqlx::query("set local statement_timeout = 0")
                .execute(&mut transaction)
                .await?;
            sqlx::query(AssertSqlSafe(placement.statement))
                .execute(&mut transaction)
                .await?;
            transaction.commit_durably().await?;
            placed += 1;
        }
        Ok(Some(placed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_the_common_schema_lies_by_its_source_and_beside_the_first() {
        let all = list_placements();
        assert_eq!(
            all[0].statement,
            "select create_distributed_table('warehouse.agents', 'source')"
        );
        for table in TABLES {
            let name = format!("warehouse.{}", table.name);
            let own: Vec<&Placement> = all.iter().filter(|placement| placement.table == name).collect();
            assert_eq!(own.len(), 1, "{name}");
            assert!(own[0].statement.contains("'source'"), "{name}");
            assert_eq!(
                own[0].statement.contains("colocate_with"),
                name != FIRST,
                "{name}"
            );
        }
    }
}
