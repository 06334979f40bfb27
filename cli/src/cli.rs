//! The commands and what is common to them: help, wrong use, completions, man pages.

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use partner_api::Escaped;

use crate::{mock, record, verify};

/// Documented here once, for all commands.
const AFTER_HELP: &str = "\
Examples:
  partner-api mock                              Serve the mock on 127.0.0.1:4010
  partner-api mock exec -- pytest               Run tests with a separate mock
  partner-api verify --base-url https://app.example.com
                                                Check a live service; the key is in PARTNER_API_KEY

Exit codes of all commands:
  0  Success: the mock ended as asked, the service conforms, the output was written
  1  `verify`: the service differs from the contract; `mock exec --fail-on`: something was found
  2  Wrong use, or the command failed; stderr says why
`mock exec` exits with the exit code of the command that it runs (128 + N if signal N ended it,
126 if it cannot be executed, 127 if it is not found).";

/// Tools for the Partner API: a mock server, and checks of a live service
#[derive(Parser)]
#[command(name = "partner-api", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Mock(Box<mock::MockOptions>),
    Verify(verify::Command),
    Record(record::Command),
    /// Print the JSON Schema of a seed file, for editors
    Schema,
    /// Print a script that completes the command line in a shell
    #[command(after_help = COMPLETIONS_EXAMPLE)]
    Completions {
        shell: Shell,
    },
    /// Print a man page
    #[command(after_help = MAN_EXAMPLE)]
    Man {
        /// The command to describe, such as `mock exec` [default: the program]
        command: Vec<String>,
    },
}

const COMPLETIONS_EXAMPLE: &str = "\
Example:
  partner-api completions bash > ~/.local/share/bash-completion/completions/partner-api";

const MAN_EXAMPLE: &str = "\
Example:
  partner-api man mock exec > partner-api-mock-exec.1 && man ./partner-api-mock-exec.1";

/// What clap says about wrong use. An argument in it may hold control characters, or a key.
pub(crate) fn usage_error(error: &clap::Error) -> String {
    let text = error.to_string();
    let mut parts = text.split("pk_live_");
    let mut redacted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_key = |char: char| char.is_ascii_alphanumeric() || "-._~+/=".contains(char);
        redacted.extend(["pk_live_[redacted]", part.trim_start_matches(is_key)]);
    }
    redacted
        .lines()
        .fold(String::new(), |shown, line| shown + &format!("{:.2000}\n", Escaped(line)))
}

pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "partner-api", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

pub(crate) fn man_page(path: &[String]) -> Result<String, String> {
    let mut root = Cli::command();
    root.build();
    let mut command = &root;
    for name in path {
        command = command.find_subcommand(name).ok_or_else(|| {
            let names: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
            let name = Escaped(name);
            match names.as_slice() {
                [] => format!("man: `{}` has no command `{name}`", command.get_name()),
                names => format!("man: unknown command `{name}`; expected {}", names.join(", ")),
            }
        })?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .source(concat!("partner-api ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)
        .map_err(|error| format!("man: {error}"))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
