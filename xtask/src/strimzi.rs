//! Strimzi's own CustomResourceDefinitions, generated from its published artifacts: what a user of the
//! platform has in a real cluster, never written by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::checkout::Checkout;
use crate::content;
use crate::provision::{debian, java, maven};
use crate::step::{Stamp, run_logged, step};

/// The API classes and the file each becomes in `target/local/strimzi`.
const KINDS: [(&str, &str); 4] = [
    ("io.strimzi.api.kafka.model.kafka.Kafka", "kafka.yaml"),
    ("io.strimzi.api.kafka.model.nodepool.KafkaNodePool", "kafkanodepool.yaml"),
    ("io.strimzi.api.kafka.model.topic.KafkaTopic", "kafkatopic.yaml"),
    ("io.strimzi.api.kafka.model.user.KafkaUser", "kafkauser.yaml"),
];

/// Strimzi's classes are compiled for this version of Java.
const JAVA_NEEDED: u32 = 21;

const POM: &str = "local/kafka-provider/crds/pom.xml";

/// Generates the definitions and gives back the folder that holds them (`target/local/strimzi`).
/// Takes no time when they were made from the same pom.
pub fn generate_crds(checkout: &Checkout) -> Result<PathBuf> {
    let folder = checkout.local().join("strimzi");
    let inputs = format!("{}{KINDS:?}", fs::read_to_string(checkout.path(POM))?);
    let stamp = Stamp::new(folder.join("stamp"), inputs);
    if stamp.is_current() && KINDS.iter().all(|(_, file)| folder.join(file).is_file()) {
        return Ok(folder);
    }
    let java = java::find("java", JAVA_NEEDED);
    let libs = checkout.local().join("strimzi-libs");
    maven::copy_dependencies(checkout, "fetch Strimzi's API", POM, &libs)?;
    fs::create_dir_all(&folder)?;
    match java {
        Some(java) => step("generate Strimzi's CRDs", || {
            let mut command = Command::new(&java);
            run_logged(arguments(&mut command, &libs, &folder), &log(checkout), HINT)
        })?,
        None => generate_with_debian(checkout, &libs, &folder)?,
    }
    stamp.write()?;
    Ok(folder)
}

const HINT: &str = "remove target/local/strimzi-libs and run again";

fn log(checkout: &Checkout) -> PathBuf {
    checkout.log().join("strimzi-crds.log")
}

fn arguments<'a>(java: &'a mut Command, libs: &Path, folder: &Path) -> &'a mut Command {
    java.arg("-cp")
        .arg(libs.join("*"))
        .arg("io.strimzi.crdgenerator.CrdGenerator")
        .args(["--label", "app:strimzi", "--label", "strimzi.io/crd-install:true"])
        .args(["--target-kube", "1.16+", "--crd-api-version", "v1"])
        .args(["--api-versions", "v1", "--storage-version", "v1", "--yaml"])
        .args(KINDS.map(|(class, file)| format!("{class}={}", folder.join(file).display())))
}

/// Debian 12 has no Java that is new enough. Debian sid has, but for its own C library: it runs inside a
/// root file system that is there only for this.
fn generate_with_debian(checkout: &Checkout, libs: &Path, folder: &Path) -> Result<()> {
    ensure!(
        nix::unistd::geteuid().is_root(),
        "Strimzi's CRD generator needs Java {JAVA_NEEDED} or newer, and there is none here: \
         set JAVA_HOME to one, or run this command once as root, then it is fetched"
    );
    debian::install(checkout, debian::SERVER_PACKAGES)?;
    let root = checkout.local().join("strimzi-java");
    step("fetch a newer Java for Strimzi's CRD generator", || {
        debian::debootstrap(checkout, &root, "default-jre-headless")
    })?;
    step("generate Strimzi's CRDs", || {
        let inside = Path::new("/strimzi");
        let outside = root.join("strimzi");
        fs::create_dir_all(outside.join("libs"))?;
        for jar in fs::read_dir(libs)? {
            let jar = jar?;
            fs::copy(jar.path(), outside.join("libs").join(jar.file_name()))?;
        }
        let java = "/usr/lib/jvm/default-java";
        let mut command = Command::new("chroot");
        // Without /proc the loader does not find Java's own libraries.
        command.env("LD_LIBRARY_PATH", format!("{java}/lib")).arg(&root).arg(format!("{java}/bin/java"));
        run_logged(arguments(&mut command, &inside.join("libs"), inside), &log(checkout), HINT)?;
        for (_, file) in KINDS {
            fs::copy(outside.join(file), folder.join(file))?;
        }
        content::remove(&root)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "needs root and a Debian mirror: cargo xtask test --integration"]
    fn debian_java_makes_the_same_files() -> Result<()> {
        let checkout = Checkout::find()?;
        let here = generate_crds(&checkout)?;
        let other = tempfile::tempdir()?;
        generate_with_debian(&checkout, &checkout.local().join("strimzi-libs"), other.path())?;
        for (_, file) in KINDS {
            assert_eq!(fs::read(here.join(file))?, fs::read(other.path().join(file))?, "{file}");
        }
        Ok(())
    }
}
