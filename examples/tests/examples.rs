//! Each example runs without configuration and prints what it documents.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of a test report a failure in the same way"
)]

use std::env::{self, consts::EXE_SUFFIX};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use partner_api_examples::{Responder, json};
use partner_api_mock::{Company, Connection, Control, Fault, MockServer, Wallet};
use tokio::runtime::Runtime;

/// Every example. What it must print when nothing is configured is in `printed/`.
const EXAMPLES: [&str; 8] = [
    "connections_needing_attention",
    "errors",
    "long_list",
    "own_layers",
    "quickstart",
    "testing_your_code",
    "watch_balance",
    "without_a_socket",
];

/// The examples that need a feature of this package.
const WITH_SQLITE: &str = "sync_to_sqlite";

#[test]
fn each_example_runs_without_configuration_and_prints_the_recorded_output() {
    let with_features = cfg!(feature = "sqlite").then_some(WITH_SQLITE);
    for name in EXAMPLES.into_iter().chain(with_features) {
        let run = run(&mut example(name));
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{name}\n{}", run.stdout);
        let promised = package(&format!("tests/printed/{name}.txt"));
        if std::env::var_os("UPDATE_PRINTED").is_some() {
            fs::write(&promised, masked(&run.stdout)).unwrap();
        }
        assert_eq!(masked(&run.stdout), fs::read_to_string(promised).unwrap());
    }
}

#[test]
fn every_example_is_tested_and_in_the_readme() {
    let mut files: Vec<_> = fs::read_dir(package("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_owned())
        .collect();
    files.sort();
    let mut known = [&EXAMPLES[..], &[WITH_SQLITE]].concat();
    known.sort_unstable();
    assert_eq!(files, known, "this file names others");
    let readme = fs::read_to_string(package("README.md")).unwrap();
    for name in known {
        assert!(readme.contains(&format!("| `{name}` |")), "README.md has no line for {name}");
    }
}

#[test]
fn quickstart_calls_the_service_of_the_environment_and_escapes_its_text() {
    let service = Service::start();
    let mut company = Company::new("clx-1", "Evil\u{1b}[2J\r\nCorp\u{202e} \"茶\"");
    company.connections.push(Connection::new("clx-2"));
    service.mock.partner().set_companies(vec![company]);
    service.mock.partner().update_wallet(|wallet| {
        wallet.balance = i64::MAX;
        wallet.currency = "X\u{9b}F".to_owned();
        wallet.cost_per_message = 0;
    });

    let run = run(&mut service.configured("quickstart"));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let first = run.stdout.lines().next();
    let expected = format!("Calling the service at {}/api/v1", service.mock.url());
    assert_eq!(first, Some(expected.as_str()));
    assert!(run.stdout.contains(r#"Evil\u{1b}[2J\r\nCorp\u{202e} "茶""#), "{}", run.stdout);
    assert!(run.stdout.contains(r"X\u{9b}F"), "{}", run.stdout);
    assert!(run.stdout.contains("costPerMessage is 0"), "{}", run.stdout);

    let asked = service.mock.partner().requests();
    let paths: Vec<_> = asked.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths, ["/api/v1/companies", "/api/v1/wallet"]);
}

#[test]
fn an_incomplete_or_swapped_configuration_is_an_error_and_does_not_start_the_mock() {
    let service = Service::start();
    let key = service.mock.api_key();
    for name in ["quickstart", "watch_balance", "connections_needing_attention", "long_list"] {
        let code = if name == "watch_balance" { 3 } else { 1 };
        for (variables, missing) in [
            (&[(URL, service.mock.url())][..], KEY),
            (&[(KEY, &key)], URL),
            (&[(URL, ""), (KEY, "")], "the API key is empty"),
            (&[(URL, &key), (KEY, service.mock.url())], "base_url: not a URL"),
        ] {
            let run = run(example(name).envs(variables.iter().copied()));
            assert_eq!((run.code, run.stdout.as_str()), (Some(code), ""), "{name} {missing}");
            assert!(run.stderr.contains(missing), "{}", run.stderr);
            assert!(!run.stderr.contains(&key), "{name} shows the key");
        }
    }
    assert_eq!(service.mock.requests(), []);
}

#[test]
fn a_rejected_key_ends_each_program_with_what_to_do() {
    let service = Service::start();
    service.mock.partner().deactivate();
    for (name, code) in [
        ("quickstart", 1),
        ("connections_needing_attention", 1),
        ("long_list", 1),
        ("watch_balance", 3),
    ] {
        let run = run(&mut service.configured(name));
        assert_eq!(run.code, Some(code), "{name}");
        assert!(run.stderr.contains("invalid_token"), "{}", run.stderr);
        assert!(run.stderr.contains("check it in the dashboard"), "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
}

#[test]
fn watch_balance_prints_changes_and_ends_with_the_code_of_the_level() {
    let service = Service::start();
    let file = scratch("watch_balance.json");
    let check = |balance| {
        service.mock.partner().set_wallet(Wallet::new(balance));
        let run = run(service.configured("watch_balance").arg(&file));
        assert_eq!(run.stderr, "", "{balance}");
        (run.code, run.stdout)
    };
    for (balance, code, printed) in [
        (1000, 0, ""),
        (999, 1, "balance LOW: 999 credits, below 1000 messages\n"),
        (990, 1, ""),
        (249, 1, "balance LOWER: 249 credits, below 250 messages\n"),
        (0, 2, "balance EMPTY: 0 credits\n"),
        (0, 2, ""),
        (-5, 2, ""),
        (
            595,
            1,
            "recharged by 600 credits\nbalance recovered: 595 credits, still below 1000 messages\n",
        ),
        (9000, 0, "recharged by 8405 credits\nbalance recovered: 9000 credits\n"),
    ] {
        assert_eq!(check(balance), (Some(code), printed.to_owned()), "{balance}");
    }

    // A call that fails is neither low nor empty, and leaves the state as it was.
    let stored = fs::read_to_string(&file).unwrap();
    service.mock.partner().deactivate();
    let failed = run(service.configured("watch_balance").arg(&file));
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(3), ""));
    assert_eq!(fs::read_to_string(&file).unwrap(), stored);
}

#[test]
fn watch_balance_ends_with_3_if_it_cannot_check() {
    let service = Service::start();
    let file = scratch("not_a_state.json");
    fs::write(&file, "{").unwrap();
    let file = file.to_str().unwrap();
    let missing = package("nowhere/state.json");
    let missing = missing.to_str().unwrap();
    for (arguments, levels, problem) in [
        (&[file][..], None, "is not a state file"),
        (&[missing], None, "state.json"),
        (&["1", "2"], None, "more than one argument"),
        (&[], Some("1e3"), "BALANCE_LEVELS is \"1e3\""),
        (&[], Some("-5"), "BALANCE_LEVELS is \"-5\""),
    ] {
        let mut command = service.configured("watch_balance");
        command.args(arguments).envs(levels.map(|levels| (LEVELS, levels)));
        let run = run(&mut command);
        assert_eq!(run.code, Some(3), "{arguments:?} {levels:?} {}", run.stdout);
        assert!(run.stderr.contains(problem), "{}", run.stderr);
    }
    // A state file without a service: the mock is not checked instead.
    let run = run(example("watch_balance").arg(scratch("unused.json")));
    assert_eq!((run.code, run.stdout.as_str()), (Some(3), ""));
}

#[cfg(feature = "sqlite")]
#[test]
fn sync_to_sqlite_leaves_the_copy_as_it_was_if_the_list_is_incomplete() {
    let service = Service::start();
    let file = scratch("clients.db");
    let synchronize = || run(service.configured(WITH_SQLITE).arg(&file));
    let first = synchronize();
    assert_eq!((first.code, first.stderr.as_str()), (Some(0), ""));
    assert!(first.stdout.ends_with("1 clients, 2 changes\n"), "{}", first.stdout);

    service.mock.fail_next(Fault::status(404)).unwrap();
    let failed = synchronize();
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
    let same = synchronize();
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), "1 clients, 0 changes\n"));

    service.mock.partner().set_companies(Vec::new());
    let removed = synchronize();
    assert!(removed.stdout.ends_with("0 clients, 2 changes\n"), "{}", removed.stdout);
}

/// Whenever a run is killed, the copy is that of a complete run, and the next run brings it in
/// step.
#[cfg(feature = "sqlite")]
#[test]
fn a_sync_that_is_killed_leaves_a_whole_copy() {
    let service = Service::start();
    let file = scratch("killed.db");
    for round in 0..40_u64 {
        let companies = (0..30).filter(|id| (id + round) % 5 != 0).map(|id| {
            let mut company = Company::new(format!("clx-{id}"), format!("Client {}", round / 7));
            // Connections move from round to round.
            company.connections.push(Connection::new(format!("cly-{}", (id * 7 + round) % 31)));
            company
        });
        service.mock.partner().set_companies(companies.collect::<Vec<_>>());
        let calls = service.mock.partner().requests().len();
        let mut command = service.configured(WITH_SQLITE);
        let mut child =
            command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Killed at different points: so many scheduler turns after its call arrived.
        while service.mock.partner().requests().len() == calls
            && child.try_wait().unwrap().is_none()
        {
            std::thread::yield_now();
        }
        for _ in 0..round * 500 {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if round % 8 == 7 {
            let run = run(service.configured(WITH_SQLITE).arg(&file));
            assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
            let again = self::run(service.configured(WITH_SQLITE).arg(&file));
            assert_eq!(again.stdout, "24 clients, 0 changes\n");
        }
    }
}

/// A file for this test that does not exist yet.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
    fs::create_dir_all(&folder).unwrap();
    for suffix in ["", "-journal"] {
        drop(fs::remove_file(folder.join(format!("{name}{suffix}"))));
    }
    folder.join(name)
}

#[test]
fn long_list_skips_an_invalid_client_and_fails_for_an_incomplete_list() {
    const COMPLETE: &str = r#"{"id":"c","name":"Acme","onboardedAt":"2026-06-01T10:12:00Z","connections":[],"_count":{"templates":4}}"#;
    const WITHOUT_NAME: &str = r#"{"id":"c","onboardedAt":"2026-06-01T10:12:00Z","connections":[],"_count":{"templates":4}}"#;
    let runtime = Runtime::new().unwrap();
    let read = |response: String| {
        let service = runtime.block_on(Responder::start(Some(response))).unwrap();
        let mut command = example("long_list");
        run(command.env(URL, service.url()).env(KEY, "pk_live_of_no_account"))
    };

    for (list, clients, path) in [
        (format!("[{COMPLETE},{WITHOUT_NAME},{COMPLETE}]"), 2, "data[1].name"),
        (format!("[{COMPLETE},{WITHOUT_NAME}]"), 1, "data[1].name"),
        ("[7]".to_owned(), 0, "data[0]"),
    ] {
        let run = read(json("200 OK", &format!(r#"{{"data":{list}}}"#)));
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{list}");
        for line in [
            format!("\nClients             {clients:>6}\n"),
            "\n  skipped                1\n".to_owned(),
            format!("invalid list item at `{path}`: "),
        ] {
            assert!(run.stdout.contains(&line), "{line}\n{}", run.stdout);
        }
    }

    // The document is truncated, not JSON, or not one of the API; or the connection is interrupted.
    for response in [
        json("200 OK", &format!(r#"{{"data":[{COMPLETE},{COMPLETE}"#)),
        json("200 OK", &format!(r#"{{"data":[{COMPLETE},{{"id":"#)),
        json("200 OK", &format!(r#"{{"data":[{COMPLETE},{{]"#)),
        json("200 OK", r#"{"items":[]}"#),
        json("200 OK", &format!(r#"{{"data":[{COMPLETE},{COMPLETE}"#))
            .replace("length: ", "length: 9"),
    ] {
        let run = read(response.clone());
        assert_eq!(run.code, Some(1), "{response}\n{}", run.stdout);
        assert!(!run.stdout.contains("Clients"), "{}", run.stdout);
        assert!(run.stderr.contains("clients)\n"), "{}", run.stderr);
    }
}

#[test]
fn a_closed_pipe_is_an_error_and_no_panic() {
    for (name, code) in [
        ("connections_needing_attention", 1),
        ("errors", 1),
        ("long_list", 1),
        ("watch_balance", 3),
        ("own_layers", 1),
        ("quickstart", 1),
        ("without_a_socket", 1),
    ] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut command = example(name);
        let child = command.stdout(writer).stderr(Stdio::piped()).spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}: {stderr}");
    }
}

/// Programs in other languages that take the URL of a mock, and the programs that run them.
const OTHERS: [(&str, &str); 2] = [("curl.sh", "bash"), ("python.py", "python3")];

/// Tests in other languages that start a mock by themselves. `.ci/run` runs them.
const WITH_A_MOCK: [&str; 2] = ["node", "pytest"];

/// Returns true if everything that a program needs is installed; otherwise prints that the test is
/// skipped.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn can_run(name: &str) -> bool {
    let needs: &[&str] = if name == "curl.sh" { &["bash", "curl"] } else { &["python3"] };
    let is_there = |program: &&str| {
        let mut asked = Command::new(program);
        asked.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        asked.status().is_ok_and(|status| status.success())
    };
    match needs.iter().find(|program| !is_there(program)) {
        Some(program) => {
            eprintln!("SKIPPED: {name} is not run, since this machine has no {program}");
            false
        }
        None => true,
    }
}

/// The command to run a program in another language against this mock.
fn other((name, runner): (&str, &str), url: &str, token: Option<&str>) -> Command {
    let mut command = Command::new(runner);
    command.arg(package(&format!("other-languages/{name}"))).arg(url).env_remove(TOKEN);
    command.envs(token.map(|token| (TOKEN, token)));
    // Proxies of the environment do not lead to a mock on this machine.
    command.env("http_proxy", "http://127.0.0.1:9");
    command
}

#[test]
fn other_languages_share_one_mock_with_and_without_a_token() {
    for token in [None, Some("a-token")] {
        let control = Control::new();
        let service = Service::controlled(token.map_or(control.clone(), |it| control.token(it)));
        let all = OTHERS.into_iter().filter(|(name, _)| can_run(name));
        let running: Vec<_> = all
            .flat_map(|one| [one; 3])
            .map(|one| {
                let mut command = other(one, service.mock.url(), token);
                (one.0, command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
            })
            .collect();
        for (name, child) in running {
            let output = child.wait_with_output().unwrap();
            let said = |bytes| harmless(String::from_utf8(bytes).unwrap());
            let (out, err) = (said(output.stdout), said(output.stderr));
            assert_eq!(output.status.code(), Some(0), "{name}\n{out}\n{err}");
        }
        assert_eq!(service.mock.partners().len(), 1, "they leave nothing behind");
    }
}

#[test]
fn other_languages_end_with_1_when_something_is_not_as_expected() {
    for one in OTHERS.into_iter().filter(|(name, _)| can_run(name)) {
        let service = Service::controlled(Control::new());
        service.mock.faults().add(Fault::status(418)).unwrap();
        let run = run(&mut other(one, service.mock.url(), None));
        assert_eq!(run.code, Some(1), "{}\n{}", run.stdout, run.stderr);
        assert!(run.stderr.contains("FAIL"), "{}", run.stderr);
        assert_eq!(service.mock.partners().len(), 1, "they leave nothing behind");
    }
}

#[test]
fn every_program_in_another_language_is_tested_and_in_the_readme() {
    let mut files: Vec<_> = fs::read_dir(package("other-languages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut names = [OTHERS.map(|(name, _)| name), WITH_A_MOCK].concat();
    names.sort_unstable();
    assert_eq!(files, names, "OTHERS and WITH_A_MOCK in this file name others");
    let readme = fs::read_to_string(package("README.md")).unwrap();
    for name in names {
        assert!(readme.contains(&format!("| `{name}` |")), "README.md has no line for {name}");
    }
}

const TOKEN: &str = "PARTNER_API_MOCK_TOKEN";
const URL: &str = "PARTNER_API_BASE_URL";
const KEY: &str = "PARTNER_API_KEY";
const LEVELS: &str = "BALANCE_LEVELS";

/// A mock in this process that the examples use as the service.
struct Service {
    mock: MockServer,
    _runtime: Runtime,
}

impl Service {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let mock = runtime.block_on(MockServer::start()).unwrap();
        Self { mock, _runtime: runtime }
    }

    fn controlled(control: Control) -> Self {
        let runtime = Runtime::new().unwrap();
        let mock = runtime.block_on(MockServer::builder().control(control).start()).unwrap();
        Self { mock, _runtime: runtime }
    }

    fn configured(&self, name: &str) -> Command {
        let mut command = example(name);
        command.env(URL, self.mock.url()).env(KEY, self.mock.api_key());
        command
    }
}

/// A file of this package.
fn package(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// The program of an example, without configuration. `cargo test` builds it near the program of
/// this test, unless it was told which tests to run.
fn example(name: &str) -> Command {
    let file = Path::new("examples").join(format!("{name}{EXE_SUFFIX}"));
    let this = env::current_exe().unwrap();
    let program =
        this.ancestors().map(|directory| directory.join(&file)).find(|path| path.is_file());
    let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    let source = package(&format!("examples/{name}.rs"));
    let program = program.filter(|program| modified(program) >= modified(&source));
    let program = program.unwrap_or_else(|| {
        panic!(
            "{name} is not built, or older than its source: use `cargo test` with neither `--test` \
             nor the name of a test, or `cargo build --examples` before it"
        )
    });
    let mut command = Command::new(program);
    for variable in [URL, KEY, LEVELS] {
        command.env_remove(variable);
    }
    command
}

struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs a program to its end. Its output must not contain a secret or a control character.
fn run(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    let text = |bytes| harmless(String::from_utf8(bytes).unwrap());
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn harmless(text: String) -> String {
    for secret in ["pk_live_", "next=secret", "<h1>"] {
        assert!(!text.contains(secret), "a key, query or body is shown: {text}");
    }
    let control = text.chars().find(|character| character.is_control() && *character != '\n');
    assert_eq!(control, None, "{text:?}");
    text
}

#[test]
#[should_panic(expected = "a key, query or body is shown")]
fn a_key_in_the_output_fails_the_tests() {
    harmless("key: pk_live_0123".to_owned());
}

#[test]
#[should_panic(expected = "Some('\\u{1b}')")]
fn a_raw_escape_in_the_output_fails_the_tests() {
    harmless("\u{1b}[2J".to_owned());
}

/// The text with names instead of values that vary: ports of this machine, and durations of several
/// attempts.
fn masked(text: &str) -> String {
    let text = replaced(text, "127.0.0.1:", "PORT", |it| it.is_ascii_digit());
    replaced(&text, " attempts in ", "TIME", |it| !it.is_whitespace())
}

/// Replaces the `varying` characters after `prefix` by `name`.
fn replaced(text: &str, prefix: &str, name: &str, varying: fn(char) -> bool) -> String {
    let mut pieces = text.split(prefix);
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces
        .fold(first, |replaced, piece| replaced + prefix + name + piece.trim_start_matches(varying))
}
