//! A small Java runtime, linked from the JDK on this machine, that Kafka and the mail catcher run on.
//! The images carry the same one.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::checkout::Checkout;
use crate::step::{Stamp, output, run_logged, step};

/// Found by `jdeps` and by running: log4j wants java.desktop, the mail catcher's HTTP API jdk.httpserver.
const MODULES: &str = "java.base,java.compiler,java.desktop,java.instrument,java.logging,java.management,\
java.naming,java.net.http,java.rmi,java.scripting,java.security.jgss,java.security.sasl,java.sql,java.xml,\
jdk.crypto.ec,jdk.httpserver,jdk.jcmd,jdk.management,jdk.unsupported,jdk.zipfs";

/// Links the runtime into `target/local/kafka/jre`.
pub fn provision(checkout: &Checkout) -> Result<()> {
    let jlink = jlink();
    let version = output(Command::new(&jlink).arg("--version"))
        .context("no jlink here; install a JDK 17 or newer (apt-get install openjdk-17-jdk-headless)")?;
    let jre = checkout.local().join("kafka/jre");
    let stamp = Stamp::new(jre.with_extension("stamp"), format!("{version}{MODULES}"));
    if stamp.is_current() && jre.is_dir() {
        return Ok(());
    }
    step("link a Java runtime", || {
        if jre.exists() {
            fs::remove_dir_all(&jre)?;
        }
        let log = checkout.log().join("jlink.log");
        let hint = "jlink needs the JDK's jmods folder: install the whole JDK, not a JRE";
        run_logged(
            Command::new(&jlink)
                .args(["--add-modules", MODULES, "--strip-debug", "--no-man-pages", "--no-header-files"])
                .arg("--output")
                .arg(&jre),
            &log,
            hint,
        )?;
        // The linked runtime has no archive of its own classes until it is told to make one; with it,
        // a JVM starts in half the time.
        run_logged(Command::new(jre.join("bin/java")).arg("-Xshare:dump"), &log, hint)?;
        stamp.write()
    })
}

fn jlink() -> PathBuf {
    std::env::var_os("JAVA_HOME")
        .map(|home| PathBuf::from(home).join("bin/jlink"))
        .filter(|path| path.exists())
        .unwrap_or_else(|| PathBuf::from("jlink"))
}
