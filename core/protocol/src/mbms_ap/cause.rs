//! Cause: TS 36.443 and TS 36.444 clause 9.3.5. The groups are the same, some of their values are not.

/// Cause with its groups. Each row: variant and its number, those of the extension going on after the root.
macro_rules! cause {
    ($($(#[$doc:meta])* $group:ident = $choice:literal $kind:ident ($root:literal) {
        $($(#[$value_doc:meta])* $value:ident = $number:literal,)*
    })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
            pub enum $kind {
                $($(#[$value_doc])* $value,)*
                /// One of a later release: its number after the root.
                Later(u8),
            }

            impl $kind {
                fn number(self) -> u64 {
                    match self {
                        $(Self::$value => $number,)*
                        Self::Later(number) => $root + u64::from(number),
                    }
                }

                fn of(number: u64) -> Self {
                    match number {
                        $($number => Self::$value,)*
                        later => Self::Later((later - $root) as u8),
                    }
                }
            }

            impl From<$kind> for Cause {
                fn from(cause: $kind) -> Self {
                    Self::$group(cause)
                }
            }
        )*

        /// Cause: why something failed.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Cause {
            $($(#[$doc])* $group($kind),)*
        }

        impl $crate::aper::Aper for Cause {
            fn write(&self, w: &mut $crate::aper::Writer) -> Result<(), $crate::aper::AperError> {
                match self {
                    $(Self::$group(cause) => {
                        w.choice("Cause", $choice, 5, true)?;
                        w.choice(stringify!($kind), cause.number(), $root, true)
                    })*
                }
            }

            fn read(r: &mut $crate::aper::Reader<'_>) -> Result<Self, $crate::aper::AperError> {
                match r.choice("Cause", 5, true)? {
                    $($choice => r.choice(stringify!($kind), $root, true).map($kind::of).map(Self::$group),)*
                    _ => Err($crate::aper::AperError::Undefined("Cause")),
                }
            }
        }

        impl From<&$crate::mbms_ap::ApError> for Cause {
            fn from(error: &$crate::mbms_ap::ApError) -> Self {
                Self::Protocol(CauseProtocol::of(error.cause))
            }
        }
    };
}
pub(crate) use cause;
