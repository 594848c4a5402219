//! Enums whose variants are words: in configs, events, logs and TypeScript alike.

/// An enum whose variants are words.
pub(crate) trait Keyword: Copy + 'static {
    /// Every value.
    const KEYWORDS: &'static [Self];

    /// Their words, in the same order.
    const WORDS: &'static [&'static str];

    /// The word that stands for the value.
    fn word(self) -> &'static str;
}

/// Defines an enum whose variants are words.
macro_rules! keywords {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[doc = $doc:expr])* $variant:ident = $word:literal, )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[doc = $doc])* #[cfg_attr(feature = "typescript", ts(rename = $word))] $variant, )*
        }

        impl $name {
            /// The word that stands for it everywhere.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word ),* }
            }

            /// What the word stands for, if it stands for one.
            pub fn from_word(word: &str) -> Option<Self> {
                use $crate::base::keyword::Keyword;
                let index = Self::WORDS.iter().position(|known| *known == word)?;
                Some(Self::KEYWORDS[index])
            }
        }

        impl $crate::base::keyword::Keyword for $name {
            const KEYWORDS: &'static [Self] = &[ $( Self::$variant ),* ];
            const WORDS: &'static [&'static str] = &[ $( $word ),* ];

            fn word(self) -> &'static str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        $crate::config::writer::serialize_as_written!($name);
    };
}
pub(crate) use keywords;
