//! Puts a hash of /migrations into the program: together with the migrator's image it names the migration Job, so that
//! an image built anew under the same tag runs its migrations too.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::path::Path;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = std::fs::read_dir(&folder).map(|entries| entries.filter_map(Result::ok).collect::<Vec<_>>());
    let mut files: Vec<_> = entries.unwrap_or_default().into_iter().map(|entry| entry.path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "sql")) {
        hasher.write(file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default().as_bytes());
        hasher.write(&std::fs::read(file).unwrap_or_default());
    }
    println!("cargo::rustc-env=MIGRATIONS_HASH={:016x}", hasher.finish());
}
