//! What the migrator must know of the server before it touches it.

use sqlx::{MySqlConnection, Row};

use crate::error::MigrationError;

/// Facts read once per run. Unknown variables (a server that no longer has one) stay `None`.
#[derive(Clone, Debug)]
pub struct Server {
    pub version: String,
    pub schema: String,
    /// `user@host` as the server matched it.
    pub account: String,
    pub binlog: Option<bool>,
    pub trusts_function_creators: Option<bool>,
    pub read_only: Option<bool>,
    pub innodb: bool,
    pub schema_charset: String,
    pub grants: Vec<String>,
}

impl Server {
    /// # Errors
    /// Any database error; nothing here needs a privilege beyond access to the schema.
    pub async fn read(connection: &mut MySqlConnection) -> Result<Server, MigrationError> {
        let identity = sqlx::query("SELECT VERSION(), DATABASE(), CURRENT_USER(), @@character_set_database")
            .fetch_one(&mut *connection)
            .await
            .map_err(MigrationError::Query)?;
        let text = |column: usize| identity.try_get::<String, _>(column).map_err(MigrationError::Query);
        let engines: Vec<(String, String)> =
            sqlx::query_as("SELECT ENGINE, SUPPORT FROM information_schema.ENGINES WHERE ENGINE = 'InnoDB'")
                .fetch_all(&mut *connection)
                .await
                .map_err(MigrationError::Query)?;
        let grants =
            sqlx::query_scalar("SHOW GRANTS").fetch_all(&mut *connection).await.map_err(MigrationError::Query)?;
        let mut server = Server {
            version: text(0)?,
            schema: text(1)?,
            account: text(2)?,
            binlog: None,
            trusts_function_creators: None,
            read_only: None,
            innodb: engines.iter().any(|(_, support)| support == "YES" || support == "DEFAULT"),
            schema_charset: text(3)?,
            grants,
        };
        server.read_variables(connection).await?;
        Ok(server)
    }

    /// `SHOW VARIABLES` and not `@@name`: a variable that a later server dropped is then just not there.
    async fn read_variables(&mut self, connection: &mut MySqlConnection) -> Result<(), MigrationError> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'log_bin_trust_function_creators', 'read_only')",
        )
        .fetch_all(connection)
        .await
        .map_err(MigrationError::Query)?;
        for (name, value) in rows {
            let on = Some(value.eq_ignore_ascii_case("ON") || value == "1");
            match name.as_str() {
                "log_bin" => self.binlog = on,
                "log_bin_trust_function_creators" => self.trusts_function_creators = on,
                "read_only" => self.read_only = on,
                _ => {}
            }
        }
        Ok(())
    }
}
