//! Chosen fields of leads as columns of a view.

use connectors::schema::{Batch, Entity as _, Lead};

use crate::support::loader::TestLoader;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chosen_fields_become_columns_of_a_view_that_keeps_what_it_had() {
    let loader = TestLoader::new().await;
    let mut batch = Batch::default();
    let lead = |id: &str| Lead {
        id: id.to_owned(),
        ..Lead::default()
    };
    batch.push(lead("1"), r#"{"roof_type": "flat", "field_84": 7}"#);
    batch.push(lead("2"), r#"{"roof_type": ""}"#);
    loader.slice(batch, |_, _| ()).await;
    let promote = async |fields: &[&str]| {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let promoted = loader
            .warehouse
            .promote_fields(&loader.lease, Lead::TABLE, &fields);
        promoted.await.expect("the view is made");
    };
    promote(&["roof_type"]).await;
    sqlx::query("create view analyst as select id, roof_type from warehouse.leads_social")
        .execute(&loader.pool)
        .await
        .expect("an analyst builds on it");
    promote(&["field_84"]).await;
    let rows = "select concat_ws(' ', id, roof_type, field_84) from warehouse.leads_social order by 1";
    assert_eq!(loader.texts(rows).await, ["1 flat 7", "2 "]);
    assert_eq!(
        loader.texts("select roof_type from analyst order by 1").await,
        ["", "flat"]
    );
}
