//! Is this server fit for what is about to run? Pure; every problem names its cure.

use std::collections::BTreeSet;
use std::fmt;

use crate::privileges::held;
use crate::server::Server;

/// The oldest server our SQL is written for (release, minor).
const OLDEST: (u32, u32) = (8, 4);

/// Why the server is not fit, and what makes it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub what: String,
    pub cure: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; cure: {}", self.what, self.cure)
    }
}

/// All problems at once, so that a person mends them in one go. `needed`: see [`crate::privileges::needed`].
pub fn problems(server: &Server, needed: &BTreeSet<&str>) -> Vec<Problem> {
    [old(server), read_only(server), engine(server), charset(server), rights(server, needed), triggers(server, needed)]
        .into_iter()
        .flatten()
        .collect()
}

fn problem(what: impl Into<String>, cure: impl Into<String>) -> Option<Problem> {
    Some(Problem { what: what.into(), cure: cure.into() })
}

fn old(server: &Server) -> Option<Problem> {
    let version = &server.version;
    if version.contains("MariaDB") {
        return problem(
            format!("the server is {version}"),
            "use MySQL 8.4 or newer: MariaDB compares text by other rules",
        );
    }
    let mut parts = version.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found >= OLDEST {
        return None;
    }
    problem(format!("the server is MySQL {version}"), "use MySQL 8.4 or newer")
}

fn read_only(server: &Server) -> Option<Problem> {
    if server.read_only != Some(true) || held(&server.grants, &server.schema).has_global("SUPER") {
        return None;
    }
    problem("the server is read-only", "point spec.database.host at the primary, or SET GLOBAL read_only = OFF")
}

fn engine(server: &Server) -> Option<Problem> {
    if server.innodb {
        return None;
    }
    problem("the server has no InnoDB", "enable InnoDB: orders need transactions and row locks")
}

fn charset(server: &Server) -> Option<Problem> {
    if server.schema_charset == "utf8mb4" {
        return None;
    }
    problem(
        format!("database `{}` has the character set {}", server.schema, server.schema_charset),
        format!("ALTER DATABASE `{}` CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci", server.schema),
    )
}

fn rights(server: &Server, needed: &BTreeSet<&str>) -> Option<Problem> {
    let missing = held(&server.grants, &server.schema).missing(needed);
    if missing.is_empty() {
        return None;
    }
    let missing = missing.join(", ");
    problem(
        format!("{} lacks {missing} on `{}`", server.account, server.schema),
        format!("GRANT {missing} ON `{}`.* TO {}", server.schema, account(&server.account)),
    )
}

/// Error 1419: with the binary log on, CREATE TRIGGER needs a trusting server or SUPER.
fn triggers(server: &Server, needed: &BTreeSet<&str>) -> Option<Problem> {
    let held = held(&server.grants, &server.schema);
    let trusted = server.trusts_function_creators == Some(true) || held.has_global("SUPER") || held.maybe_more;
    if !needed.contains("TRIGGER") || server.binlog != Some(true) || trusted {
        return None;
    }
    problem(
        format!("the binary log is on and {} may not create triggers (MySQL error 1419)", server.account),
        "SET PERSIST log_bin_trust_function_creators = 1 (managed MySQL: in its parameter group), or grant SUPER",
    )
}

/// `user@host` quoted as a statement wants it.
fn account(account: &str) -> String {
    match account.rsplit_once('@') {
        Some((user, host)) => format!("'{user}'@'{host}'"),
        None => format!("'{account}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn fit() -> Server {
        Server {
            version: "8.4.3".to_owned(),
            schema: "shop".to_owned(),
            account: "migrator@%".to_owned(),
            binlog: Some(true),
            trusts_function_creators: Some(true),
            read_only: Some(false),
            innodb: true,
            schema_charset: "utf8mb4".to_owned(),
            grants: vec!["GRANT ALL PRIVILEGES ON `shop`.* TO `migrator`@`%`".to_owned()],
        }
    }

    fn judged(change: impl FnOnce(&mut Server)) -> String {
        let mut server = fit();
        change(&mut server);
        let needed = BTreeSet::from(["CREATE", "TRIGGER"]);
        problems(&server, &needed).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_fit_server_passes() {
        assert_eq!(judged(|_| {}), "");
    }

    #[rstest]
    #[case("8.4.0", true)]
    #[case("9.7.0-1-debian", true)]
    #[case("10.0.1", true)]
    #[case("8.0.42", false)]
    #[case("8.0.mysql_aurora.3.08", false)]
    #[case("10.11.19-MariaDB-log", false)]
    #[case("garbage", false)]
    fn versions(#[case] version: &str, #[case] passes: bool) {
        assert_eq!(judged(|s| s.version = version.to_owned()).is_empty(), passes);
    }

    #[test]
    fn error_1419_is_foreseen() {
        let text = judged(|s| s.trusts_function_creators = Some(false));
        assert!(text.contains("1419") && text.contains("log_bin_trust_function_creators = 1"), "{text}");
        assert_eq!(judged(|s| (s.trusts_function_creators, s.binlog) = (Some(false), Some(false))), "");
        let grants = vec!["GRANT SUPER, CREATE, TRIGGER ON *.* TO `m`@`%`".to_owned()];
        assert_eq!(judged(|s| (s.trusts_function_creators, s.grants) = (Some(false), grants)), "");
    }

    #[test]
    fn missing_rights_are_named_with_the_grant() {
        let text = judged(|s| s.grants = vec!["GRANT CREATE ON `shop`.* TO `migrator`@`%`".to_owned()]);
        assert!(text.contains("GRANT TRIGGER ON `shop`.* TO 'migrator'@'%'"), "{text}");
    }

    #[test]
    fn all_problems_come_at_once() {
        let text = judged(|s| (s.innodb, s.read_only, s.schema_charset) = (false, Some(true), "latin1".to_owned()));
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("ALTER DATABASE `shop` CHARACTER SET utf8mb4"), "{text}");
    }
}
