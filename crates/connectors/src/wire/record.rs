//! Wire types: the members of a vendor's record that are read, declared by name.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::field::decode_text;

/// Declares a wire type: a struct of [`Field`](crate::wire::Field)s, read from the members of a record.
///
/// A field is read from the member of its own name, or from those given behind `=`. Members that are not declared are passed
/// over, a member that is missing is a field that is nothing, and of a member that comes twice the last one counts.
///
/// ```text
/// wire_record! {
///     /// A call of log/retrieve.
///     pub(super) struct Call {
///         id,
///         /// The agent's name, not a login.
///         user,
///         media_type = "type",
///         purpose = "purpose" | "Purpose",
///     }
/// }
/// let call = Call::read(item.record)?;
/// ```
#[allow(unused_macros, reason = "vendors move to it one by one")]
macro_rules! wire_record {
    (
        $(#[$about:meta])*
        $vis:vis struct $name:ident {
            $($(#[$meaning:meta])* $field:ident $(= $wire:literal $(| $other:literal)*)?),* $(,)?
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy)]
        $vis struct $name<'a> {
            $($(#[$meaning])* $vis $field: $crate::wire::Field<'a>,)*
        }

        #[allow(dead_code, reason = "a wire type is read from a record, or from a field, or from both")]
        impl<'a> $name<'a> {
            /// Reads a record, which fails only where it is not an object.
            $vis fn read(record: &'a str) -> Result<Self, $crate::source::MapError> {
                serde_json::from_str(record).map_err(|error| $crate::source::MapError::json(&error))
            }

            /// Reads an object inside a record: one without members where there is none, or where it is something else.
            $vis fn read_nested(field: &$crate::wire::Field<'a>, faults: &$crate::source::Faults) -> Self {
                let json = field.object(faults);
                json.and_then(|json| Self::read(json).ok()).unwrap_or_else(Self::empty)
            }

            /// A record without members.
            $vis const fn empty() -> Self {
                Self {
                    $($field: $crate::wire::Field::missing(
                        $crate::wire::wire_record!(@name $field $($wire)?)
                    ),)*
                }
            }
        }

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members;

                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut members: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut record = $name::empty();
                        while let Some(name) = members.next_key::<$crate::wire::MemberName<'de>>()? {
                            match name.as_str() {
                                $($crate::wire::wire_record!(@names $field $($wire $($other)*)?) => {
                                    let json = members.next_value::<&serde_json::value::RawValue>()?.get();
                                    record.$field = $crate::wire::Field::new(record.$field.name(), json);
                                })*
                                _ => {
                                    members.next_value::<serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(record)
                    }
                }

                deserializer.deserialize_map(Members)
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $wire:literal) => { $wire };
    (@names $field:ident) => { stringify!($field) };
    (@names $field:ident $($wire:literal)+) => { $($wire)|+ };
}
pub(crate) use wire_record;

/// The name of a member. It cannot fail to be read, whatever the name holds.
pub struct MemberName<'a>(Cow<'a, str>);

impl MemberName<'_> {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for MemberName<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self(decode_text(json).unwrap_or_default()))
    }
}

impl fmt::Debug for MemberName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
