//! MySQL.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use sqlx::ConnectOptions;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

use super::InputError;

/// Where MySQL is and who we are there.
#[derive(Clone, Debug, clap::Args)]
pub struct MysqlArgs {
    /// `mysql://user:password@host:port/schema`. It holds a password: set the variable rather than the flag.
    #[arg(long, env = "MYSQL_URL", hide_env_values = true, value_name = "URL")]
    pub mysql_url: SecretString,

    /// CA (PEM) that signed the server's certificate; with it the server's name is verified. Without it TLS is used when the
    /// server offers it.
    #[arg(long, env = "MYSQL_CA", value_name = "FILE")]
    pub mysql_ca: Option<PathBuf>,
}

impl MysqlArgs {
    /// What a connection needs.
    pub fn options(&self) -> Result<MySqlConnectOptions, InputError> {
        // The cause may quote the password.
        let error = || InputError::new("MYSQL_URL", "must be mysql://user:password@host:port/schema".to_owned());
        let url = self.mysql_url.expose_secret();
        if !url.starts_with("mysql://") {
            return Err(error());
        }
        let options: MySqlConnectOptions = url.parse().map_err(|_| error())?;
        if options.get_database().is_none_or(str::is_empty) {
            return Err(InputError::new(
                "MYSQL_URL",
                "names no schema: mysql://user:password@host:port/schema".to_owned(),
            ));
        }
        let options = options.charset("utf8mb4").disable_statement_logging();
        let Some(ca) = &self.mysql_ca else { return Ok(options) };
        if !ca.is_file() {
            return Err(InputError::new("MYSQL_CA", format!("{} is no file", ca.display())));
        }
        Ok(options.ssl_mode(MySqlSslMode::VerifyIdentity).ssl_ca(ca))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str, ca: Option<&str>) -> Result<MySqlConnectOptions, InputError> {
        MysqlArgs { mysql_url: url.into(), mysql_ca: ca.map(PathBuf::from) }.options()
    }

    #[test]
    fn a_bad_url_is_not_printed() {
        for url in ["postgres://u:geheim@h/db", "geheim", "mysql://u:geheim@h:3306"] {
            let error = options(url, None).unwrap_err().to_string();
            assert!(error.contains("MYSQL_URL") && !error.contains("geheim"), "{error}");
        }
        assert!(options("mysql://u:p@h:3306/db", Some("/nowhere")).unwrap_err().to_string().contains("MYSQL_CA"));
        assert_eq!(options("mysql://u:p@h:3306/db", None).unwrap().get_database(), Some("db"));
    }
}
