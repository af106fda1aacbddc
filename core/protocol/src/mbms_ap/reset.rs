//! Reset and its acknowledgement: TS 36.443 and TS 36.444 clause 9.3.5.

use std::marker::PhantomData;

use super::lists::{Item, read_ie, write_ie};
use super::pdu::Criticality;
use crate::aper::{Aper, AperError, Codec, Reader, Writer};

/// Reset Type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResetType<C> {
    /// The interface: all sessions.
    All,
    /// Part of the interface: these, one at least.
    Part(Vec<C>),
}

impl<C: Item> Aper for ResetType<C> {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.choice("ResetType", u64::from(!matches!(self, Self::All)), 2, true)?;
        match self {
            Self::All => w.choice("ResetAll", 0, 1, true),
            Self::Part(connections) => connections.write(w),
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        match r.choice("ResetType", 2, true)? {
            0 => match r.choice("ResetAll", 1, true)? {
                0 => Ok(Self::All),
                _ => Err(AperError::Undefined("ResetAll")),
            },
            1 => Vec::read(r).map(Self::Part),
            _ => Err(AperError::Undefined("ResetType")),
        }
    }
}

/// The list of a Reset Acknowledge, whose items may be ignored.
#[derive(Debug)]
pub(crate) struct Acknowledged<C>(PhantomData<C>);

impl<C: Connection> Codec<Vec<C>> for Acknowledged<C> {
    fn write(value: &Vec<C>, w: &mut Writer) -> Result<(), AperError> {
        w.integer(C::LIST, value.len() as u64, C::LEAST, C::MOST)?;
        value.iter().try_for_each(|item| write_ie(w, C::ID, Criticality::Ignore, item))
    }

    fn read(r: &mut Reader<'_>) -> Result<Vec<C>, AperError> {
        let count = r.count(C::LIST, C::LEAST, C::MOST)?;
        (0..count).map(|_| read_ie(r, C::ID)).collect()
    }
}

/// A logical connection of a session.
pub(crate) trait Connection: Item {
    /// IE of its item.
    const ID: u16;
}

/// The connection of a session by the ids of both ends, in the order of the ASN.1.
macro_rules! connection {
    ($(#[$doc:meta])* $name:ident, $list:literal, $ie:literal {
        $($(#[$id_doc:meta])* $id:ident: $kind:ident,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
        pub struct $name {
            $($(#[$id_doc])* pub $id: Option<$kind>,)*
        }

        impl $crate::aper::Aper for $name {
            fn write(&self, w: &mut $crate::aper::Writer) -> Result<(), $crate::aper::AperError> {
                w.preamble(true, &[$(self.$id.is_some(),)* false]);
                $(self.$id.map_or(Ok(()), |id| id.write(w))?;)*
                Ok(())
            }

            fn read(r: &mut $crate::aper::Reader<'_>) -> Result<Self, $crate::aper::AperError> {
                let (additions, [$($id,)* extensions]) = r.preamble(true)?;
                $(let $id = $id.then(|| $kind::read(r)).transpose()?;)*
                $crate::mbms_ap::Extensions::skip(r, extensions)?;
                r.skip_additions(additions)?;
                Ok(Self { $($id,)* })
            }
        }

        impl $crate::mbms_ap::Item for $name {
            const LIST: &'static str = $list;
            const LEAST: u64 = 1;
            const MOST: u64 = 256;
            const IE: Option<(u16, $crate::mbms_ap::Criticality)> = Some(($ie, $crate::mbms_ap::Criticality::Reject));
        }

        impl $crate::mbms_ap::Connection for $name {
            const ID: u16 = $ie;
        }
    };
}
pub(crate) use connection;
