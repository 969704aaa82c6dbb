//! The servers themselves, stopped, killed and started again.

use std::path::Path;

use anyhow::Result;
use local_servers::{Installed, Kafka, Mail, Mysql, MysqlOptions};

fn folder() -> Result<tempfile::TempDir> {
    Ok(tempfile::tempdir_in(Installed::from_env()?.folder())?)
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |meta| meta.len())
}

#[test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
fn mysql_comes_back_on_the_same_port_after_a_kill() -> Result<()> {
    let folder = folder()?;
    let mut mysql = Mysql::start(&Installed::from_env()?, folder.path(), &MysqlOptions::default())?;
    let url = mysql.url();
    mysql.kill()?;
    assert!(!mysql.process().is_running());
    mysql.start_again()?;
    assert_eq!(mysql.url(), url);
    mysql.stop()?;
    mysql.start_again()?;
    assert!(size(&mysql.ca_file()) > 0);
    Ok(())
}

#[test]
#[ignore = "needs Kafka: cargo xtask test --integration"]
fn kafka_comes_back_on_the_same_port_after_a_kill() -> Result<()> {
    let folder = folder()?;
    let mut kafka = Kafka::start(&Installed::from_env()?, folder.path())?;
    let bootstrap = kafka.bootstrap();
    kafka.kill()?;
    kafka.start_again()?;
    assert_eq!(kafka.bootstrap(), bootstrap);
    kafka.stop()?;
    kafka.start_again()
}

#[test]
#[ignore = "needs GreenMail: cargo xtask test --integration"]
fn two_mail_catchers_do_not_collide() -> Result<()> {
    let folder = folder()?;
    let installed = Installed::from_env()?;
    let first = Mail::start(&installed, &folder.path().join("1"))?;
    let second = Mail::start(&installed, &folder.path().join("2"))?;
    assert_ne!(first.smtp(), second.smtp());
    assert_ne!(first.api(), second.api());
    Ok(())
}
