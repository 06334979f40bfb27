//! The measured programs: built alone, run, counted.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::de::DeserializeOwned;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// A program of this workspace, built for release with the features that it asks for, and no others.
#[derive(Debug)]
pub(crate) struct Program(PathBuf);

impl Program {
    pub(crate) fn build(package: &str) -> Outcome<Self> {
        eprintln!("building {package}");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--release", "--quiet", "--package", package])
            .current_dir(workspace())
            .status()?;
        if !built.success() {
            return Err(format!("{package} cannot be built").into());
        }
        Ok(Self(target().join("release").join(package)))
    }

    /// Runs it, and reads the line that it prints.
    pub(crate) fn run<T: DeserializeOwned>(&self, arguments: &[&str]) -> Outcome<T> {
        let output = Command::new(&self.0).args(arguments).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("{} {arguments:?} failed", self.0.display()).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// How many instructions it takes, its start included.
    pub(crate) fn instructions(&self, arguments: &[&str]) -> Outcome<u64> {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(&self.0)
            .args(arguments)
            .output()
            .map_err(|error| format!("valgrind: {error}; it counts the instructions"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let collected = said.lines().find_map(|line| line.split_once("Collected : "));
        match collected {
            Some((_, count)) if output.status.success() => Ok(count.trim().parse()?),
            _ => Err(format!("{} {arguments:?} under valgrind:\n{said}", self.0.display()).into()),
        }
    }
}

/// The service that is asked, until it is dropped.
pub(crate) struct Service {
    child: Child,
    pub(crate) url: String,
}

impl Service {
    pub(crate) fn start(program: &Program, companies: usize) -> Outcome<Self> {
        let mut child = Command::new(&program.0)
            .arg(companies.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        let stdout = child.stdout.take().ok_or("the service has no output")?;
        BufReader::new(stdout).read_line(&mut url)?;
        Ok(Self { child, url: url.trim().to_owned() })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// The version of a package, as it was built here.
pub(crate) fn version(package: &str) -> Outcome<String> {
    let lock = std::fs::read_to_string(workspace().join("Cargo.lock"))?;
    let name = format!("name = \"{package}\"\nversion = \"");
    let versions = lock.split(&name).skip(1).filter_map(|rest| rest.split('"').next());
    Ok(versions.last().ok_or_else(|| format!("{package} is not in Cargo.lock"))?.to_owned())
}

/// What the figures were measured on.
pub(crate) fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let rust = Command::new("rustc").arg("--version").output().ok();
    let rust = rust.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!("{model}, {cores} cores, {}", rust.unwrap_or_default())
}
