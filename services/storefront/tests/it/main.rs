//! The storefront as callers see it, in front of real HTTP servers.

mod documents;
mod forward;
mod page;
mod shop;
