//! PDUs and containers of IEs: TS 36.443 and TS 36.444 clauses 9.3.3 and 9.3.8; what is not understood: clause 10.3.

use super::diagnostics::{CriticalityDiagnostics, IeDiagnostic, TypeOfError};
use super::macros::enumerated;
use crate::aper::{Aper, AperError, Codec, Reader, Writer};

enumerated! {
    /// Criticality (clause 10.3.2): what who does not understand it does.
    Criticality (3) {
        /// Reject the procedure, tell it.
        Reject = 0,
        /// Go on without it.
        Ignore = 1,
        /// Go on without it, tell it.
        Notify = 2,
    }
}

enumerated! {
    /// Triggering Message: which of the messages of a procedure.
    TriggeringMessage (3) {
        /// Initiating message.
        Initiating = 0,
        /// Successful outcome.
        Successful = 1,
        /// Unsuccessful outcome.
        Unsuccessful = 2,
    }
}

/// IEs that are taken from one container: no message has more than a dozen that are known.
const MAX_IES: usize = 4096;

/// What a PDU starts with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PduHeader {
    pub(crate) triggering: TriggeringMessage,
    pub(crate) procedure: u8,
    pub(crate) criticality: Criticality,
}

impl PduHeader {
    /// The whole PDU.
    pub(crate) fn emit(&self, body: impl FnOnce(&mut Writer) -> Result<(), AperError>) -> Result<Vec<u8>, AperError> {
        // A message is a SEQUENCE with an extension marker around the container.
        let body = Writer::with(|w| {
            w.preamble(true, &[]);
            body(w)
        })?;
        Writer::with(|w| {
            w.choice("PDU", self.triggering as u64, 3, true)?;
            w.integer("procedureCode", self.procedure.into(), 0, 255)?;
            self.criticality.write(w)?;
            w.string(&body)
        })
    }

    /// The header and the octets of the message in it.
    pub(crate) fn parse(octets: &[u8]) -> Result<(Self, &[u8]), AperError> {
        let r = &mut Reader::new(octets);
        let triggering = match r.choice("PDU", 3, true)? {
            0 => TriggeringMessage::Initiating,
            1 => TriggeringMessage::Successful,
            2 => TriggeringMessage::Unsuccessful,
            _ => return Err(AperError::Undefined("PDU")),
        };
        let procedure = r.integer("procedureCode", 0, 255)? as u8;
        let criticality = Criticality::read(r)?;
        Ok((Self { triggering, procedure, criticality }, r.string()?))
    }

    pub(crate) fn diagnostics(&self) -> CriticalityDiagnostics {
        CriticalityDiagnostics {
            procedure: Some(self.procedure),
            triggering: Some(self.triggering),
            procedure_criticality: Some(self.criticality),
            ies: Vec::new(),
        }
    }
}

/// IEs of a container on their way out.
#[derive(Debug, Default)]
pub(crate) struct Ies(Vec<(u16, Criticality, Vec<u8>)>);

impl Ies {
    pub(crate) fn put<T, C: Codec<T>>(
        &mut self,
        id: u16,
        criticality: Criticality,
        value: &T,
    ) -> Result<(), AperError> {
        self.0.push((id, criticality, Writer::with(|w| C::write(value, w))?));
        Ok(())
    }
}

/// ProtocolIE-Container.
pub(crate) fn write_ies(w: &mut Writer, ies: &Ies) -> Result<(), AperError> {
    w.integer("protocolIEs", ies.0.len() as u64, 0, 65_535)?;
    for (id, criticality, octets) in &ies.0 {
        w.integer("id", (*id).into(), 0, 65_535)?;
        criticality.write(w)?;
        w.string(octets)?;
    }
    Ok(())
}

/// IEs of a container on their way in: each is taken once, in the order of the table.
#[derive(Debug)]
pub(crate) struct IesRead<'a> {
    ies: Vec<(u16, Criticality, &'a [u8])>,
    next: usize,
}

/// ProtocolIE-Container.
pub(crate) fn read_ies<'a>(r: &mut Reader<'a>) -> Result<IesRead<'a>, AperError> {
    let number = r.integer("protocolIEs", 0, 65_535)? as usize;
    if number > MAX_IES {
        return Err(AperError::TooLong);
    }
    let mut ies = Vec::new();
    for _ in 0..number {
        let id = r.integer("id", 0, 65_535)? as u16;
        ies.push((id, Criticality::read(r)?, r.string()?));
    }
    Ok(IesRead { ies, next: 0 })
}

/// An IE that is not there, or that nobody here knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct IeProblem {
    pub(crate) id: u16,
    pub(crate) criticality: Criticality,
    pub(crate) kind: IeProblemKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IeProblemKind {
    /// It has to be there (clause 10.3.5).
    Missing,
    /// It is not known (clause 10.3.4.2).
    NotUnderstood,
    /// It is there twice or not in its place (clause 10.3.6).
    OutOfOrder,
    /// Its octets cannot be read (clause 10.2).
    Unreadable(AperError),
}

impl IesRead<'_> {
    /// The value of the next IE of the table. IEs that are not in the table at all are walked over here and told at the end.
    pub(crate) fn take<T, C: Codec<T>>(&mut self, id: u16, known: &[u16]) -> Result<Option<T>, IeProblem> {
        while self.ies.get(self.next).is_some_and(|(found, ..)| !known.contains(found)) {
            self.next += 1;
        }
        let Some(&(_, criticality, octets)) = self.ies.get(self.next).filter(|(found, ..)| *found == id) else {
            // Somewhere else in the container: clause 10.3.6.
            let elsewhere = self.ies.iter().find(|(found, ..)| *found == id);
            return elsewhere.map_or(Ok(None), |&(id, criticality, _)| {
                Err(IeProblem { id, criticality, kind: IeProblemKind::OutOfOrder })
            });
        };
        self.next += 1;
        let wrong = |error| IeProblem { id, criticality, kind: IeProblemKind::Unreadable(error) };
        C::read(&mut Reader::new(octets)).map(Some).map_err(wrong)
    }

    /// After the last one: those that are not known and have to be told, or why the message is refused.
    pub(crate) fn end(&self, known: &[u16]) -> Result<Vec<IeDiagnostic>, IeProblem> {
        if let Some(&(id, criticality, _)) = self.ies[self.next..].iter().find(|(id, ..)| known.contains(id)) {
            return Err(IeProblem { id, criticality, kind: IeProblemKind::OutOfOrder });
        }
        let unknown = self.ies.iter().filter(|(id, ..)| !known.contains(id));
        let mut told = Vec::new();
        for &(id, criticality, _) in unknown {
            match criticality {
                Criticality::Reject => return Err(IeProblem { id, criticality, kind: IeProblemKind::NotUnderstood }),
                Criticality::Notify if told.len() < CriticalityDiagnostics::MAX_IES => {
                    told.push(IeDiagnostic { criticality, id, error: TypeOfError::NotUnderstood });
                }
                Criticality::Notify | Criticality::Ignore => {}
            }
        }
        Ok(told)
    }
}
