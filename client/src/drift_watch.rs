//! Tells a callback of drift, of each kind of it once.

use std::any::Any;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::base_url::API_PATH;
use crate::companies::{self, Company};
use crate::document::UnknownFields;
use crate::drift::{Drift, Drifting, Place};
use crate::elements::LIST_FIELD;
use crate::wallet::{self, Wallet};

/// How many different drifts a client tells of. A service that invents names without end shall not
/// fill the memory.
pub const MAX_DRIFT_REPORTS: usize = 1000;

/// A callback and what it was told.
pub(crate) struct DriftWatch {
    callback: Box<dyn Fn(&Drift) + Send + Sync>,
    told: Mutex<HashSet<Drift>>,
}

impl DriftWatch {
    pub(crate) fn new(callback: impl Fn(&Drift) + Send + Sync + 'static) -> Self {
        Self {
            callback: Box::new(callback),
            told: Mutex::default(),
        }
    }

    /// Looks through a value that a call gives, if it is one of the documented types.
    pub(crate) fn look_at(&self, value: &dyn Any) {
        let list = Place::Document(companies::PATH);
        let list = Place::Field(&list, LIST_FIELD);
        if let Some(value) = value.downcast_ref::<Wallet>() {
            value.drift(Place::Document(wallet::PATH), &mut |drift| {
                self.tell(&drift);
            });
        } else if let Some(companies) = value.downcast_ref::<Vec<Company>>() {
            companies.drift(list, &mut |drift| self.tell(&drift));
        } else if let Some(company) = value.downcast_ref::<Company>() {
            company.drift(Place::Item(&list), &mut |drift| self.tell(&drift));
        }
    }

    /// Looks through what stands beside a list.
    pub(crate) fn look_beside(&self, url_path: &str, fields: &UnknownFields) {
        let document = url_path
            .rsplit_once(API_PATH)
            .map_or(url_path, |(_, path)| path.trim_start_matches('/'));
        for (name, _) in fields.iter() {
            let path = Place::Field(&Place::Document(document), name).to_string();
            self.tell(&Drift::UnknownField { path });
        }
    }

    fn tell(&self, drift: &Drift) {
        let is_new = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.len() < MAX_DRIFT_REPORTS && !told.contains(drift) && told.insert(drift.clone())
        };
        if is_new {
            (self.callback)(drift);
        }
    }
}

impl fmt::Debug for DriftWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DriftWatch")
    }
}
