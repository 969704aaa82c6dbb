//! MySQL's own errors, provoked one by one: each has the number that the table of `classify.rs` knows it by, and its class.

use std::time::{Duration, Instant};

use local_servers::{Installed, Mysql, MysqlOptions};
use order_consumer::classify::{Class, classify_error, describe};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, MySqlConnection, MySqlPool};

/// A server of the test's own: some of these need its global settings.
struct Server {
    mysql: Mysql,
    _folder: tempfile::TempDir,
}

impl Server {
    async fn start() -> (Self, MySqlPool) {
        let folder = tempfile::tempdir().unwrap();
        let options = MysqlOptions { flags: vec!["--max-allowed-packet=1M".to_owned()] };
        let mysql = Mysql::start(&Installed::from_env().unwrap(), folder.path(), &options).unwrap();
        let root = MySqlPoolOptions::new().max_connections(4).connect(&mysql.url()).await.unwrap();
        sqlx::raw_sql("CREATE DATABASE d").execute(&root).await.unwrap();
        let server = Self { mysql, _folder: folder };
        let pool = MySqlPoolOptions::new().max_connections(8).connect_with(server.options()).await.unwrap();
        (server, pool)
    }

    fn options(&self) -> MySqlConnectOptions {
        self.mysql.url().parse::<MySqlConnectOptions>().unwrap().database("d")
    }

    fn as_user(&self, user: &str, password: &str) -> MySqlConnectOptions {
        self.options().username(user).password(password)
    }

    async fn connect(&self, user: &str) -> Result<MySqlConnection, sqlx::Error> {
        self.as_user(user, "secret").connect().await
    }
}

async fn run(pool: &MySqlPool, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn fails(connection: &mut MySqlConnection, sql: &str) -> sqlx::Error {
    match connection.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await {
        Ok(_) => panic!("went well: {sql}"),
        Err(error) => error,
    }
}

async fn ask(pool: &MySqlPool, sql: &'static str, id: u64) -> i64 {
    sqlx::query_scalar(sql).bind(id).fetch_one(pool).await.unwrap()
}

async fn until(what: &str, mut found: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !found().await {
        assert!(Instant::now() < deadline, "not within two minutes: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn check(error: &sqlx::Error, number: u16, class: Class) {
    assert_eq!(classify_error(error), (class, Some(number)), "{error}");
}

const TABLES: &str = "
    CREATE TABLE t (id INT PRIMARY KEY, n TINYINT NOT NULL, text VARCHAR(3), at DATETIME, kind ENUM('A'), j JSON,
                    CONSTRAINT small CHECK (n < 100));
    CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES t (id));
    INSERT INTO t (id, n) VALUES (1, 1), (2, 2);
    CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;
    CREATE TABLE full_soon (text VARCHAR(10000)) ENGINE = MEMORY";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn what_one_statement_can_provoke() {
    let (server, pool) = Server::start().await;
    run(&pool, TABLES).await;
    let mut root = server.options().connect().await.unwrap();
    let poison = [
        (1048, "INSERT INTO t (id, n) VALUES (9, NULL)"),
        (1264, "INSERT INTO t (id, n) VALUES (9, 1000)"),
        (1265, "INSERT INTO t (id, n, kind) VALUES (9, 9, 'B')"),
        (1292, "INSERT INTO t (id, n, at) VALUES (9, 9, 'yesterday')"),
        (1364, "INSERT INTO t (id) VALUES (9)"),
        (1366, "INSERT INTO t (id, n) VALUES (9, 'x')"),
        (1406, "INSERT INTO t (id, n, text) VALUES (9, 9, 'long')"),
        (1452, "INSERT INTO child VALUES (1, 99)"),
        (1690, "SELECT 9223372036854775807 + 1"),
        (3140, "INSERT INTO t (id, n, j) VALUES (9, 9, '{')"),
        (3819, "INSERT INTO t (id, n) VALUES (9, 100)"),
    ];
    for (number, sql) in poison {
        check(&fails(&mut root, sql).await, number, Class::Poison);
    }
    let systemic = [
        (1054, "SELECT nothing FROM t"),
        (1064, "SELEC 1"),
        (1136, "INSERT INTO t (id, n) VALUES (9)"),
        (1146, "SELECT * FROM nothing"),
        (1305, "SELECT d.nothing()"),
    ];
    for (number, sql) in systemic {
        check(&fails(&mut root, sql).await, number, Class::Systemic);
    }
    let twice = fails(&mut root, "INSERT INTO t (id, n) VALUES (1, 1)").await;
    check(&twice, 1062, Class::Duplicate);
    // What it quotes is an order's number, or a shopper's.
    assert!(twice.to_string().contains("Duplicate entry '1'"), "{twice}");
    assert_eq!(describe(&twice), "MySQL's error 1062");
    let missing = fails(&mut root, "SELECT * FROM nothing").await;
    assert!(describe(&missing).contains("d.nothing"), "{missing}");
    let slow = "SELECT /*+ MAX_EXECUTION_TIME(50) */ COUNT(*) FROM information_schema.columns a, \
                information_schema.columns b, information_schema.columns c";
    check(&fails(&mut root, slow).await, 3024, Class::Slow);
    let read_only = "SET TRANSACTION READ ONLY; START TRANSACTION; INSERT INTO t (id, n) VALUES (9, 9)";
    check(&fails(&mut root, read_only).await, 1792, Class::Unavailable);
    run(&pool, "SET GLOBAL max_heap_table_size = 16384").await;
    let mut other = server.options().connect().await.unwrap();
    let fill = "CREATE TABLE soon_full (text CHAR(250)) ENGINE = MEMORY; \
                INSERT INTO soon_full WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i FROM n";
    check(&fails(&mut other, fill).await, 1114, Class::Unavailable);
    run(&pool, "SET GLOBAL binlog_cache_size = 4096; SET GLOBAL max_binlog_cache_size = 4096").await;
    let mut small = server.options().connect().await.unwrap();
    let much = "CREATE TABLE much (text VARCHAR(9000)); START TRANSACTION; \
                INSERT INTO much WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99) \
                SELECT REPEAT('x', 9000) FROM n";
    check(&fails(&mut small, much).await, 1197, Class::Shape);
    let many = format!("SELECT {}", vec!["?"; 65_536].join(","));
    let error = sqlx::query(AssertSqlSafe(many)).execute(&mut other).await.unwrap_err();
    check(&error, 1390, Class::Shape);
    // The server ends the connection after it; whoever reads its words first knows 1153.
    let large = format!("SELECT LENGTH('{}')", "x".repeat(2 << 20));
    let error = fails(&mut other, &large).await;
    assert!(matches!(classify_error(&error), (Class::Shape, Some(1153)) | (Class::Unavailable, None)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn what_two_transactions_do_to_each_other() {
    let (server, pool) = Server::start().await;
    run(&pool, TABLES).await;
    let begin = async || {
        let mut connection = server.options().connect().await.unwrap();
        let begin = "SET SESSION innodb_lock_wait_timeout = 1; START TRANSACTION";
        connection.execute(sqlx::raw_sql(begin)).await.unwrap();
        connection
    };
    let (mut one, mut two) = (begin().await, begin().await);
    one.execute("UPDATE t SET n = 5 WHERE id = 1").await.unwrap();
    check(&fails(&mut two, "SELECT * FROM t WHERE id = 1 FOR UPDATE NOWAIT").await, 3572, Class::Transient);
    check(&fails(&mut two, "UPDATE t SET n = 6 WHERE id = 1").await, 1205, Class::Transient);

    two.execute("UPDATE t SET n = 6 WHERE id = 2").await.unwrap();
    one.execute("SET SESSION innodb_lock_wait_timeout = 30").await.unwrap();
    two.execute("SET SESSION innodb_lock_wait_timeout = 30").await.unwrap();
    let (first, second) =
        tokio::join!(one.execute("UPDATE t SET n = 7 WHERE id = 2"), two.execute("UPDATE t SET n = 7 WHERE id = 1"));
    let error = first.err().or(second.err()).expect("one of them gives way");
    check(&error, 1213, Class::Transient);

    let mut sleeper = server.options().connect().await.unwrap();
    let id: u64 = sqlx::query_scalar("SELECT CONNECTION_ID()").fetch_one(&mut sleeper).await.unwrap();
    let wait = "SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b, \
                information_schema.columns c, information_schema.columns d";
    let interrupted = tokio::spawn(async move { fails(&mut sleeper, wait).await });
    let running = "SELECT COUNT(*) FROM performance_schema.processlist WHERE id = ? AND command = 'Query' AND info LIKE '%columns d%'";
    until("it runs", async || ask(&pool, running, id).await > 0).await;
    run(&pool, &format!("KILL QUERY {id}")).await;
    check(&interrupted.await.unwrap(), 1317, Class::Slow);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn what_rights_and_limits_refuse() {
    let (server, pool) = Server::start().await;
    run(&pool, TABLES).await;
    run(
        &pool,
        "CREATE USER reader@'%' IDENTIFIED BY 'secret'; GRANT SELECT (id) ON d.t TO reader@'%';
         CREATE USER nobody@'%' IDENTIFIED BY 'secret'; CREATE DATABASE other;
         CREATE USER locked@'%' IDENTIFIED BY 'secret' ACCOUNT LOCK;
         CREATE USER few@'%' IDENTIFIED BY 'secret' WITH MAX_USER_CONNECTIONS 1; GRANT SELECT ON d.* TO few@'%';
         CREATE USER old@'%' IDENTIFIED BY 'secret' PASSWORD EXPIRE; GRANT SELECT ON d.* TO old@'%'",
    )
    .await;
    check(&server.as_user("reader", "wrong").connect().await.unwrap_err(), 1045, Class::Systemic);
    check(&server.connect("nobody").await.unwrap_err(), 1044, Class::Systemic);
    check(&server.connect("locked").await.unwrap_err(), 3118, Class::Systemic);
    check(&server.options().database("nothing").connect().await.unwrap_err(), 1049, Class::Systemic);
    let mut reader = server.connect("reader").await.unwrap();
    check(&fails(&mut reader, "INSERT INTO t (id, n) VALUES (9, 9)").await, 1142, Class::Systemic);
    check(&fails(&mut reader, "SELECT n FROM t").await, 1143, Class::Systemic);
    check(&fails(&mut reader, "SELECT f()").await, 1370, Class::Systemic);
    check(&fails(&mut reader, "SET GLOBAL max_connections = 10").await, 1227, Class::Systemic);
    // 1820 is for clients that could set a new password.
    check(&server.connect("old").await.unwrap_err(), 1862, Class::Systemic);

    let _first = server.connect("few").await.unwrap();
    check(&server.connect("few").await.unwrap_err(), 1226, Class::Unavailable);
    run(&pool, "SET GLOBAL max_user_connections = 1").await;
    run(&pool, "GRANT SELECT ON d.* TO reader@'%'").await;
    // Those from before do not count.
    let _second = server.connect("reader").await.unwrap();
    check(&server.connect("reader").await.unwrap_err(), 1203, Class::Unavailable);
    run(&pool, "SET GLOBAL max_user_connections = 0").await;
    run(&pool, "SET GLOBAL require_secure_transport = ON").await;
    let plain = server.options().ssl_mode(MySqlSslMode::Disabled).connect().await.unwrap_err();
    check(&plain, 3159, Class::Systemic);
    run(&pool, "SET GLOBAL require_secure_transport = OFF").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL and Kafka: cargo xtask test --integration"]
async fn what_a_server_says_that_is_not_there_for_us() {
    let (mut server, pool) = Server::start().await;
    run(&pool, TABLES).await;
    run(&pool, "CREATE USER writer@'%' IDENTIFIED BY 'secret'; GRANT SELECT, INSERT ON d.* TO writer@'%'").await;
    let write = "INSERT INTO t (id, n) VALUES (9, 9)";

    let mut writer = server.connect("writer").await.unwrap();
    run(&pool, "SET GLOBAL read_only = ON").await;
    check(&fails(&mut writer, write).await, 1290, Class::Unavailable);
    run(&pool, "SET GLOBAL super_read_only = ON").await;
    check(&fails(&mut pool.acquire().await.unwrap(), write).await, 1290, Class::Unavailable);
    run(&pool, "SET GLOBAL super_read_only = OFF").await;
    run(&pool, "SET GLOBAL read_only = OFF").await;

    // A session that was silent for too long is told so when it speaks again.
    let mut silent = server.connect("writer").await.unwrap();
    silent.execute("SET SESSION wait_timeout = 1").await.unwrap();
    let id: u64 = sqlx::query_scalar("SELECT CONNECTION_ID()").fetch_one(&mut silent).await.unwrap();
    let there = "SELECT COUNT(*) FROM performance_schema.processlist WHERE id = ?";
    until("its session is gone", async || ask(&pool, there, id).await == 0).await;
    let error = fails(&mut silent, "SELECT 1").await;
    assert!(matches!(classify_error(&error), (Class::Unavailable, Some(4031) | None)), "{error}");

    run(&pool, "SET GLOBAL offline_mode = ON").await;
    let error = server.connect("writer").await.unwrap_err();
    check(&error, 3032, Class::Unavailable);
    run(&pool, "SET GLOBAL offline_mode = OFF").await;

    // One connection beyond the limit is kept for administrators, which writer is not.
    run(&pool, "SET GLOBAL max_connections = 1").await;
    // Those that just ended may still count.
    until("the server is full", async || match server.connect("writer").await {
        Err(error) => {
            check(&error, 1040, Class::Unavailable);
            true
        }
        Ok(connection) => {
            drop(connection.close().await);
            false
        }
    })
    .await;
    run(&pool, "SET GLOBAL max_connections = 100").await;

    let mut connected = server.connect("writer").await.unwrap();
    server.mysql.kill().unwrap();
    let error = fails(&mut connected, "SELECT 1").await;
    assert_eq!(classify_error(&error), (Class::Unavailable, None), "{error}");
    let error = server.connect("writer").await.unwrap_err();
    assert_eq!(classify_error(&error), (Class::Unavailable, None), "{error}");
}
