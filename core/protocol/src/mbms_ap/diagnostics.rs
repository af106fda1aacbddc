//! Criticality Diagnostics: TS 36.443 and TS 36.444 clause 9.3.5.

use super::ie::Extensions;
use super::macros::enumerated;
use super::pdu::{Criticality, TriggeringMessage};
use crate::aper::{Aper, AperError, Reader, Writer};

enumerated! {
    /// Type Of Error.
    TypeOfError (2, ...) {
        /// Not understood.
        NotUnderstood = 0,
        /// Missing.
        Missing = 1,
    }
}

/// An IE that was not understood or is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IeDiagnostic {
    /// IE Criticality.
    pub criticality: Criticality,
    /// IE ID.
    pub id: u16,
    /// Type Of Error.
    pub error: TypeOfError,
}

/// Criticality Diagnostics: what in a message was not understood.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CriticalityDiagnostics {
    /// Procedure Code.
    pub procedure: Option<u8>,
    /// Triggering Message.
    pub triggering: Option<TriggeringMessage>,
    /// Procedure Criticality.
    pub procedure_criticality: Option<Criticality>,
    /// Information Element Criticality Diagnostics.
    pub ies: Vec<IeDiagnostic>,
}

impl CriticalityDiagnostics {
    /// maxnooferrors.
    pub const MAX_IES: usize = 256;
}

impl Aper for CriticalityDiagnostics {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        let there = [
            self.procedure.is_some(),
            self.triggering.is_some(),
            self.procedure_criticality.is_some(),
            !self.ies.is_empty(),
            false,
        ];
        w.preamble(true, &there);
        if let Some(procedure) = self.procedure {
            w.integer("procedureCode", procedure.into(), 0, 255)?;
        }
        if let Some(triggering) = self.triggering {
            triggering.write(w)?;
        }
        if let Some(criticality) = self.procedure_criticality {
            criticality.write(w)?;
        }
        if self.ies.is_empty() {
            return Ok(());
        }
        w.count("iEsCriticalityDiagnostics", self.ies.len(), 1, Self::MAX_IES as u64)?;
        for ie in &self.ies {
            w.preamble(true, &[false]);
            ie.criticality.write(w)?;
            w.integer("iE-ID", ie.id.into(), 0, 65_535)?;
            ie.error.write(w)?;
        }
        Ok(())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (additions, [procedure, triggering, criticality, ies, extensions]) = r.preamble(true)?;
        let mut read = Self {
            procedure: procedure.then(|| r.integer("procedureCode", 0, 255)).transpose()?.map(|code| code as u8),
            triggering: triggering.then(|| TriggeringMessage::read(r)).transpose()?,
            procedure_criticality: criticality.then(|| Criticality::read(r)).transpose()?,
            ies: Vec::new(),
        };
        if ies {
            for _ in 0..r.count("iEsCriticalityDiagnostics", 1, Self::MAX_IES as u64)? {
                let (additions, [extensions]) = r.preamble(true)?;
                let criticality = Criticality::read(r)?;
                let id = r.integer("iE-ID", 0, 65_535)? as u16;
                read.ies.push(IeDiagnostic { criticality, id, error: TypeOfError::read(r)? });
                Extensions::skip(r, extensions)?;
                r.skip_additions(additions)?;
            }
        }
        Extensions::skip(r, extensions)?;
        r.skip_additions(additions)?;
        Ok(read)
    }
}
