//! Checks the settings of a client, and reports every invalid one.

use std::time::Duration;

use http::HeaderValue;

use super::builder::{
    API_KEY_ENV, BASE_URL_ENV, ClientBuilder, Config, ConnectionSettings,
    DEFAULT_MAX_RESPONSE_BYTES, USER_AGENT,
};
use crate::auth::credentials::{ApiKeyCache, DEFAULT_API_KEY_PROVIDER_TIMEOUT};
use crate::error::{Error, ErrorKind, InvalidSetting};
use crate::pipeline::CallOptions;
use crate::pipeline::timeouts::{DEFAULT_TIMEOUT, Timeouts};
use crate::transport::base_url::BaseUrl;
use crate::transport::{
    self, DEFAULT_CONNECT_TIMEOUT, DEFAULT_HTTP2_KEEP_ALIVE_INTERVAL,
    DEFAULT_HTTP2_KEEP_ALIVE_TIMEOUT, HttpService, ProxyChoice, TransportSettings,
};

const ZERO_TIMEOUT: &str = "must not be zero, because every call would fail";
const UNSUPPORTED_WITH_HTTP_SERVICE: &str = "not supported together with http_service()";

impl ClientBuilder {
    /// Checks all settings and reports every invalid one.
    pub(crate) fn validate(self) -> Result<Config, Error> {
        let mut errors = ConfigErrors(self.invalid);

        let missing = |variable: &str| {
            if self.from_env {
                vec![format!("missing: {variable} is not set")]
            } else {
                vec![format!("missing; set it, or {variable} together with from_env()")]
            }
        };
        let base_url = self
            .base_url
            .ok_or_else(|| missing(BASE_URL_ENV))
            .and_then(|text| BaseUrl::parse(&text, self.plain_http));
        let base_url = errors.collect("base_url", base_url);
        let provider_timeout =
            self.api_key_provider_timeout.unwrap_or(DEFAULT_API_KEY_PROVIDER_TIMEOUT);
        let credentials = match (self.api_key, self.api_key_provider) {
            (Some(_), Some(_)) => {
                Err(vec!["api_key and api_key_provider are both set; set one of them".to_owned()])
            }
            (Some(api_key), None) => {
                api_key.map(ApiKeyCache::fixed).map_err(|problem| vec![problem])
            }
            (None, Some(provider)) => Ok(ApiKeyCache::with_provider(provider, provider_timeout)),
            (None, None) => Err(missing(API_KEY_ENV)),
        };
        let credentials = errors.collect("api_key", credentials);

        let options = CallOptions {
            timeouts: Timeouts {
                call: self.timeout.unwrap_or(DEFAULT_TIMEOUT),
                attempt: self.attempt_timeout,
            },
            retry: self.retry.unwrap_or_default(),
            url_template: None,
        };
        check_options(&options, &mut errors);
        errors.check_not_zero("api_key_provider_timeout", self.api_key_provider_timeout);
        let max_response_bytes = self.max_response_bytes.unwrap_or(DEFAULT_MAX_RESPONSE_BYTES);
        if max_response_bytes == 0 {
            errors.add(
                "max_response_bytes",
                "must not be zero, because every response would be too large",
            );
        }
        let user_agent = errors.collect("user_agent", user_agent(self.user_agent.as_deref()));

        let http = match self.http_service {
            Some(service) => {
                refuse_connection_settings(&self.connection, &mut errors);
                Some(service)
            }
            None => connect(self.connection, base_url.as_ref(), &mut errors),
        };
        let http = http.map(|http| self.layers.into_iter().fold(http, |http, add| add(http)));

        match (base_url, credentials, http, user_agent) {
            (Some(base_url), Some(credentials), Some(http), Some(user_agent))
                if errors.0.is_empty() =>
            {
                Ok(Config {
                    base_url,
                    credentials,
                    drift: self.drift,
                    http,
                    options,
                    retry_budget: self.retry_budget,
                    max_response_bytes,
                    user_agent,
                })
            }
            _ => Err(Error::unsent(ErrorKind::Config(errors.0))),
        }
    }
}

/// Every invalid setting, so that all can be fixed together.
struct ConfigErrors(Vec<InvalidSetting>);

impl ConfigErrors {
    fn add(&mut self, setting: &'static str, message: impl Into<String>) {
        self.0.push(InvalidSetting { setting, message: message.into() });
    }

    fn check_not_zero(&mut self, setting: &'static str, timeout: Option<Duration>) {
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            self.add(setting, ZERO_TIMEOUT);
        }
    }

    /// The value of a setting, or `None` after its problems are added.
    fn collect<T>(&mut self, setting: &'static str, checked: Result<T, Vec<String>>) -> Option<T> {
        match checked {
            Ok(value) => Some(value),
            Err(problems) => {
                for problem in problems {
                    self.add(setting, problem);
                }
                None
            }
        }
    }
}

fn check_options(options: &CallOptions, errors: &mut ConfigErrors) {
    let CallOptions { timeouts, retry, .. } = options;
    if retry.max_attempts == 0 {
        errors.add("retry", "max_attempts must be at least 1, which disables retries");
    }
    errors.check_not_zero("timeout", Some(timeouts.call));
    errors.check_not_zero("attempt_timeout", timeouts.attempt);
    let Some(attempt) = timeouts.attempt.filter(|attempt| !attempt.is_zero()) else { return };
    let retries_unreachable = attempt >= timeouts.call && !retry.is_never();
    if retries_unreachable && !timeouts.call.is_zero() {
        errors.add(
            "attempt_timeout",
            format!(
                "{attempt:?} must be less than the timeout of {:?}, or an attempt that times out could never be \
                 retried; lower it, or disable retries with RetryPolicy::never()",
                timeouts.call
            ),
        );
    }
}

fn refuse_connection_settings(connection: &ConnectionSettings, errors: &mut ConfigErrors) {
    let is_set = [
        ("connect_timeout", connection.connect_timeout.is_some()),
        ("max_connection_age", connection.max_age.is_some()),
        ("http2_keep_alive_interval", connection.http2_keep_alive_interval.is_some()),
        ("http2_keep_alive_timeout", connection.http2_keep_alive_timeout.is_some()),
        ("proxy", matches!(connection.proxy, ProxyChoice::Url(_))),
        ("add_root_certificate_pem", !connection.root_certificates.is_empty()),
        ("identity_pem", connection.identity.is_some()),
    ];
    for (setting, _) in is_set.into_iter().filter(|(_, is_set)| *is_set) {
        errors.add(setting, UNSUPPORTED_WITH_HTTP_SERVICE);
    }
}

/// The default HTTP service, if everything that it needs is valid.
fn connect(
    connection: ConnectionSettings,
    base_url: Option<&BaseUrl>,
    errors: &mut ConfigErrors,
) -> Option<HttpService> {
    let ping_interval = connection.http2_keep_alive_interval;
    errors.check_not_zero("connect_timeout", connection.connect_timeout);
    errors.check_not_zero("max_connection_age", connection.max_age);
    errors.check_not_zero("http2_keep_alive_interval", ping_interval.flatten());
    errors.check_not_zero("http2_keep_alive_timeout", connection.http2_keep_alive_timeout);
    let proxy = connection.proxy.check().map_err(|problem| vec![problem]);
    errors.collect("proxy", proxy)?;
    let settings = TransportSettings {
        base_url: base_url?.clone(),
        connect_timeout: connection.connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT),
        max_connection_age: connection.max_age,
        http2_keep_alive_interval: ping_interval.unwrap_or(Some(DEFAULT_HTTP2_KEEP_ALIVE_INTERVAL)),
        http2_keep_alive_timeout: connection
            .http2_keep_alive_timeout
            .unwrap_or(DEFAULT_HTTP2_KEEP_ALIVE_TIMEOUT),
        proxy: connection.proxy,
        root_certificates: connection.root_certificates,
        identity: connection.identity,
    };
    transport::connect(&settings).map_err(|error| errors.0.push(error)).ok()
}

/// The program's product, then the crate's (RFC 9110, section 10.1.5).
fn user_agent(product: Option<&str>) -> Result<HeaderValue, Vec<String>> {
    let text = product.map_or_else(
        || USER_AGENT.to_owned(),
        |product| format!("{} {USER_AGENT}", product.trim()),
    );
    HeaderValue::try_from(text.trim())
        .map_err(|_| vec!["contains a character that is not allowed in a header".to_owned()])
}
