//! `sqlx::migrate!` reads a folder that cargo does not know of: without this a new migration would not be embedded.
fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
