//! Pages: complete, in order, with what is committed now.

use crate::shop::Shop;

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn pages_leave_no_gap_and_repeat_nothing() {
    let shop = Shop::open().await;
    let ids: Vec<u64> = (1..=60).map(|n| n * n).collect();
    for id in &ids {
        shop.add(*id, if id % 2 == 0 { "Even lamp" } else { "Odd desk" }, "").await;
    }
    for limit in ["1", "7", "20", "60", "200"] {
        assert_eq!(shop.api.all_ids("", limit).await, ids, "limit {limit}");
    }
    let even: Vec<u64> = ids.iter().copied().filter(|id| id % 2 == 0).collect();
    assert_eq!(shop.api.all_ids("LAMP", "7").await, even);
    assert_eq!(shop.api.all_ids("lamp", "30").await, even);
    shop.close().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_cursor_holds_while_rows_come_and_go() {
    let shop = Shop::open().await;
    for id in [10, 20, 30, 40] {
        shop.add(id, "Lamp", "").await;
    }
    // Browsing and searching.
    let first = async |search: &str| {
        let page = shop.api.json("/api/products", &[("search", search), ("limit", "2")]).await;
        page["nextCursor"].as_str().unwrap().to_owned()
    };
    let cursors = [("", first("").await), ("lamp", first("lamp").await), ("a", first("a").await)];
    // The row the cursor stands on goes, one comes before it, two behind, and one that was behind no longer matches.
    sqlx::query("DELETE FROM products WHERE id = 20").execute(&shop.pool).await.unwrap();
    for id in [15, 25, 35] {
        shop.add(id, "Lamp", "").await;
    }
    sqlx::query("UPDATE products SET name = 'Desk' WHERE id = 30").execute(&shop.pool).await.unwrap();
    for (search, cursor) in cursors {
        let query = [("search", search), ("cursor", &cursor), ("limit", "3")];
        let page = shop.api.json("/api/products", &query).await;
        let ids: Vec<u64> = page["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect();
        // A page that shrinks is filled up.
        assert_eq!(ids, if search.is_empty() { [25, 30, 35] } else { [25, 35, 40] }, "{search}");
    }
    shop.close().await;
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_product_has_the_price_and_stock_committed_now() {
    let shop = Shop::open().await;
    shop.add(7, "Lamp", "Bright").await;
    insta::assert_json_snapshot!("page", shop.api.json("/api/products", &[("search", "bright")]).await);
    sqlx::query("UPDATE inventory SET available = 5 WHERE product_id = 7").execute(&shop.pool).await.unwrap();
    sqlx::query("UPDATE products SET price_amount = 1299 WHERE id = 7").execute(&shop.pool).await.unwrap();
    insta::assert_json_snapshot!("product", shop.api.json("/api/products/7", &[]).await);
    // A writer that has not committed does not show.
    let mut other = shop.pool.begin().await.unwrap();
    sqlx::query("UPDATE inventory SET available = 4 WHERE product_id = 7").execute(&mut *other).await.unwrap();
    assert_eq!(shop.api.json("/api/products/7", &[]).await["available"], 5);
    other.commit().await.unwrap();
    assert_eq!(shop.api.json("/api/products/7", &[]).await["available"], 4);
    assert_eq!(shop.api.get("/api/products/8", &[]).await.status(), 404);
    shop.close().await;
}
