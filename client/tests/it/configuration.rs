//! `build` reports every invalid setting, before anything is sent.

use std::process::{Command, Output};
use std::time::Duration;

use partner_api::{API_KEY_ENV, BASE_URL_ENV, Client, ErrorKind, RetryPolicy};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::support::{KEY, RawServer, WALLET, json};

fn invalid_settings(error: &partner_api::Error) -> Vec<&'static str> {
    let ErrorKind::Config(problems) = error.kind() else { panic!("{error:?}") };
    problems.iter().map(|problem| problem.setting).collect()
}

#[test]
fn every_invalid_setting_is_reported() {
    let error = Client::builder()
        .base_url("http://app.example.com")
        .api_key("two words")
        .timeout(Duration::ZERO)
        .attempt_timeout(Duration::ZERO)
        .proxy("nope://")
        .connect_timeout(Duration::ZERO)
        .max_response_bytes(0)
        .user_agent("a\nb")
        .build()
        .unwrap_err();
    assert_eq!(
        invalid_settings(&error),
        [
            "base_url",
            "api_key",
            "timeout",
            "attempt_timeout",
            "max_response_bytes",
            "user_agent",
            "connect_timeout",
            "proxy"
        ]
    );
    for setting in invalid_settings(&error) {
        assert!(error.to_string().contains(setting), "{error}");
    }
    assert_eq!(error.attempts().len(), 0);
}

#[test]
fn a_missing_setting_is_reported_with_its_variable() {
    let error = Client::builder().build().unwrap_err();
    assert_eq!(invalid_settings(&error), ["base_url", "api_key"]);
    assert!(error.to_string().contains(BASE_URL_ENV) && error.to_string().contains(API_KEY_ENV));
}

#[test]
fn an_attempt_timeout_that_makes_retries_unreachable_is_invalid() {
    let with = |attempt, policy| {
        let builder = Client::builder().base_url("https://a.example").api_key(KEY).retry(policy);
        builder
            .timeout(Duration::from_secs(5))
            .attempt_timeout(Duration::from_secs(attempt))
            .build()
    };
    let error = with(5, RetryPolicy::default()).unwrap_err();
    assert_eq!(invalid_settings(&error), ["attempt_timeout"]);
    assert!(with(4, RetryPolicy::default()).is_ok());
    assert!(with(5, RetryPolicy::never()).is_ok());
}

#[test]
fn connection_settings_are_invalid_together_with_an_http_service() {
    let service = tower::service_fn(|_: http::Request<partner_api::RequestBody>| async {
        Ok::<_, std::convert::Infallible>(http::Response::new(
            http_body_util::Full::<bytes::Bytes>::default(),
        ))
    });
    let error = Client::builder()
        .base_url("https://a.example")
        .api_key(KEY)
        .http_service(service)
        .connect_timeout(Duration::from_secs(1))
        .proxy("http://proxy.example:3128")
        .build()
        .unwrap_err();
    assert_eq!(invalid_settings(&error), ["connect_timeout", "proxy"]);
}

#[test]
fn a_proxy_for_plain_http_is_invalid_because_it_would_see_the_key() {
    let error = Client::builder()
        .base_url("http://127.0.0.1:9")
        .api_key(KEY)
        .proxy("http://proxy.example:3128")
        .build()
        .unwrap_err();
    assert_eq!(invalid_settings(&error), ["proxy"]);
}

/// Runs a test of this file in a separate process with this environment.
fn run_alone(test: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "--ignored", "--nocapture", test]);
    for name in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", BASE_URL_ENV, API_KEY_ENV] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.envs(environment.iter().copied()).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
#[ignore = "run by other tests in a separate process"]
fn alone_prints_the_client_of_the_environment() {
    match Client::from_env() {
        Ok(client) => println!("base url: {}", client.base_url()),
        Err(error) => println!("error: {error}"),
    }
}

#[test]
fn the_environment_is_read_and_trailing_newlines_are_trimmed() {
    let test = "configuration::alone_prints_the_client_of_the_environment";
    let key = format!("{KEY}\n");
    let variables = [(BASE_URL_ENV, "https://app.example.com\n"), (API_KEY_ENV, key.as_str())];
    let printed = text(&run_alone(test, &variables));
    assert!(printed.contains("base url: https://app.example.com/api/v1\n"), "{printed}");

    let printed = text(&run_alone(test, &variables[..1]));
    assert!(printed.contains(API_KEY_ENV) && !printed.contains(BASE_URL_ENV), "{printed}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_unicode_is_named_and_its_value_is_not_shown() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "--ignored",
            "--nocapture",
            "configuration::alone_prints_the_client_of_the_environment",
        ])
        .env(BASE_URL_ENV, "https://app.example.com")
        .env(API_KEY_ENV, OsStr::from_bytes(b"hunter2\xff"))
        .output()
        .unwrap();
    let printed = text(&output);
    assert!(printed.contains("PARTNER_API_KEY: the value is not Unicode"), "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[tokio::test]
#[ignore = "run by other tests in a separate process"]
async fn alone_reads_the_wallet_of_the_environment() {
    match Client::from_env().unwrap().wallet().timeout(Duration::from_secs(10)).await {
        Ok(wallet) => println!("balance: {}", wallet.balance),
        Err(error) => println!("error: {error}"),
    }
}

const READS_WALLET: &str = "configuration::alone_reads_the_wallet_of_the_environment";

#[tokio::test]
async fn plain_http_is_never_sent_to_a_proxy() {
    let proxy = RawServer::responding(json(WALLET)).await;
    let server = RawServer::responding(json(WALLET)).await;
    let (proxy_url, url) = (proxy.url(), server.url());
    let output = tokio::task::spawn_blocking(move || {
        run_alone(
            READS_WALLET,
            &[
                (BASE_URL_ENV, &url),
                (API_KEY_ENV, KEY),
                ("HTTP_PROXY", &proxy_url),
                ("http_proxy", &proxy_url),
                ("ALL_PROXY", &proxy_url),
                ("HTTPS_PROXY", &proxy_url),
            ],
        )
    })
    .await
    .unwrap();
    assert!(text(&output).contains("balance: 8450"), "{}", text(&output));
    assert_eq!((proxy.connections(), server.connections()), (0, 1));
}

#[tokio::test]
async fn a_proxy_for_https_sees_the_host_and_nothing_else() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy_url = format!("http://{}", proxy.local_addr().unwrap());
    let output = tokio::task::spawn_blocking(move || {
        run_alone(
            READS_WALLET,
            &[
                (BASE_URL_ENV, "https://app.example.com"),
                (API_KEY_ENV, KEY),
                ("HTTPS_PROXY", &proxy_url),
            ],
        )
    });
    let mut seen = String::new();
    for _ in 0..partner_api::DEFAULT_MAX_ATTEMPTS {
        let (mut connection, _) = proxy.accept().await.unwrap();
        while !seen.ends_with("\r\n\r\n") {
            seen.push(char::from(connection.read_u8().await.unwrap()));
        }
    }
    drop(proxy);
    assert!(text(&output.await.unwrap()).contains("error: "));
    assert!(seen.starts_with("CONNECT app.example.com:443 HTTP/1.1\r\n"), "{seen}");
    assert!(!seen.contains(KEY) && !seen.to_lowercase().contains("\r\nauthorization"), "{seen}");
}
