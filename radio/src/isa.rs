//! Instruction sets that a signal processing kernel can be planned for.

use std::fmt;
use std::str::FromStr;

/// The instruction set of a planned object, chosen once when it is planned; tests and benches force it by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Isa {
    /// Portable Rust without intrinsics: the oracle that every other implementation is held against.
    Scalar,
}

impl Isa {
    /// Every instruction set there is an implementation for, slowest first.
    pub const ALL: [Self; 1] = [Self::Scalar];

    /// The fastest one that this machine can run.
    #[must_use]
    pub const fn fastest() -> Self {
        Self::Scalar
    }

    /// The name used in test and bench identifiers, in configuration and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
        }
    }
}

impl Default for Isa {
    fn default() -> Self {
        Self::fastest()
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Isa {
    type Err = UnknownIsa;

    fn from_str(name: &str) -> Result<Self, UnknownIsa> {
        Self::ALL.into_iter().find(|isa| isa.name() == name).ok_or_else(|| UnknownIsa { name: name.to_owned() })
    }
}

/// A name that stands for no implemented instruction set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown instruction set {name:?}: known are {}", Isa::ALL.map(Isa::name).join(", "))]
pub struct UnknownIsa {
    /// The name that was asked for.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for isa in Isa::ALL {
            assert_eq!(isa.name().parse(), Ok(isa));
        }
        let error = "mmx".parse::<Isa>().unwrap_err();
        assert_eq!(error.to_string(), "unknown instruction set \"mmx\": known are scalar");
    }
}
