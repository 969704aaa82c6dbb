//! `orderctl catalog`: whole catalogues in and out, over search-api.

mod export;
mod import;
mod pieces;
mod progress;

use std::path::PathBuf;

use clap::ValueEnum;

use crate::connect::api::SearchApiArgs;
use crate::failure::{Exit, Failure};

/// The catalogue of products.
#[derive(Debug, clap::Subcommand)]
pub enum CatalogCommand {
    /// Put the products of a file into the catalogue; products that it does not name stay
    ///
    /// NDJSON: a line a product, {"id", "sku", "name", "description", "price": {"amount", "currency"}, "stock"}. CSV: a
    /// header with id, sku, name, description, amount, currency, stock. A row with an id is that product, one without is
    /// the product with its sku. Without description it is empty, without stock the stock stays. Lines that are wrong are
    /// named and left out.
    #[command(after_help = "\
Examples:
  orderctl catalog import products.csv
  orderctl catalog export - --format csv | orderctl catalog import - --format csv --search-api-url https://other.example

An import that broke off says how to go on. Stock counts once for each line of an import of one name, so going on is safe.")]
    Import(ImportArgs),
    /// All products, in the form that an import takes
    #[command(after_help = "\
Examples:
  orderctl catalog export products.csv
  orderctl catalog export - | gzip > products.ndjson.gz")]
    Export(ExportArgs),
}

/// What to import.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// The file, `-` for standard input
    file: PathBuf,
    /// Form of the file; its ending says it, when this does not
    #[arg(long)]
    format: Option<Format>,
    /// Name of this import, of up to 20 letters, digits and hyphens; the one that broke off, to go on with it
    #[arg(long, value_name = "NAME", value_parser = import::parse_name)]
    import: Option<String>,
    /// Lines up to this one were imported already, as the import that broke off said
    #[arg(long, value_name = "LINE", default_value_t = 0, requires = "import")]
    after: u64,
    /// How long to wait for search-api or its database to come back, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    #[command(flatten)]
    api: SearchApiArgs,
}

/// Where to export to.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// The file, `-` for standard output; one that is there is replaced, once all products have come
    file: PathBuf,
    /// Form of the file; its ending says it, when this does not
    #[arg(long)]
    format: Option<Format>,
    #[command(flatten)]
    api: SearchApiArgs,
}

/// How a file holds products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line of JSON for each
    Ndjson,
    /// RFC 4180, with a header
    Csv,
}

impl Format {
    fn media(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv",
        }
    }

    fn of(file: &std::path::Path) -> Option<Self> {
        match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// Runs it.
pub async fn run(command: &CatalogCommand, as_json: bool) -> Result<(), Failure> {
    match command {
        CatalogCommand::Import(args) => {
            let format = args.format.or_else(|| Format::of(&args.file)).ok_or_else(|| {
                Failure::new(Exit::Unusable, format!("what form has {}?", args.file.display()))
                    .next("Say --format ndjson or --format csv; .ndjson, .jsonl and .csv say it themselves.")
            })?;
            import::run(args, format, as_json).await
        }
        CatalogCommand::Export(args) => {
            let format = args.format.or_else(|| Format::of(&args.file)).unwrap_or(Format::Ndjson);
            export::run(args, format, as_json).await
        }
    }
}

fn is_standard(file: &std::path::Path) -> bool {
    file.as_os_str() == "-"
}

fn unusable(file: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Unusable, format!("{}: {error}", file.display()))
}
