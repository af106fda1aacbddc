//! Tables of codes.

/// A code with names for its values; the others survive. A value without a description is what its name says.
macro_rules! codes {
    ($(#[$doc:meta])* pub struct $name:ident($repr:ty) { $($(#[$value_doc:meta])* $value:ident = $code:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub $repr);

        impl $name {
            $($crate::codes::code!($(#[$value_doc])* $value = $code, $text);)*

            /// What the standard calls it; `None`: it does not.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some($text),)*
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{:#x}", self.0),
                }
            }
        }
    };
}

/// A number with names for its values, which is shown with its name; the others survive.
macro_rules! numbers {
    ($(#[$doc:meta])* pub struct $name:ident($repr:ty), $other:literal { $($(#[$value_doc:meta])* $value:ident = $code:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub $repr);

        impl $name {
            $($crate::codes::code!($(#[$value_doc])* $value = $code, $text);)*
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let name = match self.0 {
                    $($code => $text,)*
                    _ => $other,
                };
                write!(f, "{name} ({})", self.0)
            }
        }
    };
}

/// One value of a code.
macro_rules! code {
    ($value:ident = $code:literal, $text:literal) => {
        #[doc = concat!($text, ".")]
        pub const $value: Self = Self($code);
    };
    ($(#[$doc:meta])+ $value:ident = $code:literal, $text:literal) => {
        $(#[$doc])+
        pub const $value: Self = Self($code);
    };
}

pub(crate) use {code, codes, numbers};
