//! One MySQL server, as durable as a real one.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::{Installed, Process, Recipe, archive, certificates, free_port};

/// The password of root on these servers. They listen on loopback only and hold test data only.
const ROOT_PASSWORD: &str = "local";
const START: Duration = Duration::from_secs(180);
const STOP: Duration = Duration::from_secs(60);

/// What a test may want otherwise.
#[derive(Clone, Debug, Default)]
pub struct MysqlOptions {
    /// More flags of mysqld, such as `--max-connections=20`; the last one of a name wins.
    pub flags: Vec<String>,
}

/// A MySQL server with its data folder. Commits reach the disk: `sync_binlog=1` and
/// `innodb_flush_log_at_trx_commit=1`. It offers TLS with a certificate for `localhost` and `127.0.0.1`.
#[derive(Debug)]
pub struct Mysql {
    process: Process,
    port: u16,
    data: PathBuf,
}

impl Mysql {
    /// Starts a server that keeps its data and log in `folder`, which is made when it is not there. A folder
    /// that was used before is taken up again.
    pub fn start(installed: &Installed, folder: &Path, options: &MysqlOptions) -> Result<Self> {
        let data = folder.join("data");
        if !data.exists() {
            archive::copy(&initialised(installed)?, &data)?;
        }
        let port = free_port()?;
        let recipe = server(installed, &data, &folder.join("mysqld.log"))
            .arg(format!("--port={port}"))
            .args([
                "--bind-address=127.0.0.1",
                // Relative to the data folder: a socket's path may have 107 bytes only.
                "--socket=mysqld.sock",
                "--pid-file=mysqld.pid",
                "--skip-name-resolve",
                "--server-id=1",
                "--log-bin=binlog",
                "--sync-binlog=1",
                "--innodb-flush-log-at-trx-commit=1",
                "--log-bin-trust-function-creators=1",
                "--innodb-buffer-pool-size=256M",
                "--max-connections=400",
                "--ssl-ca=tls/ca.crt",
                "--ssl-cert=tls/tls.crt",
                "--ssl-key=tls/tls.key",
            ])
            .args(&options.flags);
        let mut server = Self { process: Process::start(recipe)?, port, data };
        server.wait_ready()?;
        Ok(server)
    }

    /// `mysql://root:…@127.0.0.1:port`, without a database.
    pub fn url(&self) -> String {
        format!("mysql://root:{ROOT_PASSWORD}@127.0.0.1:{}", self.port)
    }

    /// The port on 127.0.0.1; it stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The user of [`Mysql::url`].
    pub fn user(&self) -> &'static str {
        "root"
    }

    /// The password of [`Mysql::user`].
    pub fn password(&self) -> &'static str {
        ROOT_PASSWORD
    }

    /// PEM file with the certificate of the authority that signed the server's.
    pub fn ca_file(&self) -> PathBuf {
        self.data.join("tls/ca.crt")
    }

    /// The server's process, to freeze and thaw it.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// SIGTERM, and waits until it has gone.
    pub fn stop(&mut self) -> Result<()> {
        self.process.stop(STOP).map(drop)
    }

    /// kill -9.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it again on the same port and data, and waits until it answers.
    pub fn start_again(&mut self) -> Result<()> {
        self.process.start_again()?;
        self.wait_ready()
    }

    fn wait_ready(&mut self) -> Result<()> {
        let port = self.port;
        self.process.wait_ready(START, || greets(port))
    }
}

/// True when the server sends its greeting (protocol 10) and not an error packet.
fn greets(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut head = [0; 5];
    stream.set_read_timeout(Some(Duration::from_secs(1))).is_ok()
        && stream.read_exact(&mut head).is_ok()
        && head[4] == 10
}

/// mysqld out of its own root file system, with that one's libraries, on a data folder of ours. No chroot, so
/// that no root rights and no mounts are needed.
fn server(installed: &Installed, data: &Path, log: &Path) -> Recipe {
    let root = installed.mysql_root();
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    let libraries = root.join("usr/lib").join(triple);
    let loader = match std::env::consts::ARCH {
        "aarch64" => "ld-linux-aarch64.so.1",
        _ => "ld-linux-x86-64.so.2",
    };
    let recipe = Recipe::new("MySQL", libraries.join(loader), log)
        .arg("--library-path")
        .arg(&libraries)
        .arg(root.join("usr/sbin/mysqld"))
        .arg("--no-defaults")
        .arg(format!("--basedir={}", root.join("usr").display()))
        .arg(format!("--datadir={}", data.display()))
        .args(["--mysqlx=OFF", "--innodb-use-native-aio=OFF", "--secure-file-priv=NULL", "--log-error-verbosity=2"]);
    if nix::unistd::geteuid().is_root() { recipe.arg("--user=root") } else { recipe }
}

/// A data folder right after initialisation, with a root user that may come in over TCP.
fn initialised(installed: &Installed) -> Result<PathBuf> {
    let folder = installed.archive("mysql");
    let data = folder.join("data");
    archive::ensure_made(&folder, "mysql 1", |folder| {
        let sql = folder.join("init.sql");
        // init-file wants one statement per line.
        fs::write(
            &sql,
            format!(
                "ALTER USER root@localhost IDENTIFIED BY '{ROOT_PASSWORD}';\n\
                 CREATE USER root@'%' IDENTIFIED BY '{ROOT_PASSWORD}';\n\
                 GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;\n"
            ),
        )?;
        let recipe = server(installed, &data, &folder.join("init.log"))
            .arg("--initialize-insecure")
            .arg("--innodb-redo-log-capacity=64M")
            .arg(format!("--init-file={}", sql.display()));
        let mut process = Process::start(recipe)?;
        let status = process.wait(START)?.context("MySQL did not initialise its data folder in time")?;
        ensure!(status.success(), "MySQL cannot initialise a data folder: see {}", process.log().display());
        // Each server makes its own identity.
        fs::remove_file(data.join("auto.cnf"))?;
        // mysqld's own carry no host name, which clients that verify refuse.
        certificates::make(&data.join("tls"), "mysql")
    })?;
    Ok(data)
}
