//! The mail server or the database goes away and comes back.

use local_servers::{Installed, Mail, Mysql, MysqlOptions};
use uuid::Uuid;

use crate::database::Shop;
use crate::mailbox::{mails, shared};
use crate::post::Post;
use crate::smtp_stub::{Answer, SmtpStub};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn a_mail_server_that_is_away_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Mail::start(&Installed::from_env().unwrap(), folder.path()).unwrap();
    let shop = Shop::open().await;
    server.process().kill().unwrap();
    let addresses: Vec<String> = (0..5).map(|_| format!("{}@example.com", Uuid::new_v4().simple())).collect();
    for address in &addresses {
        shop.order(Some(address), "Ada", "CONFIRMED").await;
    }
    let post = Post::start(&shop, &server.smtp());
    post.until("smtp", false).await;
    // Each of the two workers finds it out for itself.
    shop.until_some("last_error IS NOT NULL AND attempts = 0 AND sent_at IS NULL").await;
    server.process().start_again().unwrap();
    shop.until("sent_at IS NOT NULL AND last_error IS NULL", 5).await;
    post.until("smtp", true).await;
    for address in &addresses {
        assert_eq!(mails(&server.api(), address).await.len(), 1);
    }
    post.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn a_database_that_is_away_is_waited_for() {
    let (smtp, api) = shared();
    let folder = tempfile::tempdir().unwrap();
    let mut server = Mysql::start(&Installed::from_env().unwrap(), folder.path(), &MysqlOptions::default()).unwrap();
    let shop = Shop::open_at(&server.url(), &server.ca_file()).await;
    let address = format!("{}@example.com", Uuid::new_v4().simple());
    let post = Post::start(&shop, &smtp);
    server.kill().unwrap();
    server.start_again().unwrap();
    // Our own connections are of before.
    let shop = Shop { pool: reconnect(&shop).await, ..shop };
    shop.order(Some(&address), "Ada", "CONFIRMED").await;
    shop.until("sent_at IS NOT NULL", 1).await;
    post.stop().await;
    assert_eq!(mails(&api, &address).await.len(), 1);
}

/// The database goes away between the mail server's acceptance and the mark: the mark is made when it is back.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn a_sent_mail_is_marked_when_the_database_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Mysql::start(&Installed::from_env().unwrap(), folder.path(), &MysqlOptions::default()).unwrap();
    let shop = Shop::open_at(&server.url(), &server.ca_file()).await;
    let mut stub = SmtpStub::start(Answer::HoldUntilTold).await;
    shop.order(Some("ada@example.com"), "Ada", "CONFIRMED").await;
    let post = Post::start(&shop, &stub.address);
    stub.until_delivered(1).await;
    server.kill().unwrap();
    stub.go_on();
    server.start_again().unwrap();
    let shop = Shop { pool: reconnect(&shop).await, ..shop };
    shop.until("sent_at IS NOT NULL", 1).await;
    post.stop().await;
    assert_eq!(stub.delivered(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn a_stop_finishes_the_mail_in_hand_and_frees_the_rest() {
    let shop = Shop::open().await;
    let mut stub = SmtpStub::start(Answer::HoldUntilTold).await;
    for _ in 0..25 {
        shop.order(Some("ada@example.com"), "Ada", "CONFIRMED").await;
    }
    let post = Post::start(&shop, &stub.address);
    // Each of the two workers has a mail in hand and more claimed.
    stub.until_delivered(2).await;
    let stopping = post.stop();
    stub.go_on();
    stopping.await;
    assert_eq!(shop.count("claimed_by IS NOT NULL").await, 0);
    assert_eq!(shop.count("sent_at IS NOT NULL").await, i64::from(stub.delivered()));
    shop.close().await;
}

async fn reconnect(shop: &Shop) -> sqlx::MySqlPool {
    sqlx::mysql::MySqlPoolOptions::new().connect_with((*shop.pool.connect_options()).clone()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn a_frozen_database_is_noticed_and_waited_for() {
    let (smtp, api) = shared();
    let folder = tempfile::tempdir().unwrap();
    let mut server = Mysql::start(&Installed::from_env().unwrap(), folder.path(), &MysqlOptions::default()).unwrap();
    let shop = Shop::open_at(&server.url(), &server.ca_file()).await;
    let address = format!("{}@example.com", Uuid::new_v4().simple());
    let post = Post::start(&shop, &smtp);
    post.until("mysql", true).await;
    shop.order(Some(&address), "Ada", "CONFIRMED").await;
    server.process().freeze().unwrap();
    post.until("mysql", false).await;
    server.process().thaw().unwrap();
    shop.until("sent_at IS NOT NULL", 1).await;
    post.stop().await;
    assert_eq!(mails(&api, &address).await.len(), 1);
}
