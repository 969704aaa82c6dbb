//! Mails that say what is no longer so.

use uuid::Uuid;

use crate::database::Shop;
use crate::mailbox::{mails, raw, shared};
use crate::post::Post;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn only_the_last_word_is_told() {
    let (smtp, api) = shared();
    let shop = Shop::open().await;
    let [mended, cancelled] = [(); 2].map(|()| format!("{}@example.com", Uuid::new_v4().simple()));
    // Nobody sends while these change.
    let failed = shop.order(Some(&mended), "Ada", "FAILED").await;
    let confirmed = shop.order(Some(&cancelled), "Ada", "CONFIRMED").await;
    for (number, status) in [(&failed, "CONFIRMED"), (&confirmed, "CANCELLED")] {
        shop.run(&format!("UPDATE orders SET status = '{status}' WHERE order_number = '{number}'")).await;
        shop.run(&format!("INSERT INTO outbox (order_number, kind) VALUES ('{number}', '{status}')")).await;
    }
    let post = Post::start(&shop, &smtp);
    shop.until("sent_at IS NOT NULL", 2).await;
    shop.until("sent_at IS NULL AND given_up_at IS NOT NULL AND last_error LIKE 'superseded%'", 2).await;
    post.stop().await;
    for (address, word) in [(&mended, "confirmed"), (&cancelled, "cancelled")] {
        let found = mails(&api, address).await;
        assert_eq!(found.len(), 1, "{address}");
        assert!(raw(&found[0]).contains(&format!(".{word}@shop.example")), "{}", raw(&found[0]));
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn news_do_not_overtake_what_is_being_sent() {
    let (smtp, _) = shared();
    let shop = Shop::open().await;
    let number = shop.order(Some("ada@example.com"), "Ada", "CONFIRMED").await;
    // Another notifier has the first mail in hand.
    shop.run("UPDATE outbox SET claimed_by = 'another', claimed_until = NOW(6) + INTERVAL 1 HOUR").await;
    shop.run(&format!("UPDATE orders SET status = 'CANCELLED' WHERE order_number = '{number}'")).await;
    shop.run(&format!("INSERT INTO outbox (order_number, kind) VALUES ('{number}', 'CANCELLED')")).await;
    let post = Post::start(&shop, &smtp);
    // Something later goes out, and the cancellation still waits.
    shop.order(Some("bob@example.com"), "Bob", "CONFIRMED").await;
    shop.until("sent_at IS NOT NULL", 1).await;
    assert_eq!(shop.count("kind = 'CANCELLED' AND sent_at IS NULL AND attempts = 0").await, 1);
    shop.run(
        "UPDATE outbox SET sent_at = NOW(6), claimed_by = NULL, claimed_until = NULL WHERE claimed_by = 'another'",
    )
    .await;
    shop.until("kind = 'CANCELLED' AND sent_at IS NOT NULL", 1).await;
    post.stop().await;
    shop.close().await;
}
