//! The migrator against a real MySQL.

mod database;
mod half_done;
mod preflight;
mod run;
