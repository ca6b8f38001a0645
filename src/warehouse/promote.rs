//! Chosen fields of the vendor's records as columns of a view, for fields that only one account has.

use sqlx::AssertSqlSafe;

use connectors::schema::Table;

use super::{Lease, Warehouse, WarehouseError};

impl Warehouse {
    /// Makes the view `TABLE_SOURCE` with the key of the table's rows and a column for each field, or adds the fields that it
    /// lacks. Fields that are no longer chosen stay, so that nobody's query breaks.
    ///
    /// The names hold letters, digits and underscores only.
    pub async fn promote_fields(
        &self,
        lease: &Lease,
        table: &'static Table,
        fields: &[String],
    ) -> Result<(), WarehouseError> {
        let view = view_name(table, lease.source());
        let mut transaction = self.begin_fenced(lease).await?;
        let known: Vec<String> = sqlx::query_scalar(
            "select column_name::text from information_schema.columns where table_schema = 'warehouse' and table_name = $1
             order by ordinal_position",
        )
        .bind(&view)
        .fetch_all(&mut transaction)
        .await?;
        let mut columns: Vec<&String> = known.iter().skip(2).collect();
        let before = columns.len();
        columns.extend(fields.iter().filter(|field| !known.contains(field)));
        if columns.len() > before || known.is_empty() {
            let statement = view_statement(&view, table, lease.source(), &columns);
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut transaction)
                .await?;
        }
        transaction.commit().await
    }
}

/// The name of the view of a source's rows of a table.
pub(super) fn view_name(table: &Table, source: &str) -> String {
    format!("{}_{source}", table.name)
}

/// The view with its comments. A source's name holds letters, digits and underscores only.
fn view_statement(view: &str, table: &Table, source: &str, columns: &[&String]) -> String {
    let name = table.name;
    let fields = columns
        .iter()
        .map(|field| format!(", raw ->> '{field}' as \"{field}\""));
    let fields: String = fields.collect();
    let comments = columns.iter().map(|field| {
        format!(
            "comment on column warehouse.\"{view}\".\"{field}\" is 'Field {field} of the vendor''s record, as text; NULL where it has none.';\n"
        )
    });
    let comments: String = comments.collect();
    format!(
        "create or replace view warehouse.\"{view}\" as select source, id{fields} from warehouse.{name}
             where source = '{source}' and deleted_at is null;
         comment on view warehouse.\"{view}\" is 'Fields of {name} that only the account {source} has; join it by source and id.';
         comment on column warehouse.\"{view}\".source is 'The source''s name in the settings.';
         comment on column warehouse.\"{view}\".id is 'The row''s id ({name}.id).';
         {comments}"
    )
}
