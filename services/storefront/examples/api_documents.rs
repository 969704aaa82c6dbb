//! Writes the OpenAPI documents that the page's client is made from into the folder that is given:
//! `cargo xtask generate page-api` calls it.

use std::path::PathBuf;

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or_else(|| anyhow::anyhow!("which folder?"))?);
    let documents = [
        ("search-api.json", search_api::document().to_pretty_json()?),
        ("order-api.json", order_api::openapi().to_pretty_json()?),
    ];
    for (name, document) in documents {
        std::fs::write(folder.join(name), document + "\n")?;
    }
    Ok(())
}
