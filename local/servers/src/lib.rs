//! Real MySQL, real Kafka and a mail catcher as plain processes on loopback, for tests and measurements.
//!
//! `cargo xtask servers up` installs what they need into `target/local`; [`Installed`] finds it there.
//! Each server has its own data folder and free ports. It is ready when its `start` returns, and gone
//! when it is dropped or when the process that started it dies.

mod archive;
mod certificates;
mod installed;
mod kafka;
mod mail;
mod mysql;
mod port;
mod process;
mod relay;

pub use installed::Installed;
pub use kafka::{Kafka, Secure};
pub use mail::Mail;
pub use mysql::{Mysql, MysqlOptions};
pub use port::free_port;
pub use process::{Process, Recipe};
pub use relay::Relay;
