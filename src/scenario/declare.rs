//! The declaration of a table of settings: each setting once, from which all else follows.

/// Declares a table of the scenario. A setting has a field, its default, its [notation](super::notation) and
/// its help:
///
/// ```text
/// /// Seconds.
/// visibility_timeout: Option<f64> = None, Maybe(Timespan::AboveZero), "until an unacknowledged …";
/// ```
///
/// The reader, the echo, the schema, the reference page, `--set` and `faster` follow. A field that has
/// another name in the scenario writes `field as name`. One that is read and echoed by hand, in `read` and in
/// `echo`, lists its settings after `=>`; one that is no setting has neither.
macro_rules! declare {
    (
        $(#[$about:meta])*
        pub struct $table:ident {
            $(
                $(#[$doc:meta])*
                $field:ident $(as $name:ident)? : $type:ty = $default:expr
                $(, $notation:expr, $help:literal)?
                $(=> { $($key:ident: $takes:expr, $key_help:literal);+ $(;)? })?
                ;
            )*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $table {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl Default for $table {
            fn default() -> Self {
                $table { $($field: $default,)* }
            }
        }

        #[allow(unused_variables)]
        impl $crate::scenario::notation::DeclaredTable for $table {
            fn keys() -> Vec<$crate::scenario::setting::SettingKey> {
                use $crate::scenario::{declare::last, notation::described};
                let default = Self::default();
                let mut keys = Vec::new();
                $(
                    let name = last(&[stringify!($field) $(, stringify!($name))?]);
                    $(keys.push(described(name, &$notation, $help, &default.$field));)?
                    $($(keys.push($crate::scenario::setting::key(stringify!($key), $takes, $key_help));)+)?
                )*
                keys
            }

            fn read(
                &mut self,
                cx: &mut $crate::scenario::context::Context<'_>,
                table: &$crate::scenario::node::Table,
                whose: &$crate::scenario::context::Whose<'_>,
            ) -> bool {
                use $crate::scenario::{declare::last, notation::read_into};
                let mut fine = true;
                $(
                    let name = last(&[stringify!($field) $(, stringify!($name))?]);
                    $(
                        fine &= read_into(&$notation, (&mut *cx, table, whose), name, &mut self.$field);
                    )?
                )*
                fine
            }

            fn echo(&self) -> serde_json::Map<String, serde_json::Value> {
                use $crate::scenario::{declare::last, notation::Notation};
                let mut echo = serde_json::Map::new();
                $(
                    let name = last(&[stringify!($field) $(, stringify!($name))?]);
                    $(echo.insert(name.into(), Notation::<$type>::echo(&$notation, &self.$field));)?
                    $($(echo.insert(stringify!($key).into(), serde_json::Value::Null);)+)?
                )*
                echo
            }

            fn faster(&mut self, factor: f64) {
                use $crate::scenario::notation::Notation;
                $($(Notation::<$type>::faster(&$notation, &mut self.$field, factor);)?)*
            }
        }
    };
}
pub(super) use declare;

/// The name that a setting has in the scenario: its own, else its field's.
pub(super) const fn last(names: &[&'static str]) -> &'static str {
    names[names.len() - 1]
}
