//! The tables of M2AP and M3AP in the words of their ASN.1.

/// ENUMERATED: the number of values of the root, `...` when it has an extension marker. Values that are not here are an error.
macro_rules! enumerated {
    ($(#[$doc:meta])* $name:ident ($root:literal $(, $extensible:tt)?) {
        $($(#[$value_doc:meta])* $value:ident = $number:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum $name {
            $($(#[$value_doc])* $value = $number,)*
        }

        impl $crate::aper::Aper for $name {
            fn write(&self, w: &mut $crate::aper::Writer) -> Result<(), $crate::aper::AperError> {
                w.choice(stringify!($name), *self as u64, $root, $crate::mbms_ap::enumerated!(@extensible $($extensible)?))
            }

            fn read(r: &mut $crate::aper::Reader<'_>) -> Result<Self, $crate::aper::AperError> {
                match r.choice(stringify!($name), $root, $crate::mbms_ap::enumerated!(@extensible $($extensible)?))? {
                    $($number => Ok(Self::$value),)*
                    _ => Err($crate::aper::AperError::Undefined(stringify!($name))),
                }
            }
        }
    };
    (@extensible) => { false };
    (@extensible $dots:tt) => { true };
}
pub(crate) use enumerated;

/// INTEGER with bounds, each a type of its own.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident($kind:ident) $asn1:literal $low:literal to $high:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
            pub struct $name(pub $kind);

            impl $crate::aper::Aper for $name {
                fn write(&self, w: &mut $crate::aper::Writer) -> Result<(), $crate::aper::AperError> {
                    w.integer($asn1, self.0.into(), $low, $high)
                }

                fn read(r: &mut $crate::aper::Reader<'_>) -> Result<Self, $crate::aper::AperError> {
                    r.integer($asn1, $low, $high).map(|value| Self(value as $kind))
                }
            }
        )*
    };
}
pub(crate) use numbers;

/// SEQUENCE with an extension marker, whose components are all mandatory, and iE-Extensions without one that is known.
macro_rules! sequence {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, PartialEq, Eq, Debug)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $kind,)*
            }

            impl $crate::aper::Aper for $name {
                fn write(&self, w: &mut $crate::aper::Writer) -> Result<(), $crate::aper::AperError> {
                    w.preamble(true, &[false]);
                    $(self.$field.write(w)?;)*
                    Ok(())
                }

                fn read(r: &mut $crate::aper::Reader<'_>) -> Result<Self, $crate::aper::AperError> {
                    let (additions, [extensions]) = r.preamble(true)?;
                    $(let $field = <$kind as $crate::aper::Aper>::read(r)?;)*
                    $crate::mbms_ap::Extensions::skip(r, extensions)?;
                    r.skip_additions(additions)?;
                    Ok(Self { $($field,)* })
                }
            }
        )*
    };
}
pub(crate) use sequence;

macro_rules! field_type {
    (mandatory $kind:ty) => { $kind };
    (optional $kind:ty) => { Option<$kind> };
}
pub(crate) use field_type;

/// Messages: their IEs with id, criticality and presence, in the order of the ASN.1.
macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident { $(
        $(#[$field_doc:meta])* $field:ident: $kind:ty $(as $codec:ty)? = $id:literal $criticality:ident $presence:ident,
    )* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, PartialEq, Eq, Debug)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $crate::mbms_ap::field_type!($presence $kind),)*
            }

            impl $name {
                const IES: &[u16] = &[$($id,)*];

                fn ies(&self) -> Result<$crate::mbms_ap::Ies, $crate::aper::AperError> {
                    let mut ies = $crate::mbms_ap::Ies::default();
                    $($crate::mbms_ap::messages!(@put $presence ies, self.$field, $id, $criticality, $kind $(as $codec)?);)*
                    Ok(ies)
                }

                fn of(
                    ies: &mut $crate::mbms_ap::IesRead<'_>,
                ) -> Result<(Self, Vec<$crate::mbms_ap::IeDiagnostic>), $crate::mbms_ap::IeProblem> {
                    $(let $field = $crate::mbms_ap::messages!(@take $presence ies, $id, $criticality, $kind $(as $codec)?);)*
                    let told = ies.end(Self::IES)?;
                    Ok((Self { $($field,)* }, told))
                }
            }
        )*
    };
    (@put mandatory $ies:ident, $value:expr, $id:literal, $criticality:ident, $kind:ty $(as $codec:ty)?) => {
        $ies.put::<$kind, $crate::mbms_ap::messages!(@codec $($codec)?)>(
            $id,
            $crate::mbms_ap::Criticality::$criticality,
            &$value,
        )?
    };
    (@put optional $ies:ident, $value:expr, $id:literal, $criticality:ident, $kind:ty $(as $codec:ty)?) => {
        if let Some(value) = &$value {
            $ies.put::<$kind, $crate::mbms_ap::messages!(@codec $($codec)?)>(
                $id,
                $crate::mbms_ap::Criticality::$criticality,
                value,
            )?;
        }
    };
    (@take optional $ies:ident, $id:literal, $criticality:ident, $kind:ty $(as $codec:ty)?) => {
        $ies.take::<$kind, $crate::mbms_ap::messages!(@codec $($codec)?)>($id, Self::IES)?
    };
    (@take mandatory $ies:ident, $id:literal, $criticality:ident, $kind:ty $(as $codec:ty)?) => {
        $ies.take::<$kind, $crate::mbms_ap::messages!(@codec $($codec)?)>($id, Self::IES)?.ok_or(
            $crate::mbms_ap::IeProblem {
                id: $id,
                criticality: $crate::mbms_ap::Criticality::$criticality,
                kind: $crate::mbms_ap::IeProblemKind::Missing,
            },
        )?
    };
    (@codec) => { $crate::aper::Own };
    (@codec $codec:ty) => { $codec };
}
pub(crate) use messages;

/// The PDUs of a protocol: procedure code, which message of the procedure, criticality.
macro_rules! pdu {
    ($(#[$doc:meta])* $name:ident { $($message:ident = $code:literal $triggering:ident $criticality:ident $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum $name {
            $(#[doc = concat!($text, ".")] $message($message),)*
        }

        impl $name {
            /// Name of the message as the standard has it.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$message(_) => $text,)*
                }
            }

            /// Procedure code, and which of the messages of the procedure it is.
            pub const fn procedure(&self) -> (u8, $crate::mbms_ap::TriggeringMessage) {
                match self {
                    $(Self::$message(_) => ($code, $crate::mbms_ap::TriggeringMessage::$triggering),)*
                }
            }

            /// The octets of one SCTP user message. Fails when a value is out of the range of its IE.
            pub fn emit(&self) -> Result<Vec<u8>, $crate::mbms_ap::AperError> {
                match self {
                    $(Self::$message(message) => {
                        let ies = message.ies()?;
                        $crate::mbms_ap::PduHeader {
                            triggering: $crate::mbms_ap::TriggeringMessage::$triggering,
                            procedure: $code,
                            criticality: $crate::mbms_ap::Criticality::$criticality,
                        }
                        .emit(|w| $crate::mbms_ap::write_ies(w, &ies))
                    })*
                }
            }

            /// Reads one SCTP user message.
            pub fn parse(octets: &[u8]) -> Result<Self, $crate::mbms_ap::ApError> {
                Self::parse_with_diagnostics(octets).map(|(pdu, _)| pdu)
            }

            /// Reads one SCTP user message, and what in it was not understood and has to be told (clause 10.3.4.2, criticality
            /// notify): it goes into the answer, or into an Error Indication.
            pub fn parse_with_diagnostics(
                octets: &[u8],
            ) -> Result<(Self, Option<$crate::mbms_ap::CriticalityDiagnostics>), $crate::mbms_ap::ApError> {
                use $crate::mbms_ap::{ApError, PduHeader, TriggeringMessage, read_ies};
                let (header, body) = PduHeader::parse(octets).map_err(ApError::unreadable)?;
                let parsed = (|| match (header.procedure, header.triggering) {
                    $(($code, TriggeringMessage::$triggering) => {
                        let mut r = $crate::aper::Reader::new(body);
                        let (_, []) = r.preamble(true).map_err(|error| ApError::body(error, header))?;
                        let mut ies = read_ies(&mut r).map_err(|error| ApError::body(error, header))?;
                        let (message, told) = $message::of(&mut ies).map_err(|ie| ApError::of_ie(ie, header))?;
                        Ok((Self::$message(message), told))
                    })*
                    _ => Err(ApError::procedure(header)),
                })();
                // Clause 8.x, Error Indication: none about an Error Indication.
                let (pdu, told) = parsed.map_err(|mut error| {
                    error.may_tell = (header.procedure, header.triggering) != Self::ERROR_INDICATION;
                    error
                })?;
                let diagnostics = $crate::mbms_ap::CriticalityDiagnostics { ies: told, ..header.diagnostics() };
                let diagnostics = (!diagnostics.ies.is_empty()).then_some(diagnostics);
                Ok((pdu, diagnostics))
            }

            /// The Error Indication about a message that was not processed; none when its sender did not want to know
            /// (clause 10.3), or when it was one itself.
            pub fn error_indication(error: &$crate::mbms_ap::ApError) -> Option<Self> {
                if !error.may_tell || error.criticality == $crate::mbms_ap::Criticality::Ignore {
                    return None;
                }
                let mut indication = ErrorIndication::new();
                indication.cause = Some(error.into());
                let known = error.diagnostics != $crate::mbms_ap::CriticalityDiagnostics::default();
                indication.diagnostics = known.then(|| error.diagnostics.clone());
                Some(Self::ErrorIndication(indication))
            }
        }
    };
}
pub(crate) use pdu;
