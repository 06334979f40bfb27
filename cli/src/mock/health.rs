//! `partner-api mock health`: whether a mock takes requests, for containers without wget.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use partner_api::Escaped;

use crate::error_chain;
use crate::output::write_stdout;

const TIMEOUT: Duration = Duration::from_secs(2);

const AFTER_HELP: &str = "\
Examples:
  partner-api mock health
  partner-api mock health http://127.0.0.1:8080

Exit codes: 0 if the mock is ready, 2 if it is not.

It does not ask over https. For a mock with --tls, check that its --ready-file is there, or use
curl --fail --cacert FILE https://127.0.0.1:4010/_mock/ready";

/// Ask a mock whether it is ready, for health checks of containers
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Options {
    /// The URL of the mock; its path is ignored
    #[arg(default_value = "http://127.0.0.1:4010", value_parser = ready_url)]
    url: http::Uri,
}

pub(super) async fn run(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let url = &options.url;
    let response = tokio::time::timeout(TIMEOUT, client.get(url.clone()))
        .await
        .map_err(|_| format!("{url}: no response within {} s", TIMEOUT.as_secs()))?
        .map_err(|error| {
            let hint = "; if the mock has --tls, see `partner-api mock health --help`";
            let hint = if error.is_connect() { "" } else { hint };
            format!("{url}: {:.1000}{hint}", Escaped(&error_chain(&error)))
        })?;
    if response.headers().get("x-partner-api-mock").is_none_or(|value| value != "control") {
        let problem = "is this a mock with a control API (without --no-control)?";
        return Err(format!("{url}: status {}; {problem}", response.status().as_u16()).into());
    }
    match response.status().as_u16() {
        200 => write_stdout("ready\n")?,
        503 => return Err(format!("{url}: the mock is shutting down").into()),
        status => return Err(format!("{url}: status {status}").into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn ready_url(text: &str) -> Result<http::Uri, String> {
    let expected = || "expected a URL such as http://127.0.0.1:4010".to_owned();
    let url: http::Uri = text.parse().map_err(|_| expected())?;
    let authority = url.authority().ok_or_else(expected)?.clone();
    match url.scheme_str() {
        None | Some("http") => {}
        Some("https") => {
            return Err(format!(
                "https is not supported: check that the --ready-file of the mock is there, or use \
                 `curl --fail --cacert FILE https://{authority}/_mock/ready`"
            ));
        }
        Some(_) => return Err(expected()),
    }
    let ready = http::Uri::builder().scheme("http").authority(authority);
    ready.path_and_query("/_mock/ready").build().map_err(|_| expected())
}
