//! search-api over HTTP: without a database, against a real one, and against one that fails.

mod api;
mod contains;
mod folding;
mod follow;
mod no_database;
mod outage;
mod overload;
mod paging;
mod schema;
mod shop;
mod soak;
mod upkeep;
