//! User data header: TS 23.040 clause 9.2.3.24.

use crate::octets::Octets;

crate::codes::codes! {
    /// Identifier of an information element of the header.
    pub struct ElementId(u8) {
        /// Concatenated short messages, 8 bit reference number (clause 9.2.3.24.1).
        CONCATENATED = 0x00, "concatenated short messages, 8 bit reference";
        /// Special SMS message indication (clause 9.2.3.24.2).
        SPECIAL_MESSAGE = 0x01, "special SMS message indication";
        /// Application port addressing, 8 bit (clause 9.2.3.24.3).
        PORTS = 0x04, "application ports, 8 bit";
        /// Application port addressing, 16 bit (clause 9.2.3.24.4).
        PORTS_16 = 0x05, "application ports, 16 bit";
        /// SMSC control parameters (clause 9.2.3.24.5).
        SMSC_CONTROL = 0x06, "SMSC control parameters";
        /// UDH source indicator (clause 9.2.3.24.6).
        UDH_SOURCE = 0x07, "UDH source indicator";
        /// Concatenated short messages, 16 bit reference number (clause 9.2.3.24.8).
        CONCATENATED_16 = 0x08, "concatenated short messages, 16 bit reference";
        /// National language single shift (clause 9.2.3.24.15).
        SINGLE_SHIFT = 0x24, "national language single shift";
        /// National language locking shift (clause 9.2.3.24.16).
        LOCKING_SHIFT = 0x25, "national language locking shift";
    }
}

/// An information element.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct InformationElement {
    /// What it is.
    pub id: ElementId,
    /// Its data.
    pub data: Vec<u8>,
}

/// A header, its elements in their order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct UserDataHeader {
    /// Elements, known or not.
    pub elements: Vec<InformationElement>,
}

/// Which message a part belongs to: the reference number, of 8 or 16 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ConcatenationReference {
    /// Of 8 bits.
    Short(u8),
    /// Of 16 bits.
    Long(u16),
}

/// A part of a concatenated message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Concatenation {
    /// Which message.
    pub reference: ConcatenationReference,
    /// How many parts it has.
    pub total: u8,
    /// Which part this is, from 1 on.
    pub sequence: u8,
}

/// Application ports.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ports {
    /// Of the receiver.
    pub destination: u16,
    /// Of the sender.
    pub originator: u16,
}

impl UserDataHeader {
    /// Reads what is behind UDHL; `None`: the last element has too few octets, and the whole header is to be ignored.
    pub(crate) fn parse(octets: &[u8]) -> Option<Self> {
        let (mut octets, mut elements) = (Octets(octets), Vec::new());
        while let Some(id) = octets.octet() {
            let length = octets.octet()?;
            elements.push(InformationElement { id: ElementId(id), data: octets.take(length.into())?.to_vec() });
        }
        Some(Self { elements })
    }

    /// With UDHL in front; `None`: it is longer than any user data.
    pub(super) fn emit(&self) -> Option<Vec<u8>> {
        let mut out = vec![0];
        for element in &self.elements {
            out.extend([element.id.0, u8::try_from(element.data.len()).ok()?]);
            out.extend(&element.data);
        }
        out[0] = u8::try_from(out.len() - 1).ok()?;
        Some(out)
    }

    /// The same with another element at its end.
    #[must_use]
    pub fn with(mut self, id: ElementId, data: impl Into<Vec<u8>>) -> Self {
        self.elements.push(InformationElement { id, data: data.into() });
        self
    }

    /// The same that says which part of a message it is.
    #[must_use]
    pub fn with_concatenation(self, part: Concatenation) -> Self {
        match part.reference {
            ConcatenationReference::Short(reference) => {
                self.with(ElementId::CONCATENATED, [reference, part.total, part.sequence])
            }
            ConcatenationReference::Long(reference) => {
                let [high, low] = reference.to_be_bytes();
                self.with(ElementId::CONCATENATED_16, [high, low, part.total, part.sequence])
            }
        }
    }

    /// The same with application ports of 16 bits.
    #[must_use]
    pub fn with_ports(self, ports: Ports) -> Self {
        let data = [ports.destination.to_be_bytes(), ports.originator.to_be_bytes()].concat();
        self.with(ElementId::PORTS_16, data)
    }

    /// Which part of which message it is. Of several elements the last one that makes sense counts: a part 0, or one
    /// beyond the last, makes none.
    pub fn concatenation(&self) -> Option<Concatenation> {
        let of = |element: &InformationElement| {
            let (reference, total, sequence) = match (element.id, element.data.as_slice()) {
                (ElementId::CONCATENATED, &[reference, total, sequence]) => {
                    (ConcatenationReference::Short(reference), total, sequence)
                }
                (ElementId::CONCATENATED_16, &[high, low, total, sequence]) => {
                    (ConcatenationReference::Long(u16::from_be_bytes([high, low])), total, sequence)
                }
                _ => return None,
            };
            (1..=total).contains(&sequence).then_some(Concatenation { reference, total, sequence })
        };
        self.elements.iter().rev().find_map(of)
    }

    /// Application ports; of several the last ones count.
    pub fn ports(&self) -> Option<Ports> {
        self.elements.iter().rev().find_map(|element| match (element.id, element.data.as_slice()) {
            (ElementId::PORTS, &[destination, originator]) => {
                Some(Ports { destination: destination.into(), originator: originator.into() })
            }
            (ElementId::PORTS_16, &[a, b, c, d]) => {
                Some(Ports { destination: u16::from_be_bytes([a, b]), originator: u16::from_be_bytes([c, d]) })
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_known_and_unknown() {
        let octets = [0x00, 3, 0x42, 2, 1, 0x7E, 0, 0x05, 4, 0x0B, 0x84, 0x23, 0xF0, 0x00, 3, 0x42, 2, 3];
        let header = UserDataHeader::parse(&octets).unwrap();
        assert_eq!(header.emit().unwrap()[1..], octets);
        assert_eq!((header.elements.len(), header.elements[1].id.0), (4, 0x7E));
        // Part 3 of 2 is none: the element before counts.
        let part = Concatenation { reference: ConcatenationReference::Short(0x42), total: 2, sequence: 1 };
        assert_eq!(header.concatenation(), Some(part));
        assert_eq!(header.ports(), Some(Ports { destination: 2948, originator: 9200 }));
        assert_eq!((UserDataHeader::parse(&octets[..17]), UserDataHeader::parse(&[0])), (None, None));
    }

    #[test]
    fn the_last_of_several_counts() {
        let part = |reference| Concatenation { reference, total: 3, sequence: 3 };
        let (short, long) = (part(ConcatenationReference::Short(7)), part(ConcatenationReference::Long(0x1234)));
        let header = UserDataHeader::default().with_concatenation(short).with_concatenation(long);
        assert_eq!(header.emit().unwrap(), [11, 0, 3, 7, 3, 3, 8, 4, 0x12, 0x34, 3, 3]);
        assert_eq!(header.concatenation(), Some(long));
        assert_eq!(UserDataHeader::default().with(ElementId::CONCATENATED, [1, 0, 0]).concatenation(), None);
        assert_eq!(UserDataHeader::default().with(ElementId(9), vec![0; 256]).emit(), None);
    }
}
