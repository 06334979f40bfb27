//! The commands in the READMEs and in `docs/` print what is shown below them, and use options that
//! the program has.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Running, command};

/// A command of a page, and the output that is shown below it.
struct Step {
    command: String,
    output: String,
}

/// The pages with commands of the program, and their texts.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut files = vec![root.join("README.md"), root.join("cli/README.md")];
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    files.extend(docs.filter(|file| file.extension().is_some_and(|extension| extension == "md")));
    files.into_iter().map(|file| (file.clone(), fs::read_to_string(file).unwrap())).collect()
}

/// The commands of all console blocks of a page.
fn steps(page: &str) -> Vec<Step> {
    let blocks = page.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut steps: Vec<Step> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(typed), _) => steps.push(Step { command: typed.into(), output: String::new() }),
            (None, Some(step)) => step.output.extend([line, "\n"]),
            (None, None) => panic!("{line}"),
        }
    }
    steps
}

fn can_run(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Each page is one shell session with a mock that was started without options.
#[test]
fn the_console_blocks_print_what_is_shown() {
    if !can_run("bash") || !can_run("curl") {
        let _ = std::io::stderr().write_all(b"SKIPPED: this machine has no bash or no curl\n");
        return;
    }
    let mut run = 0;
    for (path, text) in pages() {
        let steps = steps(&text);
        if steps.is_empty() {
            continue;
        }
        let mock = Running::start(&["--listen", "127.0.0.1:0"]);
        let script = steps.iter().map(|step| format!("{}\nprintf '\\036'\n", step.command));
        let script =
            script.collect::<String>().replace("127.0.0.1:4010", &mock.address().to_string());
        let mut bash = Command::new("bash");
        let output = bash.env("no_proxy", "127.0.0.1").arg("-c").arg(script).output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        let printed: Vec<_> = output.split_terminator('\u{1e}').collect();
        assert_eq!(printed.len(), steps.len(), "{}", path.display());
        for (step, printed) in steps.iter().zip(printed) {
            let place = format!("{}: {}", path.display(), step.command);
            assert_eq!(printed.trim_end(), step.output.trim_end(), "{place}");
            run += 1;
        }
    }
    assert!(run > 15, "only {run} commands were found");
}

/// Scripts in other languages end without an error. Each has a mock that was started without
/// options.
#[test]
fn the_scripts_in_other_languages_run() {
    let python = ("python", "python3", &["-c"][..]);
    let node = ("js", "node", &["--input-type=module", "--eval"][..]);
    for (language, interpreter, arguments) in [python, node] {
        let fence = format!("```{language}\n");
        for (path, text) in pages() {
            let blocks = text.split(&fence).skip(1);
            for block in blocks.filter_map(|rest| rest.split("```").next()) {
                if !can_run(interpreter) {
                    let line = format!("SKIPPED: this machine has no {interpreter}\n");
                    let _ = std::io::stderr().write_all(line.as_bytes());
                    continue;
                }
                let mock = Running::start(&["--listen", "127.0.0.1:0"]);
                let script = block.replace("127.0.0.1:4010", &mock.address().to_string());
                let mut script_run = Command::new(interpreter);
                script_run.env("no_proxy", "127.0.0.1").args(arguments).arg(script);
                let output = script_run.output().unwrap();
                let stderr = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{}: {stderr}", path.display());
            }
        }
    }
}

/// Every `--option` after `partner-api COMMAND` in a line is in the help of that command.
#[test]
fn the_options_that_are_shown_are_in_the_help() {
    let mut checked = 0;
    for (path, text) in pages() {
        for line in text.lines() {
            for rest in line.split("partner-api ").skip(1) {
                let words = rest.split(['`', '|', '#']).next().unwrap().split_whitespace();
                // After `--` is a command of another program.
                let mut words = words.take_while(|word| *word != "--").peekable();
                let Some(name) = words.next().filter(|name| is_command(name)) else { continue };
                let mut arguments = vec![name];
                arguments.extend(words.next_if(|word| ["exec", "health"].contains(word)));
                arguments.push("--help");
                let help = command(&arguments).output().unwrap();
                let help = String::from_utf8(help.stdout).unwrap();
                for option in words.filter(|word| word.starts_with("--")) {
                    let option = option.split(['=', ',', '.', ')']).next().unwrap();
                    assert!(help.contains(option), "{}: {line}", path.display());
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 3, "only {checked} were found");
}

fn is_command(name: &str) -> bool {
    ["mock", "verify", "record", "schema"].contains(&name)
}
