//! A mail server behind TLS that wants a login.

use std::path::Path;

use local_servers::{Installed, Mail};
use notifier::smtp::{SmtpArgs, SmtpTls};
use uuid::Uuid;

use crate::database::Shop;
use crate::mailbox::mails;
use crate::post::Post;

/// TLS from the first byte, the server's CA, a login.
fn secure<'a>(ca: &'a Path, login: &'a Path) -> impl FnOnce(&mut SmtpArgs) + 'a {
    move |args| {
        args.smtp_tls = SmtpTls::Tls;
        args.smtp_ca_file = Some(ca.to_owned());
        args.smtp_credentials_dir = Some(login.to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn over_tls_with_a_login_that_is_put_right_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let server = Mail::start_secure(&Installed::from_env().unwrap(), folder.path(), "shop", "right").unwrap();
    let (smtps, ca) = server.smtps().unwrap();
    let login = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(login.path().join(name), text).unwrap();
    write("username", "shop");
    write("password", "wrong");
    let shop = Shop::open().await;
    let address = format!("{}@example.com", Uuid::new_v4().simple());
    shop.order(Some(&address), "Ada", "CONFIRMED").await;
    let post = Post::start_with(&shop, &smtps, secure(ca, login.path()));
    // A login that is refused is no mail's fault.
    post.until("smtp", false).await;
    shop.until("last_error IS NOT NULL AND attempts = 0 AND sent_at IS NULL", 1).await;
    write("password", "right");
    shop.until("sent_at IS NOT NULL AND last_error IS NULL", 1).await;
    assert_eq!(mails(&server.api(), &address).await.len(), 1);
    post.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and a mail catcher: cargo xtask test --integration"]
async fn a_server_that_another_authority_vouches_for_gets_no_mail() {
    let folder = tempfile::tempdir().unwrap();
    let installed = Installed::from_env().unwrap();
    let server = Mail::start_secure(&installed, &folder.path().join("one"), "shop", "right").unwrap();
    let other = Mail::start_secure(&installed, &folder.path().join("two"), "shop", "right").unwrap();
    let ((smtps, ca), (_, others_ca)) = (server.smtps().unwrap(), other.smtps().unwrap());
    let login = tempfile::tempdir().unwrap();
    std::fs::write(login.path().join("username"), "shop").unwrap();
    std::fs::write(login.path().join("password"), "right").unwrap();
    let trusted = folder.path().join("trusted.crt");
    std::fs::copy(others_ca, &trusted).unwrap();
    let shop = Shop::open().await;
    shop.order(Some("ada@example.com"), "Ada", "CONFIRMED").await;
    let post = Post::start_with(&shop, &smtps, secure(&trusted, login.path()));
    post.until("smtp", false).await;
    shop.until("last_error IS NOT NULL AND attempts = 0 AND sent_at IS NULL", 1).await;
    assert!(mails(&server.api(), "ada@example.com").await.is_empty());
    // The right authority is put in its place, without a restart.
    std::fs::copy(ca, &trusted).unwrap();
    shop.until("sent_at IS NOT NULL", 1).await;
    post.stop().await;
    shop.close().await;
}
