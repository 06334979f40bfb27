//! Reports schema drift to a callback, each difference once.

use std::any::Any;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use crate::auth::redact::KeyRedactor;
use crate::decode::list_decoder::LIST_FIELD;
use crate::models::companies::{self, Company};
use crate::models::drift::{DetectDrift, Drift, JsonPath};
use crate::models::object::UnknownFields;
use crate::models::wallet::{self, Wallet};
use crate::transport::base_url::below_api_path;

/// The limit of the reports of a client, so that a service with unlimited different names does not
/// fill the memory.
pub const MAX_DRIFT_REPORTS: usize = 1000;

/// A callback and what was reported to it.
pub(crate) struct DriftReporter {
    callback: Box<dyn Fn(&Drift) + Send + Sync>,
    /// By hash, since names and values can be of any length.
    reported: Mutex<HashSet<u64>>,
    hasher: RandomState,
}

impl DriftReporter {
    pub(crate) fn new(callback: impl Fn(&Drift) + Send + Sync + 'static) -> Self {
        Self {
            callback: Box::new(callback),
            reported: Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    /// Inspects a value that a call returns, if it is of a documented type.
    pub(crate) fn inspect(&self, value: &dyn Any, redactor: &KeyRedactor) {
        let report = &mut |drift| self.report(drift, redactor);
        let list = JsonPath::Document(companies::PATH);
        let list = JsonPath::Field(&list, LIST_FIELD);
        if let Some(value) = value.downcast_ref::<Wallet>() {
            value.drift(JsonPath::Document(wallet::PATH), report);
        } else if let Some(companies) = value.downcast_ref::<Vec<Company>>() {
            companies.drift(list, report);
        } else if let Some(company) = value.downcast_ref::<Company>() {
            company.drift(JsonPath::Item(&list), report);
        }
    }

    /// Inspects the fields beside a list. All lists that are not documented count as one, since
    /// their paths may hold identifiers.
    pub(crate) fn inspect_envelope(
        &self,
        url_path: &str,
        fields: &UnknownFields,
        redactor: &KeyRedactor,
    ) {
        let is_documented = below_api_path(url_path) == Some(companies::PATH);
        let document = JsonPath::Document(if is_documented { companies::PATH } else { "*" });
        fields.drift(document, &mut |drift| self.report(drift, redactor));
    }

    fn report(&self, drift: Drift, redactor: &KeyRedactor) {
        let is_new = {
            let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
            reported.len() < MAX_DRIFT_REPORTS && reported.insert(self.hasher.hash_one(&drift))
        };
        if is_new {
            (self.callback)(&drift.map_texts(|text| redactor.redact_text(text)));
        }
    }
}

impl fmt::Debug for DriftReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DriftReporter")
    }
}
