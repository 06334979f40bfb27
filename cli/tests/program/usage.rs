//! Help, and wrong use: the message shows the nearest right form, and no secret.

use std::fs;
use std::process::Stdio;

use super::{command, fails, mock_fails, usage_fails};

#[test]
fn the_error_for_wrong_use_shows_the_nearest_right_form() {
    for (arguments, problem, form) in [
        (&["verfy"][..], "unrecognized subcommand 'verfy'", "'verify'"),
        (&["mock", "--lisen", "127.0.0.1:0"], "unexpected argument '--lisen'", "'--listen'"),
        (&["mock", "--port", "8080"], "unexpected argument '--port", "'--listen 127.0.0.1:8080'"),
        (&["mock", "--host", "0.0.0.0"], "unexpected argument '--host", "'--listen'"),
        (&["mock", "--listen", "localhost:0"], "'localhost:0'", "such as 127.0.0.1:0"),
        (&["mock", "--listen", "4011"], "'4011'", "such as 127.0.0.1:4011"),
        (&["mock", "--listen", ":4011"], "':4011'", "such as 127.0.0.1:4011"),
        (&["mock", "--listen", "*:80"], "'*:80'", "such as 0.0.0.0:80"),
        (&["mock", "--listen", "::1"], "'::1'", "such as [::1]:4010"),
        (&["mock", "--listen", "http://10.0.0.1:80/"], "10.0.0.1", "such as 10.0.0.1:80"),
        (&["mock", "--seed", "a", "--seed", "b"], "'--seed <FILE>'", "multiple times"),
        (&["mock", "--seed", ""], "a value is required for '--seed <FILE>'", ""),
        (&["mock", "--control-host", "*"], "'*'", "such as --control-host mock.lan"),
        (&["mock", "--control-host", "*.lan"], "'*.lan'", "such as --control-host mock.lan"),
        (&["mock", "--control-host", "a,b"], "'a,b'", "--control-host a --control-host b"),
        (&["mock", "--control-host", "mock:80"], "'mock:80'", ": --control-host mock\n"),
        (&["mock", "--control-host", ""], "--control-host", "such as --control-host mock.lan"),
        (&["mock", "--companies", "many"], "'many'", "expected a whole number, 1000000 at most"),
        (&["mock", "--companies", "1000001"], "'1000001'", "1000000 at most"),
        (&["mock", "--rng-seed", "1"], "not provided", "--companies <COUNT>"),
        (&["mock", "--watch"], "not provided", "--seed <FILE>"),
        (&["mock", "--no-control", "--control-host", "m"], "--no-control", "--control-host"),
        (&["mock", "--log-format", "xml"], "'xml'", "[possible values: text, json]"),
        (&["mock", "exec", "pytest"], "'pytest'", "exec [OPTIONS] -- <CMD>..."),
        (
            &["mock", "exec", "--fail-on", "unused", "--", "x"],
            "'unused'",
            "unmatched-rule, unused-stub]",
        ),
        (&["mock", "health", "ftp://m"], "'ftp://m'", "such as http://127.0.0.1:4010"),
        (
            &["mock", "health", "https://m"],
            "https is not supported",
            "--cacert FILE https://m/_mock/ready",
        ),
        (&["mock", "--tls-name", "m"], "not provided", "--tls"),
        (&["mock", "--tls-ca-file", "ca.pem"], "not provided", "--tls"),
        (&["schema", "--seed"], "unexpected argument '--seed'", "Usage: partner-api schema"),
        (&["completions", "fsh"], "'fsh'", "'fish'"),
        (&["verify", "--format", "xml"], "'xml'", "text, json, junit"),
        (&["verify", "--timeout", "30"], "'30'", "such as 30s, 500ms or 2m"),
    ] {
        let said = usage_fails(arguments);
        assert!(said.contains(problem) && said.contains(form), "{arguments:?}: {said}");
    }
    assert!(mock_fails(&["--fault", "503"]).ends_with("did you mean `status=503`?"));
    assert!(
        fails(&["man", "mock", "exce"])
            .ends_with("unknown command `exce`; expected exec, health, help")
    );
}

#[test]
fn without_a_command_the_help_is_an_error() {
    let output = command(&[]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(String::from_utf8(output.stderr).unwrap().contains("Usage: partner-api <COMMAND>"));
}

#[test]
fn yaml_in_a_json_file_is_named() {
    let file = std::env::temp_dir().join(format!("usage-{}.json", std::process::id()));
    fs::write(&file, "partners:\n- {name: p}\n").unwrap();
    let said = mock_fails(&["--seed", file.to_str().unwrap()]);
    fs::write(&file, "{\"partners\": 1}").unwrap();
    let json = mock_fails(&["--seed", file.to_str().unwrap()]);
    fs::remove_file(&file).unwrap();
    assert!(said.ends_with("; a seed in YAML needs a name that ends in .yaml"), "{said}");
    assert!(!json.contains("YAML"), "{json}");
}

#[test]
fn no_secret_and_no_control_character_is_repeated() {
    for arguments in [
        &["mock", "--keey=pk_live_canary"][..],
        &["mock", "pk_live_canary"],
        &["mock", "--companies", "pk_live_canary\u{1b}[31m"],
        &["verify", "--timeout", "pk_live_canary"],
        &["mock", "\u{1b}[31mextra\u{202e}"],
    ] {
        let said = usage_fails(arguments);
        assert!(!said.contains("canary") && !said.contains(['\u{1b}', '\u{202e}']), "{said:?}");
    }
    for wrong in ["canary 2", "canary=2", "", "canary\n"] {
        assert!(!mock_fails(&["--key", wrong]).contains("canary"));
        let mut failing = command(&["mock", "--help"]);
        let output = failing.env("PARTNER_API_MOCK_KEY", wrong).output().unwrap();
        assert!(!String::from_utf8(output.stdout).unwrap().contains("canary"));
    }
}

#[test]
fn help_and_version_are_printed_and_end_with_0() {
    for (arguments, start) in [
        (&["--help"][..], "Tools for the Partner API"),
        (&["-h"], "Tools for the Partner API"),
        (&["mock", "--help"], "Serve a mock"),
        (&["mock", "-h"], "Serve a mock"),
        (&["help", "mock", "exec"], "Run a command"),
        (&["mock", "exec", "--help"], "Run a command"),
        (&["mock", "health", "--help"], "Ask a mock"),
        (&["verify", "--help"], "Check a live service"),
        (&["record", "--help"], "Write a seed file"),
        (&["--version"], concat!("partner-api ", env!("CARGO_PKG_VERSION"), "\n")),
        (&["-V"], "partner-api "),
    ] {
        let output = command(arguments).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.starts_with(start), "{stdout}");
        assert!(stdout.lines().all(|line| line.len() <= 100), "{stdout}");
    }
}

#[test]
fn completions_and_man_pages_are_printed() {
    for (arguments, contains) in [
        (&["completions", "bash"][..], "complete -F _partner"),
        (&["completions", "zsh"], "#compdef partner-api"),
        (&["man"], ".TH partner-api 1"),
        (&["man", "mock", "exec"], ".TH partner-api-mock-exec 1"),
    ] {
        let output = command(arguments).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.contains(contains), "{stdout}");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    for arguments in [&["schema"][..], &["--help"], &["man"], &["completions", "bash"]] {
        let mut child = command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    for arguments in [
        &["schema"][..],
        &["--help"],
        &["--version"],
        &["man"],
        &["completions", "bash"],
        &["mock", "--listen", "127.0.0.1:0"],
        &["mock", "--listen", "127.0.0.1:0", "--ready", "json"],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command(arguments).stdout(full).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(
            stderr.contains("partner-api: stdout: cannot be written: No space left"),
            "{stderr}"
        );
    }
}
