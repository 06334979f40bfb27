//! The measured programs: built separately, run and counted.

use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::de::DeserializeOwned;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// A program of this workspace, built in release mode with its required features only.
#[derive(Debug)]
pub(crate) struct Program(PathBuf);

impl Program {
    pub(crate) fn build(package: &str) -> Outcome<Self> {
        build(package, package, workspace(), &target(), None)
    }

    /// As [`build`](Self::build), with a variable of the environment set to 1.
    pub(crate) fn build_with(variable: &str, package: &str) -> Outcome<Self> {
        let target = target().join(variable.to_lowercase());
        build(package, package, workspace(), &target, Some(variable))
    }

    /// A program of the project as users get it: with default features, and the profile of the project.
    pub(crate) fn of_the_project(package: &str, program: &str) -> Outcome<Self> {
        let house = workspace().parent().ok_or("there is no house")?;
        build(package, program, house, &target().join("mock"), None)
    }

    /// Its size in bytes, without symbols.
    pub(crate) fn stripped_size(&self) -> Outcome<u64> {
        let stripped = self.0.with_extension("stripped");
        let status = Command::new("strip").arg("-o").arg(&stripped).arg(&self.0).status();
        if !status.map_err(|error| format!("strip: {error}"))?.success() {
            return Err(format!("{} cannot be stripped", self.0.display()).into());
        }
        let size = fs::metadata(&stripped)?.len();
        fs::remove_file(&stripped)?;
        Ok(size)
    }

    /// Runs it, and reads the line that it prints.
    pub(crate) fn run<T: DeserializeOwned>(&self, arguments: &[&str]) -> Outcome<T> {
        let output = Command::new(&self.0).args(arguments).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("{} {arguments:?} failed", self.0.display()).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// The number of instructions, including its start.
    pub(crate) fn instructions(&self, arguments: &[&str]) -> Outcome<u64> {
        let output = self
            .under_valgrind()
            .args(arguments)
            .output()
            .map_err(|error| format!("valgrind: {error}; it counts the instructions"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("{} {arguments:?} failed:\n{said}", self.0.display()).into());
        }
        collected(&said)
    }

    pub(crate) fn command(&self) -> Command {
        Command::new(&self.0)
    }

    /// The command on one core of the machine, if the system supports that.
    pub(crate) fn command_on(&self, core: usize) -> Command {
        if Command::new("taskset").arg("--version").output().is_err() {
            return self.command();
        }
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &core.to_string()]).arg(&self.0);
        command
    }

    pub(crate) fn under_valgrind(&self) -> Command {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(&self.0);
        command
    }
}

fn build(
    package: &str,
    program: &str,
    workspace: &Path,
    target: &Path,
    variable: Option<&str>,
) -> Outcome<Program> {
    eprintln!("building {package}");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--release", "--quiet", "--package", package, "--target-dir"])
        .arg(target)
        .current_dir(workspace)
        // As a user builds it, without the settings of .cargo/config.toml for this checkout.
        .env("AWS_LC_SYS_NO_JITTER_ENTROPY", "0")
        .envs(variable.map(|variable| (variable, "1")))
        .status()?;
    if !built.success() {
        return Err(format!("{package} cannot be built").into());
    }
    Ok(Program(target.join("release").join(program)))
}

/// A program that serves until it is dropped or told to end.
pub(crate) struct Serving {
    child: Child,
    /// The line that it printed.
    pub(crate) line: String,
}

impl Serving {
    pub(crate) fn start(command: &mut Command) -> Outcome<Self> {
        Self::saying(1, command)
    }

    /// Starts a program that prints this many lines.
    pub(crate) fn saying(lines: usize, command: &mut Command) -> Outcome<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().ok_or("there is no output")?);
        for _ in 0..lines {
            stdout.read_line(&mut line)?;
        }
        Ok(Self { child, line: line.trim().to_owned() })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Closes its input, so that it ends, and returns its standard error.
    pub(crate) fn end(mut self) -> Outcome<String> {
        drop(self.child.stdin.take());
        let mut said = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut said)?;
        }
        self.child.wait()?;
        Ok(said)
    }

    /// A figure of its memory, in bytes: `VmRSS`, or `VmHWM` for the most that it had.
    pub(crate) fn memory(&self, figure: &str) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kilobytes.ok_or("no such figure")?.parse::<u64>()? * 1024)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The service that the clients call.
pub(crate) fn service(program: &Program, companies: usize) -> Outcome<Serving> {
    Serving::start(program.command().arg(companies.to_string()))
}

/// The count that callgrind reports.
pub(crate) fn collected(said: &str) -> Outcome<u64> {
    let count = said.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = count.ok_or_else(|| format!("valgrind counted nothing:\n{said}"))?;
    Ok(count.trim().parse()?)
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
    let lock = fs::read_to_string(workspace().join("Cargo.lock"))?;
    let name = format!("name = \"{package}\"\nversion = \"");
    let versions = lock.split(&name).skip(1).filter_map(|rest| rest.split('"').next());
    Ok(versions.last().ok_or_else(|| format!("{package} is not in Cargo.lock"))?.to_owned())
}

/// The machine on which the figures were measured.
pub(crate) fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let rust = Command::new("rustc").arg("--version").output().ok();
    let rust = rust.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!("{model}, {cores} cores, {}", rust.unwrap_or_default())
}
