//! The changes between two lists of companies, as events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::models::companies::{
    Company, CompanyId, Connection, ConnectionId, ConnectionStatus, PhoneNumberId, QualityRating,
    WabaId,
};
use crate::models::object::UnknownFields;

/// A difference between two lists of companies. See [`changes`](super::changes).
///
/// serde writes it as `{"company_renamed":{"companyId":…,"from":…,"to":…}}`, and reads it back
/// without loss, in any format. The names of clients and their phone numbers are in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Change {
    /// The company is not in the old list. Each of its connections has an event as well.
    #[non_exhaustive]
    CompanyAdded {
        /// The company in the new list.
        company: Company,
    },
    /// The company is not in the new list, which is complete. Each of its connections has an event
    /// as well.
    #[non_exhaustive]
    CompanyRemoved {
        /// The company in the old list.
        company: Company,
    },
    /// The name of the company changed.
    #[non_exhaustive]
    CompanyRenamed {
        /// The company.
        company_id: CompanyId,
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// The time of onboarding changed.
    #[non_exhaustive]
    OnboardedAtChanged {
        /// The company.
        company_id: CompanyId,
        /// The old time.
        from: Timestamp,
        /// The new time.
        to: Timestamp,
    },
    /// The number of message templates changed.
    #[non_exhaustive]
    TemplateCountChanged {
        /// The company.
        company_id: CompanyId,
        /// The old number.
        from: u64,
        /// The new number.
        to: u64,
    },
    /// Unknown fields of the company changed.
    #[non_exhaustive]
    CompanyFieldsChanged {
        /// The company.
        company_id: CompanyId,
        /// All unknown fields in the old list. A field that is missing differs from one that is
        /// null: `from.get(name)` is `None`, or `Some("null")`.
        from: UnknownFields,
        /// All unknown fields in the new list.
        to: UnknownFields,
    },
    /// Unknown fields of the company's [`counts`](Company::counts) changed.
    #[non_exhaustive]
    CountFieldsChanged {
        /// The company.
        company_id: CompanyId,
        /// All unknown fields in the old list.
        from: UnknownFields,
        /// All unknown fields in the new list.
        to: UnknownFields,
    },
    /// The connection is not in the old list.
    #[non_exhaustive]
    ConnectionAdded {
        /// The company that the connection belongs to.
        company_id: CompanyId,
        /// The connection in the new list.
        connection: Connection,
    },
    /// The connection is not in the new list, which is complete.
    #[non_exhaustive]
    ConnectionRemoved {
        /// The company that the connection belonged to.
        company_id: CompanyId,
        /// The connection in the old list.
        connection: Connection,
    },
    /// The connection, by its id, belongs to another company.
    #[non_exhaustive]
    ConnectionMoved {
        /// The connection.
        connection_id: ConnectionId,
        /// The old company.
        from: CompanyId,
        /// The new company.
        to: CompanyId,
    },
    /// The connection belongs to another WhatsApp Business Account.
    #[non_exhaustive]
    WabaIdChanged {
        /// The company that the connection belongs to in the new list.
        company_id: CompanyId,
        /// The connection.
        connection_id: ConnectionId,
        /// The old account.
        from: WabaId,
        /// The new account.
        to: WabaId,
    },
    /// The identifier of the connection's phone number changed.
    #[non_exhaustive]
    PhoneNumberIdChanged {
        /// The company that the connection belongs to in the new list.
        company_id: CompanyId,
        /// The connection.
        connection_id: ConnectionId,
        /// The old identifier.
        from: PhoneNumberId,
        /// The new identifier.
        to: PhoneNumberId,
    },
    /// The phone number, as it is displayed, changed.
    #[non_exhaustive]
    DisplayPhoneNumberChanged {
        /// The company that the connection belongs to in the new list.
        company_id: CompanyId,
        /// The connection.
        connection_id: ConnectionId,
        /// The old number.
        from: String,
        /// The new number.
        to: String,
    },
    /// The quality rating changed.
    #[non_exhaustive]
    QualityChanged {
        /// The company that the connection belongs to in the new list.
        company_id: CompanyId,
        /// The connection.
        connection_id: ConnectionId,
        /// The old rating.
        from: QualityRating,
        /// The new rating.
        to: QualityRating,
        /// Whether the rating became better or worse.
        trend: QualityTrend,
    },
    /// The state of the connection changed.
    #[non_exhaustive]
    StatusChanged {
        /// The company that the connection belongs to in the new list.
        company_id: CompanyId,
        /// The connection.
        connection_id: ConnectionId,
        /// The old state.
        from: ConnectionStatus,
        /// The new state.
        to: ConnectionStatus,
    },
    /// Unknown fields of the connection changed.
    #[non_exhaustive]
    ConnectionFieldsChanged {
        /// The company that the connection belongs to in the new list.
        company_id: CompanyId,
        /// The connection.
        connection_id: ConnectionId,
        /// All unknown fields in the old list.
        from: UnknownFields,
        /// All unknown fields in the new list.
        to: UnknownFields,
    },
    /// A list has the id of this company more than once. The first one is compared; the connections
    /// of all are.
    #[non_exhaustive]
    DuplicateCompany {
        /// The list.
        list: Side,
        /// A company that is not the first with its id.
        company: Company,
    },
    /// A list has the id of this connection more than once, in one company or in several. The first
    /// one is compared.
    #[non_exhaustive]
    DuplicateConnection {
        /// The list.
        list: Side,
        /// The company that the connection is listed in.
        company_id: CompanyId,
        /// A connection that is not the first with its id.
        connection: Connection,
    },
}

impl Change {
    /// Returns the company that the change belongs to. For a moved connection it is the new one.
    pub fn company_id(&self) -> &CompanyId {
        match self {
            Self::CompanyAdded { company }
            | Self::CompanyRemoved { company }
            | Self::DuplicateCompany { company, .. } => &company.id,
            Self::ConnectionMoved { to, .. } => to,
            Self::CompanyRenamed { company_id, .. }
            | Self::OnboardedAtChanged { company_id, .. }
            | Self::TemplateCountChanged { company_id, .. }
            | Self::CompanyFieldsChanged { company_id, .. }
            | Self::CountFieldsChanged { company_id, .. }
            | Self::ConnectionAdded { company_id, .. }
            | Self::ConnectionRemoved { company_id, .. }
            | Self::WabaIdChanged { company_id, .. }
            | Self::PhoneNumberIdChanged { company_id, .. }
            | Self::DisplayPhoneNumberChanged { company_id, .. }
            | Self::QualityChanged { company_id, .. }
            | Self::StatusChanged { company_id, .. }
            | Self::ConnectionFieldsChanged { company_id, .. }
            | Self::DuplicateConnection { company_id, .. } => company_id,
        }
    }
}

/// How a quality rating changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum QualityTrend {
    /// The new rating is better.
    Better,
    /// The new rating is worse.
    Worse,
    /// One of the ratings is a value that this version of the crate does not know.
    Unknown,
}

impl QualityTrend {
    pub(super) fn new(from: &QualityRating, to: &QualityRating) -> Self {
        match to.is_worse_than(from) {
            Some(true) => Self::Worse,
            Some(false) => Self::Better,
            None => Self::Unknown,
        }
    }
}

/// One of the two lists that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The list of the earlier call, or your copy.
    Old,
    /// The list of the later call.
    New,
}
