//! The notifier between a real MySQL and a real mail server.

mod database;
mod mailbox;
mod once;
mod outage;
mod post;
mod refused;
mod secure;
mod smtp_stub;
mod superseded;
mod trace;
