//! The search path: products by page, by text and by id, with the price and stock committed now.
//!
//! A request is parsed into a [`products::query::ListQuery`] (pure), answered by [`search::Search`] (the one place
//! that decides how a text is found) through [`database::Reads`] (deadlines), and turned into JSON or a problem.
//!
//! Invariants: nothing is cached, so nothing can be stale; every answer comes within its deadline, also while the
//! database is frozen; readiness says nothing about the database.

mod catalogue;
pub mod database;
mod docs;
mod error;
pub mod folding;
pub mod follow;
pub mod index;
mod openapi;
pub mod products;
mod refusals;
pub mod search;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use service_runtime::auth::AdminToken;
use service_runtime::database::{Database, DatabaseArgs, Session};
use service_runtime::http::{HttpMetrics, layers};
use service_runtime::{ConfigError, Process};

use catalogue::Catalogue;
use database::Reads;
use database::contact::Watcher;
use folding::Folding;
use follow::{Follower, Following};
use openapi::App;
pub use openapi::document;
use search::{Limits, Search};

/// The oldest schema this code can read: 0017 says how far the log of changes was pruned.
pub const REQUIRED_SCHEMA: i64 = 17;

/// Those of the contact and of the follower are not in the pool.
const OWN_CONNECTIONS: u32 = 2;

/// Starts what runs beside the requests and gives the routes to serve. Does not wait for the database.
///
/// # Errors
/// Credentials that cannot be read, or too small a pool.
pub fn start(
    process: &mut Process,
    database: DatabaseArgs,
    limits: Limits,
    following: Following,
    token: AdminToken,
    cors_origins: &[HeaderValue],
) -> Result<Router, ConfigError> {
    let database = connect(database)?;
    let (watcher, contact) = Watcher::new(database.clone(), process.health.component("mysql"));
    let catalogue = Catalogue::new(database.pool().clone(), contact.clone(), token);
    let reads = Reads::new(database.pool().clone(), contact);
    let folding = Arc::new(Folding::built_in());
    let (follower, published) = Follower::new(database.clone(), folding.clone(), following, &mut process.registry);
    let search = Search::new(reads, published, folding, limits, &mut process.registry);
    let metrics = HttpMetrics::register(&mut process.registry);
    process.spawn("database contact", watcher.run(process.shutdown.clone()));
    process.spawn("index", follower.run(process.shutdown.clone()));
    process.spawn("database credentials", database.follow_credentials(process.shutdown.clone()));

    let (routes, api) = openapi::routes().split_for_parts();
    Ok(layers(routes.with_state(App { search, catalogue }).merge(docs::routes(api)), metrics, cors_origins))
}

fn connect(mut args: DatabaseArgs) -> Result<Database, ConfigError> {
    if args.database_max_connections < OWN_CONNECTIONS + 1 {
        return Err(ConfigError::new(
            "DATABASE_MAX_CONNECTIONS",
            "must be at least 3: one only asks for signs of life, one follows the changes",
        ));
    }
    args.database_max_connections -= OWN_CONNECTIONS;
    let session = Session {
        // Reads by key end on the server soon after we stopped waiting; a search sets its own limit.
        // Writes lock rows and never the places between them, where orders insert.
        statements: vec![
            "SET SESSION max_execution_time = 1000, innodb_lock_wait_timeout = 3".to_owned(),
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED".to_owned(),
        ],
        acquire_timeout: Duration::from_secs(2),
        idle_timeout: Duration::from_secs(600),
        // The round trip would double a page's time; a dead connection shows at the first read, which is repeated.
        test_before_acquire: false,
    };
    Database::new(args, session)
}
