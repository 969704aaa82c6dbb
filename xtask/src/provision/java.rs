//! The JDKs of this machine, and a small Java runtime linked from one of them, that Kafka and the mail catcher run on.
//! The images carry the same one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::checkout::Checkout;
use crate::content;
use crate::step::{Stamp, output, run_logged, step};

/// Found by `jdeps` and by running: log4j wants java.desktop, the mail catcher's HTTP API jdk.httpserver.
const MODULES: &str = "java.base,java.compiler,java.desktop,java.instrument,java.logging,java.management,\
java.naming,java.net.http,java.rmi,java.scripting,java.security.jgss,java.security.sasl,java.sql,java.xml,\
jdk.crypto.ec,jdk.httpserver,jdk.jcmd,jdk.management,jdk.unsupported,jdk.zipfs";

/// What Kafka's classes are compiled for.
const NEEDED: u32 = 17;

/// Links the runtime into `target/local/kafka/jre`.
pub fn provision(checkout: &Checkout) -> Result<()> {
    let jlink = find("jlink", NEEDED)
        .context("no jlink here; install a JDK 17 or newer (apt-get install openjdk-17-jdk-headless)")?;
    let version = output(Command::new(&jlink).arg("--version"))?;
    let jre = checkout.local().join("kafka/jre");
    let stamp = Stamp::new(jre.with_extension("stamp"), format!("{version}{MODULES}"));
    if stamp.is_current() && jre.is_dir() {
        return Ok(());
    }
    step("link a Java runtime", || {
        content::remove(&jre)?;
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

/// `program` of the first JDK here that is new enough.
pub fn find(program: &str, version: u32) -> Option<PathBuf> {
    candidates(program).into_iter().find(|found| version_of(found).is_some_and(|found| found >= version))
}

/// Where a JDK may be: JAVA_HOME, the PATH, and the folder where Debian and most installers put them.
fn candidates(program: &str) -> Vec<PathBuf> {
    let home = env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let installed = fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = home.into_iter().chain(env::split_paths(&path)).collect();
    folders.extend(installed.map(|entry| entry.path().join("bin")));
    folders.into_iter().map(|folder| folder.join(program)).filter(|file| file.is_file()).collect()
}

fn version_of(program: &Path) -> Option<u32> {
    // `java -version` prints to stderr, `--version` to stdout.
    major_version(&output(Command::new(program).arg("--version")).ok()?)
}

/// 17 of `openjdk 17.0.15 2025-04-15`, which java prints, or of `17.0.15`, as jlink does.
fn major_version(text: &str) -> Option<u32> {
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_that_java_and_jlink_print() {
        assert_eq!(major_version("openjdk 17.0.15 2025-04-15\nOpenJDK Runtime"), Some(17));
        assert_eq!(major_version("openjdk 25 2025-09-16 LTS"), Some(25));
        assert_eq!(major_version("java 21-ea 2023-09-19"), Some(21));
        assert_eq!(major_version("11.0.27\n"), Some(11));
        assert_eq!(major_version(""), None);
    }
}
