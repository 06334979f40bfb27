//! Newtypes for the API's strings, and enums that keep unknown values.

/// Declares an identifier. It is not validated, since the reference does not define its format.
macro_rules! identifier {
    ($(#[$meta:meta])* $Name:ident) => {
        $(#[$meta])*
        ///
        /// Opaque: compare it, store it, send it back. The reference does not define its format.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Name(String);

        impl $Name {
            /// Makes an identifier of a text, without validation.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Returns the text as the service wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl serde_core::Serialize for $Name {
            fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde_core::Deserialize<'de> for $Name {
            fn deserialize<D: serde_core::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self)
            }
        }

        impl $crate::models::drift::DetectDrift for $Name {
            fn drift(
                &self,
                path: $crate::models::drift::JsonPath<'_>,
                report: &mut dyn FnMut($crate::models::drift::Drift),
            ) {
                self.0.drift(path, report);
            }
        }

        impl From<&str> for $Name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $Name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<$Name> for String {
            fn from(text: $Name) -> Self {
                text.0
            }
        }

        impl std::str::FromStr for $Name {
            type Err = std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(text.into())
            }
        }

        impl AsRef<str> for $Name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $Name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $Name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $Name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}
pub(crate) use identifier;

/// Declares an enum that the service may extend: an unknown value is kept.
macro_rules! open_enum {
    ($(#[$meta:meta])* $Name:ident { $($(#[$vmeta:meta])* $Variant:ident = $value:literal,)+ }) => {
        $(#[$meta])*
        ///
        /// `From<&str>` finds the known values. There is no order, since the service may add values
        /// anywhere in it.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $Name {
            $($(#[$vmeta])* $Variant,)+
            /// A value that this version of the crate does not know, as the service wrote it.
            ///
            /// A later version may know it: compare with [`as_str`](Self::as_str) if that matters.
            Other(String),
        }

        impl $Name {
            /// Returns the value as the service writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$Variant => $value,)+
                    Self::Other(value) => value,
                }
            }
        }

        impl $crate::models::drift::DetectDrift for $Name {
            fn drift(
                &self,
                path: $crate::models::drift::JsonPath<'_>,
                report: &mut dyn FnMut($crate::models::drift::Drift),
            ) {
                if let Self::Other(value) = self {
                    let path = path.to_string();
                    report($crate::models::drift::Drift::UnknownVariant { path, value: value.clone() });
                }
            }
        }

        impl From<&str> for $Name {
            fn from(value: &str) -> Self {
                match value {
                    $($value => Self::$Variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for $Name {
            fn from(value: String) -> Self {
                match value.as_str() {
                    $($value => Self::$Variant,)+
                    _ => Self::Other(value),
                }
            }
        }

        impl std::str::FromStr for $Name {
            type Err = std::convert::Infallible;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Ok(value.into())
            }
        }

        impl AsRef<str> for $Name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $Name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $Name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde_core::Serialize for $Name {
            fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde_core::Deserialize<'de> for $Name {
            fn deserialize<D: serde_core::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value: $crate::models::object::JsonStr<'de> = serde_core::Deserialize::deserialize(deserializer)?;
                Ok(Self::from(value.as_str()))
            }
        }
    };
}
pub(crate) use open_enum;
