//! The extractors of the control API: each rejects with an [`ApiError`] that names what is wrong.

use axum::extract::{
    FromRef, FromRequest, FromRequestParts, OptionalFromRequest, RawPathParams, Request,
};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::MAX_CONTROL_BODY;
use super::response::{self, ApiError, blocking};
use crate::input::json::FromJson;
use crate::input::suggest;
use crate::mock::{self, Mock};

/// A JSON body. It is read off the runtime's threads, since it may be of megabytes.
pub(super) struct Json<T>(pub(super) T);

/// The body as text, for handlers that merge it into an object first.
pub(super) struct Text(pub(super) String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let length = request.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > MAX_CONTROL_BODY as u64) {
            return Err(ApiError::too_large());
        }
        let body = Limited::new(request.into_body(), MAX_CONTROL_BODY).collect().await;
        let body = body.map_err(|error| {
            if error.is::<LengthLimitError>() { ApiError::too_large() } else { ApiError::unread() }
        })?;
        String::from_utf8(body.to_bytes().into()).map(Self).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            ApiError::invalid(
                "",
                format!("byte {at} of the body is not UTF-8; expected JSON in UTF-8"),
            )
        })
    }
}

impl<S: Send + Sync, T: FromJson + Send + 'static> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Text(text) = Text::from_request(request, state).await?;
        Ok(Self(blocking(move || T::from_json(&text)).await??))
    }
}

/// None if there is no body.
impl<S: Send + Sync, T: FromJson + Send + 'static> OptionalFromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ApiError> {
        let Text(text) = Text::from_request(request, state).await?;
        if text.is_empty() { Ok(None) } else { Ok(Some(Self(T::from_json(&text)?))) }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        response::json(&self.0)
    }
}

/// The query, as a struct: names and values as a form sends them. A field whose name comes several
/// times is an array.
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut fields = Map::new();
        for (name, value) in pairs(parts.uri.query().unwrap_or_default())? {
            match fields.get_mut(&name) {
                None => drop(fields.insert(name, value.into())),
                Some(Value::Array(values)) => values.push(value.into()),
                Some(first) => *first = Value::Array(vec![first.take(), value.into()]),
            }
        }
        serde_path_to_error::deserialize(Value::Object(fields)).map(Self).map_err(|error| {
            let message = error.inner().to_string();
            let hint = suggest::did_you_mean_in(&message);
            let field = error.path().to_string();
            ApiError::invalid(
                field.escape_debug().to_string(),
                (message + &hint).escape_debug().to_string(),
            )
        })
    }
}

/// The names and values of a query; `+` is a space.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8().map(Into::into).map_err(|_| {
            ApiError::invalid("", format!("`{}` in the query is not UTF-8", text.escape_debug()))
        })
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(name)?, decoded(value)?))
        })
        .collect()
}

/// The parameters of the path, percent-decoded.
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(path)| Self(path)).map_err(|_| ApiError::no_such_path())
    }
}

/// The partner that the path names.
pub(super) struct Partner(pub(super) mock::Partner);

impl<S: Send + Sync> FromRequestParts<S> for Partner
where
    Mock: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Owner(partner) = Owner::from_request_parts(parts, state).await?;
        partner.map(Self).ok_or_else(ApiError::no_such_path)
    }
}

/// Whose something is: the partner's that the path names, or the whole mock's.
#[derive(Debug)]
pub(super) struct Owner(pub(super) Option<mock::Partner>);

impl<S: Send + Sync> FromRequestParts<S> for Owner
where
    Mock: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| ApiError::no_such_path())?;
        let Some((_, id)) = params.iter().find(|(name, _)| *name == "partner") else {
            return Ok(Self(None));
        };
        let partner = Mock::from_ref(state).partner_with_id(id);
        partner.map(|partner| Self(Some(partner))).ok_or_else(|| no_partner(id))
    }
}

impl Owner {
    pub(super) fn id(&self) -> Option<crate::state::store::PartnerId> {
        self.0.as_ref().map(|partner| partner.state().id)
    }

    /// Undoes what was added to a partner that was removed meanwhile, so that nothing of it is left
    /// behind.
    pub(super) fn undo_if_removed(&self, undo: impl FnOnce()) -> Result<(), ApiError> {
        match &self.0 {
            Some(partner) if partner.state().is_gone() => {
                undo();
                Err(no_partner(&partner.id()))
            }
            _ => Ok(()),
        }
    }
}

fn no_partner(id: &str) -> ApiError {
    ApiError::not_found(&format!("there is no partner `{id}`"))
}
