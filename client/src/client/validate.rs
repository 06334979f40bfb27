//! What the builder was told, checked: every problem is said at once.

use std::time::Duration;

use http::HeaderValue;

use super::builder::{
    API_KEY_VARIABLE, BASE_URL_VARIABLE, ClientBuilder, Config, DEFAULT_MAX_BODY_BYTES, USER_AGENT,
};
use crate::auth::credentials::KeyRing;
use crate::error::{ConfigProblem, Error, ErrorKind};
use crate::pipeline::timeouts::{DEFAULT_DEADLINE, Limits};
use crate::transport::base_url::BaseUrl;
use crate::transport::{self, DEFAULT_CONNECT_TIMEOUT, ProxyChoice, TransportSettings};

impl ClientBuilder {
    /// Checks everything and says every problem at once.
    pub(crate) fn check(self) -> Result<Config, Error> {
        let mut problems = Problems(self.problems);

        let missing = |variable: &str| {
            if self.from_env {
                vec![format!("it is missing: {variable} is not set")]
            } else {
                vec![format!("it is missing; set it, or {variable} and say from_env()")]
            }
        };
        let base_url = self
            .base_url
            .ok_or_else(|| missing(BASE_URL_VARIABLE))
            .and_then(|text| BaseUrl::parse(&text, self.plain_http));
        let base_url = problems.unless_good("base_url", base_url);
        let keys = match (self.api_key, self.key_source) {
            (Some(_), Some(_)) => {
                Err(vec!["there is an api_key_source, too; give one of them".to_owned()])
            }
            (Some(api_key), None) => api_key.map(KeyRing::fixed).map_err(|problem| vec![problem]),
            (None, Some(source)) => Ok(KeyRing::asking(source)),
            (None, None) => Err(missing(API_KEY_VARIABLE)),
        };
        let keys = problems.unless_good("api_key", keys);

        let limits = Limits {
            deadline: self.deadline.unwrap_or(DEFAULT_DEADLINE),
            attempt_timeout: self.attempt_timeout,
            retry: self.retry.unwrap_or_default(),
        };
        check_limits(&limits, &mut problems);
        if self.connect_timeout.is_some_and(|limit| limit.is_zero()) {
            problems.add("connect_timeout", ZERO_LIMIT);
        }
        let max_body_bytes = self.max_body_bytes.unwrap_or(DEFAULT_MAX_BODY_BYTES);
        if max_body_bytes == 0 {
            problems.add("max_body_bytes", "it is zero, so that every answer would be too large");
        }
        let user_agent = problems.unless_good("user_agent", user_agent(self.user_agent.as_deref()));

        let proxy = match &self.http_service {
            Some(_) => Ok(()),
            None => self.proxy.check(),
        };
        let has_good_proxy =
            problems.unless_good("proxy", proxy.map_err(|problem| vec![problem])).is_some();
        let http = match self.http_service {
            Some(service) => {
                if self.connect_timeout.is_some() {
                    problems.add("connect_timeout", NO_MEANING);
                }
                if matches!(self.proxy, ProxyChoice::Url(_)) {
                    problems.add("proxy", NO_MEANING);
                }
                if !self.root_certificates.is_empty() {
                    problems.add("add_root_certificate_pem", NO_MEANING);
                }
                Some(service)
            }
            None => base_url.as_ref().filter(|_| has_good_proxy).and_then(|base_url| {
                let settings = TransportSettings {
                    https: base_url.is_https(),
                    loopback: base_url.is_loopback(),
                    connect_timeout: self.connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT),
                    proxy: self.proxy,
                    root_certificates: self.root_certificates,
                };
                transport::connect(&settings).map_err(|problem| problems.0.push(problem)).ok()
            }),
        };

        match (base_url, keys, http, user_agent) {
            (Some(base_url), Some(keys), Some(http), Some(user_agent)) if problems.0.is_empty() => {
                Ok(Config {
                    base_url,
                    keys,
                    drift: self.drift,
                    http,
                    limits,
                    max_body_bytes,
                    user_agent,
                })
            }
            _ => Err(Error::unsent(ErrorKind::Config(problems.0))),
        }
    }
}

const ZERO_LIMIT: &str = "it is zero, so that every call would fail";
const NO_MEANING: &str = "it has no meaning with an http_service of your own";

/// Every problem that was found, so that they are mended in one go.
struct Problems(Vec<ConfigProblem>);

impl Problems {
    fn add(&mut self, setting: &'static str, problem: impl Into<String>) {
        self.0.push(ConfigProblem { setting, problem: problem.into() });
    }

    fn unless_good<T>(
        &mut self,
        setting: &'static str,
        checked: Result<T, Vec<String>>,
    ) -> Option<T> {
        match checked {
            Ok(good) => Some(good),
            Err(problems) => {
                for problem in problems {
                    self.add(setting, problem);
                }
                None
            }
        }
    }
}

fn check_limits(limits: &Limits, problems: &mut Problems) {
    if limits.retry.max_attempts == 0 {
        problems.add("retry", "max_attempts is 0; 1 means no retries");
    }
    let is_zero = |limit: Duration| limit.is_zero();
    if is_zero(limits.deadline) {
        problems.add("deadline", ZERO_LIMIT);
    }
    if limits.attempt_timeout.is_some_and(is_zero) {
        problems.add("attempt_timeout", ZERO_LIMIT);
    } else if !is_zero(limits.deadline) && limits.keep_retries_out() {
        problems.add(
            "attempt_timeout",
            format!(
                "{:?} is not below the deadline of {:?}, so that no time-out could ever be retried; lower it, \
                 or turn retries off with RetryPolicy::off()",
                limits.attempt_timeout(true),
                limits.deadline
            ),
        );
    }
}

/// The product of the user, then ours. Source: RFC 9110, section 10.1.5.
fn user_agent(product: Option<&str>) -> Result<HeaderValue, Vec<String>> {
    let text = product.map_or_else(
        || USER_AGENT.to_owned(),
        |product| format!("{} {USER_AGENT}", product.trim()),
    );
    HeaderValue::try_from(text.trim())
        .map_err(|_| vec!["it has a character that a header cannot have".to_owned()])
}
