//! The one list of a section's settings, from which all else about them is made.

use std::fmt;

/// Defines a struct of settings: its fields, their defaults and ranges, in which presets they
/// differ, how it is read, checked and written, and its type in other languages. A default may be
/// made from the preset, whose name stands after `of`.
macro_rules! settings {
    (
        $(#[$meta:meta])*
        pub struct $name:ident of $preset:ident {
            $( $(#[doc = $doc:expr])* $(#[cfg(feature = $feature:literal)])? $field:ident: $type:ty = $default:expr $(, $low:literal ..= $high:literal)? $(, $other:ident: $differs:expr)*; )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename_all = "camelCase"))]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[doc = $doc])*
                $( #[cfg(feature = $feature)] )?
                #[cfg_attr(
                    not(feature = "uniffi"),
                    doc = concat!(
                        "\n\nDefault: `", stringify!($default), "`"
                        $(, ", preset ", stringify!($other), ": `", stringify!($differs), "`")*
                        $(, ", allowed: ", $low, " to ", $high)?, "."
                    )
                )]
                // UniFFI hands on only what is written out; the defaults are what `presetConfig`
                // gives.
                $( #[cfg_attr(feature = "uniffi", doc = "\n\nAllowed:", doc = $low, doc = "to", doc = $high)] )?
                #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
                pub $field: $type,
            )*
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($name));
                $(
                    $( #[cfg(feature = $feature)] )?
                    shown.field(stringify!($field), $crate::config::settings::shown(stringify!($field), &self.$field));
                )*
                shown.finish()
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::of($crate::config::Preset::Default)
            }
        }

        impl $name {
            /// The settings that the preset stands for.
            pub(crate) fn of($preset: $crate::config::Preset) -> Self {
                Self {
                    $( $(#[cfg(feature = $feature)])? $field: match $preset {
                        $( $crate::config::Preset::$other => $differs, )*
                        _ => $default,
                    } ),*
                }
            }

            /// Every setting, with its name and its range: the one list by which they are read and
            /// checked.
            #[inline(never)]
            pub(crate) fn settings(&mut self) -> Vec<$crate::config::reader::Field<'_>> {
                vec![ $( $(#[cfg(feature = $feature)])? (stringify!($field), &mut self.$field, &[ $( $low, $high )? ]) ),* ]
            }
        }

        impl $crate::config::reader::Setting for $name {
            fn overlay(&mut self, value: &$crate::config::Value, reader: &mut $crate::config::reader::Reader) {
                reader.section(value, self.settings());
            }

            fn check(&mut self, reader: &mut $crate::config::reader::Reader) {
                reader.check_section(self.settings());
            }
        }

        impl $crate::config::writer::Write for $name {
            fn write(&self) -> $crate::config::Value {
                $crate::config::writer::table(&[
                    $( $(#[cfg(feature = $feature)])? (stringify!($field), &self.$field) ),*
                ])
            }
        }
    };
}
pub(crate) use settings;

/// What `Debug` shows of a setting: not what a check sends, nor what it looks for.
pub(crate) fn shown<'a>(name: &str, value: &'a dyn fmt::Debug) -> &'a dyn fmt::Debug {
    if matches!(name, "body" | "expect_body") { &Hidden } else { value }
}

struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}
