//! Cause: TS 36.443 and TS 36.444 clause 9.3.5. The groups are the same, the values of two of them are not.

/// A group of causes. Each row: variant and its number, those of the extension going on after the root.
macro_rules! cause_group {
    ($(
        $(#[$doc:meta])* $kind:ident ($root:literal) {
            $($(#[$value_doc:meta])* $value:ident = $number:literal,)*
        }
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
            pub enum $kind {
                $($(#[$value_doc])* $value,)*
                /// One of a later release: its number after the root.
                Later(u8),
            }

            impl $kind {
                pub(crate) fn of(number: u64) -> Self {
                    match number {
                        $($number => Self::$value,)*
                        later => Self::Later((later - $root) as u8),
                    }
                }
            }

            impl $crate::aper::Aper for $kind {
                fn write(&self, w: &mut $crate::aper::Writer) -> Result<(), $crate::aper::AperError> {
                    let number = match *self {
                        $(Self::$value => $number,)*
                        Self::Later(number) => $root + u64::from(number),
                    };
                    w.choice(stringify!($kind), number, $root, true)
                }

                fn read(r: &mut $crate::aper::Reader<'_>) -> Result<Self, $crate::aper::AperError> {
                    r.choice(stringify!($kind), $root, true).map(Self::of)
                }
            }
        )*
    };
}
pub(crate) use cause_group;

/// Cause of its groups, in the order of the choice.
macro_rules! cause {
    ($($(#[$doc:meta])* $group:ident = $choice:literal $kind:ident,)*) => {
        /// Cause: why something failed.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Cause {
            $($(#[$doc])* $group($kind),)*
        }

        $(
            impl From<$kind> for Cause {
                fn from(cause: $kind) -> Self {
                    Self::$group(cause)
                }
            }
        )*

        impl $crate::aper::Aper for Cause {
            fn write(&self, w: &mut $crate::aper::Writer) -> Result<(), $crate::aper::AperError> {
                match self {
                    $(Self::$group(cause) => {
                        w.choice("Cause", $choice, 5, true)?;
                        cause.write(w)
                    })*
                }
            }

            fn read(r: &mut $crate::aper::Reader<'_>) -> Result<Self, $crate::aper::AperError> {
                match r.choice("Cause", 5, true)? {
                    $($choice => $kind::read(r).map(Self::$group),)*
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

cause_group! {
    /// Transport Layer.
    CauseTransport (2) {
        /// Transport resource unavailable.
        TransportResourceUnavailable = 0,
        /// Unspecified.
        Unspecified = 1,
    }
    /// NAS.
    CauseNas (1) {
        /// Unspecified.
        Unspecified = 0,
    }
    /// Protocol.
    CauseProtocol (7) {
        /// Transfer syntax error.
        TransferSyntaxError = 0,
        /// Abstract syntax error (reject).
        AbstractSyntaxErrorReject = 1,
        /// Abstract syntax error (ignore and notify).
        AbstractSyntaxErrorIgnoreAndNotify = 2,
        /// Message not compatible with receiver state.
        MessageNotCompatibleWithReceiverState = 3,
        /// Semantic error.
        SemanticError = 4,
        /// Abstract syntax error (falsely constructed message).
        AbstractSyntaxErrorFalselyConstructedMessage = 5,
        /// Unspecified.
        Unspecified = 6,
    }
}
