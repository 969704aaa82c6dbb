//! A schema that is too old is said so, and picked up when it has grown.

use crate::shop::Shop;

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn an_old_schema_is_a_503_until_it_is_migrated() {
    let shop = Shop::open_shared().await;
    shop.api.until_problem("/api/products", "schema-too-old").await;
    shop.migrate().await;
    shop.api.until("/api/products", &[], 200).await;
    shop.close().await;
}
