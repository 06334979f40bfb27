//! Tells a callback of drift, of each kind of it once.

use std::any::Any;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use crate::auth::redact::SentKey;
use crate::decode::list_decoder::LIST_FIELD;
use crate::models::companies::{self, Company};
use crate::models::drift::{Drift, Drifting, Place};
use crate::models::object::UnknownFields;
use crate::models::wallet::{self, Wallet};
use crate::transport::base_url::below_api_path;

/// How many different drifts a client tells of. A service that invents names without end shall not
/// fill the memory.
pub const MAX_DRIFT_REPORTS: usize = 1000;

/// A callback and what it was told.
pub(crate) struct DriftWatch {
    callback: Box<dyn Fn(&Drift) + Send + Sync>,
    /// By hash, since names and words can be of any length.
    told: Mutex<HashSet<u64>>,
    hasher: RandomState,
}

impl DriftWatch {
    pub(crate) fn new(callback: impl Fn(&Drift) + Send + Sync + 'static) -> Self {
        Self { callback: Box::new(callback), told: Mutex::default(), hasher: RandomState::new() }
    }

    /// Looks through a value that a call gives, if it is one of the documented types.
    pub(crate) fn look_at(&self, value: &dyn Any, sent_key: &SentKey) {
        let report = &mut |drift| self.tell(drift, sent_key);
        let list = Place::Document(companies::PATH);
        let list = Place::Field(&list, LIST_FIELD);
        if let Some(value) = value.downcast_ref::<Wallet>() {
            value.drift(Place::Document(wallet::PATH), report);
        } else if let Some(companies) = value.downcast_ref::<Vec<Company>>() {
            companies.drift(list, report);
        } else if let Some(company) = value.downcast_ref::<Company>() {
            company.drift(Place::Item(&list), report);
        }
    }

    /// Looks through what stands beside a list. Lists that are not documented are all one, since
    /// their paths may hold identifiers.
    pub(crate) fn look_beside(&self, url_path: &str, fields: &UnknownFields, sent_key: &SentKey) {
        let is_documented = below_api_path(url_path) == Some(companies::PATH);
        let document = Place::Document(if is_documented { companies::PATH } else { "*" });
        for (name, _) in fields.iter() {
            let path = Place::Field(&document, name).to_string();
            self.tell(Drift::UnknownField { path }, sent_key);
        }
    }

    fn tell(&self, drift: Drift, sent_key: &SentKey) {
        let is_new = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.len() < MAX_DRIFT_REPORTS && told.insert(self.hasher.hash_one(&drift))
        };
        if is_new {
            (self.callback)(&drift.map_texts(|text| sent_key.hide_in_text(text)));
        }
    }
}

impl fmt::Debug for DriftWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DriftWatch")
    }
}
