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
    /// AVX-512 of x86-64 (F, BW, DQ, VL): lanes of 512 bits where a kernel gains by them, else its AVX2 code.
    Avx512,
}

impl Isa {
    /// Every instruction set there is an implementation for, slowest first.
    pub const ALL: [Self; 3] = [Self::Scalar, Self::Avx2, Self::Avx512];

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
            Self::Avx2 | Self::Avx512 => !matches!(self.kernels(), Kernels::Scalar),
        }
    }

    /// The name used in test and bench identifiers, in configuration and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// What planned objects keep to choose their kernels by.
    pub(crate) fn kernels(self) -> Kernels {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if has_avx2() => Kernels::Avx2(Avx2(())),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if has_avx2() && has_avx512() => Kernels::Avx512(Avx512(())),
            _ => Kernels::Scalar,
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

/// Which kernels a planned object runs; see [`run_kernel`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kernels {
    /// Portable Rust.
    Scalar,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// AVX-512 as well.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

/// Exists only where the processor has AVX2 and FMA: made by [`Isa::kernels`] alone.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

/// Exists only where the processor has AVX2, FMA and AVX-512 F, BW, DQ and VL: made by [`Isa::kernels`] alone.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512(());

/// `run_kernel!(kernels, name(arguments))` calls the function `name` of the module `scalar`, `avx2` or `avx512` beside the caller;
/// with a constant: `run_kernel!(kernels, name::<N>(arguments))`.
macro_rules! run_kernel {
    ($kernels:expr, $name:ident $(::<$constant:tt>)? ($($argument:expr),* $(,)?)) => {
        match $kernels {
            $crate::isa::Kernels::Scalar => scalar::$name $(::<$constant>)? ($($argument),*),
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the variant is there only if the processor has what the function enables")]
            $crate::isa::Kernels::Avx2(_) => unsafe { avx2::$name $(::<$constant>)? ($($argument),*) },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the variant is there only if the processor has what the function enables")]
            $crate::isa::Kernels::Avx512(_) => unsafe { avx512::$name $(::<$constant>)? ($($argument),*) },
        }
    };
}
pub(crate) use run_kernel;

/// `compile_for_lanes! { fn name(argument: Type); ... }` makes the modules `avx2` and `avx512` beside the caller: functions of
/// the module `scalar`, which have to be `#[inline(always)]`, compiled again with all that these instruction sets offer. The
/// compiler changes neither the order of floating point operations nor contracts them, hence the same results.
macro_rules! compile_for_lanes {
    ($($functions:tt)*) => {
        $crate::isa::compile_for!(avx2, "avx2,fma", $($functions)*);
        $crate::isa::compile_for!(avx512, "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl", $($functions)*);
    };
}
pub(crate) use compile_for_lanes;

/// One module of [`compile_for_lanes`].
macro_rules! compile_for {
    ($module:ident, $features:literal,
        $(fn $name:ident $(<const $constant:ident: usize>)? ($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        #[cfg(target_arch = "x86_64")]
        mod $module {
            use super::*;
            $(
                #[target_feature(enable = $features)]
                pub(super) fn $name $(<const $constant: usize>)? ($($argument: $type),*) $(-> $result)? {
                    scalar::$name $(::<$constant>)? ($($argument),*)
                }
            )*
        }
    };
}
pub(crate) use compile_for;

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
        assert_eq!(error.to_string(), "unknown instruction set \"mmx\": known are scalar, avx2, avx512");
    }

    #[test]
    fn the_fastest_is_one_that_this_machine_has() {
        assert!(Isa::fastest().is_available() && Isa::Scalar.is_available());
        assert_eq!(Isa::available().next(), Some(Isa::Scalar));
    }
}
