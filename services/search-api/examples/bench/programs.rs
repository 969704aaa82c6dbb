//! search-api as it ships, on the benchmark's own server.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use local_servers::{Mysql, Process, Recipe, free_port};

const START: Duration = Duration::from_secs(300);

pub struct Program {
    process: Process,
    pub url: String,
    /// What it says its build took.
    pub build_seconds: f64,
}

impl Program {
    /// Returns when its index is built.
    pub async fn start(mysql: &Mysql, schema: &str, folder: &Path) -> Result<Self> {
        let programs: PathBuf = std::env::var_os("PROGRAMS").context("PROGRAMS")?.into();
        let credentials = folder.join("credentials");
        std::fs::create_dir_all(&credentials)?;
        std::fs::write(credentials.join("username"), mysql.user())?;
        std::fs::write(credentials.join("password"), mysql.password())?;
        let (http, admin) = (free_port()?, free_port()?);
        let recipe = Recipe::new("search-api", programs.join("search-api"), folder.join("search-api.log"))
            .env("HTTP_ADDR", format!("127.0.0.1:{http}"))
            .env("ADMIN_ADDR", format!("127.0.0.1:{admin}"))
            .env("DATABASE_HOST", "127.0.0.1")
            .env("DATABASE_PORT", mysql.port().to_string())
            .env("DATABASE_NAME", schema)
            .env("DATABASE_CREDENTIALS_DIR", credentials.as_os_str())
            .env("DATABASE_CA_FILE", mysql.ca_file().as_os_str())
            .env("DATABASE_MAX_CONNECTIONS", "18")
            .env("INDEX_MEMORY", "2Gi")
            .env("LOG_FORMAT", "text");
        let url = format!("http://127.0.0.1:{http}");
        let mut program = Self { process: Process::start(recipe)?, url, build_seconds: 0.0 };
        let client = reqwest_client()?;
        let started = Instant::now();
        loop {
            let answer = client.get(format!("http://127.0.0.1:{admin}/metrics")).send().await;
            if let Ok(answer) = answer {
                let metrics = answer.text().await?;
                let value = |name: &str| metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
                if value("search_index_builds_total{outcome=\"Built\"}") == Some(1.0) {
                    program.build_seconds = value("search_index_build_seconds").context("the build's time")?;
                    return Ok(program);
                }
            }
            if started.elapsed() > START {
                bail!("no index was built: see {}", program.process.log().display());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The most memory it ever had, in bytes.
    pub fn peak_memory(&self) -> Result<u64> {
        let pid = self.process.id().context("it runs")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes * 1024)
    }
}

pub fn reqwest_client() -> Result<reqwest::Client> {
    let _already_set = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?)
}
