//! Each mail once, whoever sends it.

use uuid::Uuid;

use crate::database::Shop;
use crate::mailbox::{mails, raw, shared};
use crate::post::Post;

fn address() -> String {
    format!("{}@example.com", Uuid::new_v4().simple())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn two_notifiers_send_each_mail_once() {
    let (smtp, api) = shared();
    let shop = Shop::open().await;
    let addresses: Vec<String> = (0..60).map(|_| address()).collect();
    let kinds = ["CONFIRMED", "REJECTED", "FAILED", "CANCELLED"];
    let mut numbers = Vec::new();
    for (at, address) in addresses.iter().enumerate() {
        numbers.push(shop.order(Some(address), "Ada", kinds[at % 4]).await);
    }
    let (one, two) = (Post::start(&shop, &smtp), Post::start(&shop, &smtp));
    shop.until("sent_at IS NOT NULL", 60).await;
    one.stop().await;
    two.stop().await;
    for (at, (address, number)) in addresses.iter().zip(&numbers).enumerate() {
        let found = mails(&api, address).await;
        assert_eq!(found.len(), 1, "{address}");
        let id = format!("<{number}.{}@shop.example>", kinds[at % 4].to_lowercase());
        assert!(raw(&found[0]).contains(&id), "{}", raw(&found[0]));
    }
    assert_eq!(shop.count("claimed_by IS NOT NULL").await, 0);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn a_mail_is_text_and_escaped_html() {
    let (smtp, api) = shared();
    let shop = Shop::open().await;
    let address = address();
    shop.order(Some(&address), "Eve <script>alert(1)</script>", "REJECTED").await;
    let post = Post::start(&shop, &smtp);
    shop.until("sent_at IS NOT NULL", 1).await;
    post.stop().await;
    let mail = raw(&mails(&api, &address).await[0]);
    assert!(mail.contains("text/plain") && mail.contains("text/html"), "{mail}");
    assert!(mail.contains("A product of your order is out of stock."), "{mail}");
    let html = mail.split("text/html").nth(1).unwrap();
    assert!(html.contains("Eve &lt;script&gt;") && !html.contains("<script"), "{html}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn a_dead_workers_claim_is_taken_over_a_living_ones_is_not() {
    let (smtp, api) = shared();
    let shop = Shop::open().await;
    let (dead, living) = (address(), address());
    let number = shop.order(Some(&dead), "Ada", "CONFIRMED").await;
    shop.run("UPDATE outbox SET claimed_by = 'dead', claimed_until = NOW(6) - INTERVAL 1 SECOND").await;
    shop.order(Some(&living), "Ada", "CONFIRMED").await;
    shop.run(
        "UPDATE outbox SET claimed_by = 'living', claimed_until = NOW(6) + INTERVAL 1 HOUR WHERE claimed_by IS NULL",
    )
    .await;
    let post = Post::start(&shop, &smtp);
    shop.until("sent_at IS NOT NULL", 1).await;
    // Something that comes later is sent while the living one's row is still left alone.
    shop.order(Some(&address()), "Ada", "CONFIRMED").await;
    shop.until("sent_at IS NOT NULL", 2).await;
    post.stop().await;
    assert!(raw(&mails(&api, &dead).await[0]).contains(&number));
    assert!(mails(&api, &living).await.is_empty());
    assert_eq!(shop.count("claimed_by = 'living' AND sent_at IS NULL").await, 1);
    shop.close().await;
}
