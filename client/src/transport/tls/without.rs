//! The implementation without a TLS feature, which does not support `https`.

use std::error::Error as StdError;

use crate::error::InvalidSetting;

const NO_TLS: &str = "the crate is built without a TLS feature";

/// Does not exist without TLS.
#[derive(Clone, Debug)]
pub(crate) enum RootCertificate {}

impl RootCertificate {
    pub(crate) fn from_pem(_: &[u8]) -> Result<Vec<Self>, String> {
        Err(format!("not supported: {NO_TLS}"))
    }
}

/// Does not exist without TLS.
#[derive(Clone, Debug)]
pub(crate) enum Identity {}

impl Identity {
    pub(crate) fn from_pem(_: &[u8], _: &[u8]) -> Result<Self, String> {
        Err(format!("not supported: {NO_TLS}"))
    }
}

pub(super) type Config = ();

pub(super) fn configure(
    https: bool,
    _: &[RootCertificate],
    _: Option<&Identity>,
) -> Result<Config, InvalidSetting> {
    if https {
        let message = format!("it is https, and {NO_TLS}");
        return Err(InvalidSetting { setting: "base_url", message });
    }
    Ok(())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "with TLS, it is not trivial")]
pub(super) fn apply(_: &Config, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder
}

pub(super) fn handshake_error(_: &(dyn StdError + 'static)) -> Option<String> {
    None
}
