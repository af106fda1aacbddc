//! Instruction sets that a signal processing kernel can be planned for.

use std::fmt;
use std::str::FromStr;

/// The instruction set of a planned object, chosen once when it is planned; tests and benches force it by name.
///
/// All give the same results, bit for bit. What is planned for one that the machine lacks runs the scalar code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Isa {
    /// Portable Rust without intrinsics: the oracle that every other implementation is held against.
    Scalar,
    /// AVX2 of x86-64: 256-bit integer lanes.
    Avx2,
}

impl Isa {
    /// Every instruction set there is an implementation for, slowest first.
    pub const ALL: [Self; 2] = [Self::Scalar, Self::Avx2];

    /// Those of them that this machine can run.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|isa| isa.is_available())
    }

    /// The fastest one that this machine can run.
    #[must_use]
    pub fn fastest() -> Self {
        Self::available().last().unwrap_or(Self::Scalar)
    }

    /// Whether this machine can run it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            Self::Avx2 => !matches!(self.kernels(), Kernels::Scalar),
        }
    }

    /// The name used in test and bench identifiers, in configuration and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
        }
    }

    /// What planned objects keep to choose their kernels by.
    pub(crate) fn kernels(self) -> Kernels {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") => {
                Kernels::Avx2(Avx2(()))
            }
            _ => Kernels::Scalar,
        }
    }
}

/// Which kernels a planned object runs; see [`run_kernel`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kernels {
    /// Portable Rust.
    Scalar,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
}

/// Exists only where the processor has AVX2 and FMA: made by [`Isa::kernels`] alone.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

/// `run_kernel!(kernels, name(arguments))` calls the function `name` of the module `scalar` or `avx2` beside the caller;
/// with a constant: `run_kernel!(kernels, name::<N>(arguments))`.
macro_rules! run_kernel {
    ($kernels:expr, $name:ident $(::<$constant:tt>)? ($($argument:expr),* $(,)?)) => {
        match $kernels {
            $crate::isa::Kernels::Scalar => scalar::$name $(::<$constant>)? ($($argument),*),
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the variant is there only if the processor has what the function enables")]
            $crate::isa::Kernels::Avx2(_) => unsafe { avx2::$name $(::<$constant>)? ($($argument),*) },
        }
    };
}
pub(crate) use run_kernel;

/// `compile_for_avx2! { fn name(argument: Type); ... }` makes the module `avx2` beside the caller: functions of the module
/// `scalar`, which have to be `#[inline(always)]`, compiled again with all that AVX2 and FMA offer. The compiler changes
/// neither the order of floating point operations nor contracts them, hence the same results.
macro_rules! compile_for_avx2 {
    ($(fn $name:ident $(<const $constant:ident: usize>)? ($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        #[cfg(target_arch = "x86_64")]
        mod avx2 {
            use super::*;
            $(
                #[target_feature(enable = "avx2,fma")]
                pub(super) fn $name $(<const $constant: usize>)? ($($argument: $type),*) $(-> $result)? {
                    scalar::$name $(::<$constant>)? ($($argument),*)
                }
            )*
        }
    };
}
pub(crate) use compile_for_avx2;

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
        assert_eq!(error.to_string(), "unknown instruction set \"mmx\": known are scalar, avx2");
    }

    #[test]
    fn the_fastest_is_one_that_this_machine_has() {
        assert!(Isa::fastest().is_available() && Isa::Scalar.is_available());
        assert_eq!(Isa::available().next(), Some(Isa::Scalar));
    }
}
