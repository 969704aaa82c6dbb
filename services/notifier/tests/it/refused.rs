//! Mails that the server refuses.

use crate::database::Shop;
use crate::post::Post;
use crate::smtp_stub::{Answer, SmtpStub};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn a_mail_refused_for_good_is_given_up() {
    let shop = Shop::open().await;
    let stub = SmtpStub::start(Answer::Refuse("550 5.1.1 <nobody@example.com>: no such user")).await;
    shop.order(Some("nobody@example.com"), "Ada", "CONFIRMED").await;
    let post = Post::start(&shop, &stub.address);
    for attempts in 1..=4 {
        shop.until(&format!("attempts = {attempts} AND due_at > NOW(6) AND given_up_at IS NULL"), 1).await;
        shop.run("UPDATE outbox SET due_at = NOW(6)").await;
    }
    shop.until("attempts = 5 AND given_up_at IS NOT NULL AND sent_at IS NULL", 1).await;
    assert_eq!(shop.count("last_error LIKE '%no such user%' AND last_error NOT LIKE '%nobody%'").await, 1);
    post.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn a_mail_refused_for_now_waits() {
    let shop = Shop::open().await;
    let stub = SmtpStub::start(Answer::Refuse("450 4.2.0 greylisted")).await;
    shop.order(Some("ada@example.com"), "Ada", "CONFIRMED").await;
    shop.run("UPDATE outbox SET attempts = 100").await;
    let post = Post::start(&shop, &stub.address);
    shop.until("attempts = 101 AND due_at > NOW(6) AND given_up_at IS NULL", 1).await;
    post.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn an_order_without_an_address_does_not_hold_up_others() {
    let shop = Shop::open().await;
    let stub = SmtpStub::start(Answer::Take).await;
    shop.order(None, "Ada", "FAILED").await;
    shop.order(Some("ada@example.com"), "Ada", "CONFIRMED").await;
    let post = Post::start(&shop, &stub.address);
    shop.until("sent_at IS NOT NULL", 1).await;
    shop.until("attempts = 1 AND last_error = 'the order has no address'", 1).await;
    post.stop().await;
    shop.close().await;
}
