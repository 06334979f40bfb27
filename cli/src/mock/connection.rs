//! How clients reach a mock: https with a generated certificate authority, and gzip.

use std::borrow::Cow;
use std::path::PathBuf;

use clap::Args;
use partner_api_mock::{MockServer, MockServerBuilder, Tls};

use crate::output;

#[derive(Args)]
#[command(next_help_heading = "Connections")]
pub(super) struct ConnectionOptions {
    /// Serve https only, with a certificate for localhost and the address, by an authority that is
    /// generated at the start
    #[arg(long)]
    tls: bool,
    /// With --tls: a further DNS name or IP address in the certificate (repeatable); to reach the
    /// control API by a name, `partner-api mock` also needs --control-host
    #[arg(long, value_name = "NAME", requires = "tls")]
    tls_name: Vec<String>,
    /// With --tls: write the certificate of the authority to this file as PEM before the mock is
    /// ready, for clients to trust; an old file is replaced
    #[arg(long, value_name = "FILE", requires = "tls")]
    tls_ca_file: Option<PathBuf>,
    /// Compress responses of the service for clients that accept gzip
    #[arg(long)]
    gzip: bool,
}

impl ConnectionOptions {
    /// Checks that the file can be written, before anything is started.
    pub(super) fn check(&self) -> Result<(), String> {
        let checked = self.tls_ca_file.as_deref().map(|file| output::check(file, true));
        checked.unwrap_or(Ok(())).map_err(|error| failed(&error))
    }

    pub(super) fn apply(&self, mock: MockServerBuilder) -> MockServerBuilder {
        let mock = mock.gzip(self.gzip);
        if !self.tls {
            return mock;
        }
        mock.tls(self.tls_name.iter().fold(Tls::new(), Tls::name))
    }

    pub(super) fn write_ca_file(&self, mock: &MockServer) -> Result<(), String> {
        let Some((file, pem)) = self.tls_ca_file.as_deref().zip(mock.ca_pem()) else {
            return Ok(());
        };
        output::save_public(file, pem).map_err(|error| failed(&error))
    }

    /// The file with the authority, for a command that may run in another directory.
    pub(super) fn ca_file(&self) -> Option<PathBuf> {
        let file = self.tls_ca_file.as_deref()?;
        Some(std::path::absolute(file).unwrap_or_else(|_| file.to_owned()))
    }

    /// The options that curl needs to reach the mock, with a trailing space.
    pub(super) fn curl_options(&self) -> String {
        match &self.tls_ca_file {
            Some(file) => format!("--cacert {} ", quoted(&file.to_string_lossy())),
            None if self.tls => "--insecure ".to_owned(),
            None => String::new(),
        }
    }
}

fn failed(error: &str) -> String {
    format!("--tls-ca-file {error}")
}

/// The text as one word of a shell.
fn quoted(text: &str) -> Cow<'_, str> {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "/._-".contains(char);
    if text.chars().all(is_plain) {
        return text.into();
    }
    format!("'{}'", text.replace('\'', r"'\''")).into()
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        assert_eq!(quoted("/tmp/mock-ca.pem"), "/tmp/mock-ca.pem");
        assert_eq!(quoted("my $HOME/it's.pem"), r"'my $HOME/it'\''s.pem'");
    }
}
