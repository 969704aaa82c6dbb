//! What an error means for the batch that met it. One pure function over MySQL's error numbers, so that the whole policy is
//! one table (MySQL manual, "Server Error Message Reference" and "InnoDB Error Handling").
//!
//! A number that is not listed falls to its SQLSTATE class, and then to [`Class::Systemic`]: what nobody has judged yet must
//! not empty the topic into dead letters.

/// What to do about an error. Whatever the class, the transaction is rolled back first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The server chose this transaction to give way: again, soon.
    Transient,
    /// The database is away, full, read-only or out of connections: wait, for as long as it takes.
    Unavailable,
    /// A row was there already, or not as it was read: roll back, load again, again; cut the batch when it persists.
    Duplicate,
    /// A statement took too long: smaller batches.
    Slow,
    /// The request is too large as a whole: smaller batches.
    Shape,
    /// MySQL will never take one of these orders: cut the batch until that one is alone, then dead-letter it.
    Poison,
    /// Every order would fail (schema, grants, credentials): pause all, try again until a person has mended it.
    Systemic,
}

impl Class {
    /// For metrics and `/healthz`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Unavailable => "unavailable",
            Self::Duplicate => "duplicate",
            Self::Slow => "slow",
            Self::Shape => "shape",
            Self::Poison => "poison",
            Self::Systemic => "systemic",
        }
    }

    /// True when it says that the database cannot be worked with, not that this batch met another or a bad order.
    pub fn is_about_the_database(self) -> bool {
        matches!(self, Self::Unavailable | Self::Systemic)
    }
}

/// Credentials and grants (1044, 1045, 1142, 1143, 1227, 1370, 1698, 1820, 1862, 3118, 3159), database or schema (1049, 1054, 1136,
/// 1146, 1305).
const ACCESS_AND_SCHEMA: [u16; 16] =
    [1044, 1045, 1049, 1054, 1136, 1142, 1143, 1146, 1227, 1305, 1370, 1698, 1820, 1862, 3118, 3159];

/// The class of a MySQL error: its number and its SQLSTATE.
pub fn classify(number: u16, sqlstate: &str) -> Class {
    match number {
        // 1205 and 3572 undo only their statement; the rollback that follows undoes the rest.
        1205 | 1213 | 1020 | 1180 | 3101 | 3572 => Class::Transient,
        // Connections and capacity: too many (1040, 1203, 1226), out of memory or resources (1037, 1038, 1041, 1135), shutting
        // down (1053), network (1042, 1043, 1047, 1158-1161, 1927, 1129), packets out of order (1156, 1157).
        1037 | 1038 | 1040..=1043 | 1047 | 1053 | 1129 | 1135 | 1156..=1161 | 1203 | 1226 | 1927 => Class::Unavailable,
        // The client library's own numbers (2002 … 2055), and the server's "disconnected by" (3169, 4031).
        2002 | 2003 | 2006 | 2013 | 2055 | 3169 | 4031 => Class::Unavailable,
        // Failover and disk: read-only (1290, 1792, 1836, 3100), disk full (1021, 1114, 1030), offline mode (3032).
        1021 | 1030 | 1114 | 1290 | 1792 | 1836 | 3032 | 3100 => Class::Unavailable,
        1062 | 1586 => Class::Duplicate,
        1317 | 1969 | 3024 => Class::Slow,
        // Packet, placeholders, the binary log's transaction cache.
        1153 | 1197 | 1390 => Class::Shape,
        // Values: null (1048, 1364), range (1264, 1690), truncated (1265, 1406), text or time (1292, 1366), JSON (3140), CHECK
        // (3819, MariaDB 4025), foreign key (1216, 1452).
        1048 | 1216 | 1264 | 1265 | 1292 | 1364 | 1366 | 1406 | 1452 | 1690 | 3140 | 3819 | 4025 => Class::Poison,
        _ if ACCESS_AND_SCHEMA.contains(&number) => Class::Systemic,
        // A statement that MySQL cannot read.
        1064 => Class::Systemic,
        _ => by_sqlstate(sqlstate),
    }
}

fn by_sqlstate(sqlstate: &str) -> Class {
    match sqlstate.get(..2) {
        Some("08") => Class::Unavailable,
        Some("40") => Class::Transient,
        Some("22" | "23") => Class::Poison,
        _ => Class::Systemic,
    }
}

/// The class of whatever sqlx reports, and MySQL's number when there is one.
pub fn classify_error(error: &sqlx::Error) -> (Class, Option<u16>) {
    match error {
        sqlx::Error::Database(database) => {
            let number = service_runtime::database::mysql_code(error);
            let sqlstate = database.code();
            (classify(number.unwrap_or(0), sqlstate.as_deref().unwrap_or("")), number)
        }
        // No answer, or half of one. During COMMIT this leaves open whether it happened: the next attempt's compare-and-set tells.
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => (Class::Unavailable, None),
        // Columns or types other than the code expects, and what sqlx may add one day.
        _ => (Class::Systemic, None),
    }
}

/// What the log may say of an error. MySQL's texts about rows and statements quote them ("Duplicate entry '…'"), and what they quote
/// is a shopper's, or an order's number; those about users, tables and the server's state do not.
pub fn describe(error: &sqlx::Error) -> String {
    let (class, number) = classify_error(error);
    let harmless =
        |number| matches!(class, Class::Unavailable | Class::Transient) || ACCESS_AND_SCHEMA.contains(&number);
    match number {
        Some(number) if !harmless(number) => format!("MySQL's error {number}"),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::deadlock(1213, "40001", Class::Transient)]
    #[case::lock_wait(1205, "HY000", Class::Transient)]
    #[case::nowait(3572, "HY000", Class::Transient)]
    #[case::group_replication_rollback(3101, "HY000", Class::Transient)]
    #[case::too_many_connections(1040, "08004", Class::Unavailable)]
    #[case::user_limit(1203, "42000", Class::Unavailable)]
    #[case::resource_limit(1226, "42000", Class::Unavailable)]
    #[case::shutdown(1053, "08S01", Class::Unavailable)]
    #[case::gone_away(2006, "HY000", Class::Unavailable)]
    #[case::lost_connection(2013, "HY000", Class::Unavailable)]
    #[case::idle_too_long(4031, "HY000", Class::Unavailable)]
    #[case::read_only(1290, "HY000", Class::Unavailable)]
    #[case::super_read_only(1836, "HY000", Class::Unavailable)]
    #[case::read_only_transaction(1792, "25006", Class::Unavailable)]
    #[case::table_full(1114, "HY000", Class::Unavailable)]
    #[case::disk_full(1021, "HY000", Class::Unavailable)]
    #[case::duplicate(1062, "23000", Class::Duplicate)]
    #[case::interrupted(1317, "70100", Class::Slow)]
    #[case::execution_time(3024, "HY000", Class::Slow)]
    #[case::packet(1153, "08S01", Class::Shape)]
    #[case::placeholders(1390, "HY000", Class::Shape)]
    #[case::transaction_cache(1197, "HY000", Class::Shape)]
    #[case::not_null(1048, "23000", Class::Poison)]
    #[case::out_of_range(1264, "22003", Class::Poison)]
    #[case::bad_text(1366, "HY000", Class::Poison)]
    #[case::too_long(1406, "22001", Class::Poison)]
    #[case::foreign_key(1452, "23000", Class::Poison)]
    #[case::check(3819, "HY000", Class::Poison)]
    #[case::arithmetic(1690, "22003", Class::Poison)]
    #[case::access_denied(1045, "28000", Class::Systemic)]
    #[case::no_grant_on_database(1044, "42000", Class::Systemic)]
    #[case::no_grant_on_table(1142, "42000", Class::Systemic)]
    #[case::password_expired(1862, "HY000", Class::Systemic)]
    #[case::no_database(1049, "42000", Class::Systemic)]
    #[case::no_table(1146, "42S02", Class::Systemic)]
    #[case::no_column(1054, "42S22", Class::Systemic)]
    #[case::syntax(1064, "42000", Class::Systemic)]
    #[case::unlisted_data_error(9999, "22023", Class::Poison)]
    #[case::unlisted_connection_error(9999, "08001", Class::Unavailable)]
    #[case::unlisted_rollback(9999, "40XYZ", Class::Transient)]
    #[case::unlisted(9999, "HY000", Class::Systemic)]
    #[case::nothing_known(0, "", Class::Systemic)]
    fn mysql_errors(#[case] number: u16, #[case] sqlstate: &str, #[case] expected: Class) {
        assert_eq!(classify(number, sqlstate), expected);
    }

    #[test]
    fn a_lost_connection_never_dead_letters() {
        for error in [sqlx::Error::PoolTimedOut, sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())] {
            assert_eq!(classify_error(&error), (Class::Unavailable, None));
        }
        assert_eq!(classify_error(&sqlx::Error::ColumnNotFound("next".to_owned())).0, Class::Systemic);
    }
}
