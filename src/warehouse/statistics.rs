//! What the server knows of the tables, by which it plans: it is counted again where a load has made most of a table.

use sqlx::AssertSqlSafe;

use super::{Warehouse, WarehouseError};

/// Rows that have come before it pays.
const FEWEST_ROWS: i64 = 10_000;

impl Warehouse {
    /// Counts again the tables of which more than half has come since the server counted them. It does so by itself, within some
    /// minutes; what is made of the rows, and questions that are asked right after a first load, would be planned for empty tables
    /// until then. Tables that are somebody else's are left to the server.
    pub async fn analyze_young_tables(&self) -> Result<(), WarehouseError> {
        let mut transaction = self.begin().await?;
        let tables: Vec<String> = sqlx::query_scalar(
            "select s.relname::text from pg_stat_user_tables as s join pg_class as c on c.oid = s.relid
             where s.schemaname = 'warehouse' and pg_has_role(c.relowner, 'usage')
                 and s.n_mod_since_analyze > greatest($1, s.n_live_tup / 2) order by 1",
        )
        .bind(FEWEST_ROWS)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        for table in tables {
            let mut transaction = self.begin().await?;
            sqlx::query(AssertSqlSafe(format!("analyze warehouse.{table}")))
                .execute(&mut transaction)
                .await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}
