//! One enumeration, three spellings: CamelCase in resources, `UPPER_SNAKE` in REST, `lower_snake` in columns.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// An enumeration that [`wire_enum!`](crate::wire_enum) made.
pub trait WireEnum: Copy + Sized + 'static {
    /// Every variant, in the order of declaration.
    const ALL: &'static [Self];
    /// The name in REST bodies: `SINGLE_CHOICE`.
    fn upper(self) -> &'static str;
    /// The name in resources: `SingleChoice`.
    fn camel(self) -> &'static str;
    /// The name in columns: `single_choice`.
    fn column(self) -> &'static str;

    /// The variant of a REST name.
    #[must_use]
    fn from_upper(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|v| v.upper() == name)
    }

    /// The variant of a column's text.
    #[must_use]
    fn from_column(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|v| v.column() == name)
    }
}

/// Renders an enumeration in REST's `UPPER_SNAKE` instead of the resource's CamelCase.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Upper<T>(pub T);

impl<T: WireEnum> Serialize for Upper<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.upper())
    }
}

impl<'de, T: WireEnum> Deserialize<'de> for Upper<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        T::from_upper(&name).map(Upper).ok_or_else(|| {
            let known: Vec<_> = T::ALL.iter().map(|v| v.upper()).collect();
            D::Error::custom(format!(
                "must be one of {}, not \"{name}\"",
                known.join(", ")
            ))
        })
    }
}

impl<T: WireEnum> fmt::Debug for Upper<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.upper())
    }
}

/// The schema of an enumeration in the resource's spelling.
#[doc(hidden)]
pub fn variants<T: Serialize>(all: &[T]) -> RefOr<Schema> {
    let names = all.iter().filter_map(|v| serde_json::to_value(v).ok());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(names))
        .into()
}

/// Declares an enumeration once, with its name in resources (the variant itself), in REST and in columns.
#[macro_export]
macro_rules! wire_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $upper:literal / $column:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $crate::utoipa::PartialSchema for $name {
            fn schema() -> $crate::utoipa::openapi::RefOr<$crate::utoipa::openapi::Schema> {
                $crate::variants(<Self as $crate::WireEnum>::ALL)
            }
        }

        impl $crate::utoipa::ToSchema for $name {}

        impl $crate::WireEnum for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            fn upper(self) -> &'static str {
                match self { $(Self::$variant => $upper,)+ }
            }
            fn camel(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }
            fn column(self) -> &'static str {
                match self { $(Self::$variant => $column,)+ }
            }
        }
    };
}
