//! Rigs that the program brings along, by name.

use std::path::Path;

use super::{LoadRigError, Rig};

/// Names of the rigs that are shipped, and their files.
pub const SHIPPED_RIGS: [(&str, &str); 4] = [
    ("sim", include_str!("../../../fixtures/rigs/simulated.toml")),
    ("soapy-loop", include_str!("../../../fixtures/rigs/soapy_loop.toml")),
    ("sigmf", include_str!("../../../fixtures/rigs/sigmf.toml")),
    ("zmq", include_str!("../../../fixtures/rigs/zmq.toml")),
];

impl Rig {
    /// The rig that the command line names: a shipped one, or a file.
    ///
    /// # Errors
    /// As [`Rig::load`].
    pub fn find(name_or_file: &Path) -> Result<Self, LoadRigError> {
        match SHIPPED_RIGS.iter().find(|(name, _)| Path::new(name) == name_or_file) {
            Some((name, text)) => Ok(Self::parse(Path::new(name), text)?),
            None => Self::load(name_or_file),
        }
    }
}

/// Names of the shipped rigs, for messages.
pub(super) fn names() -> String {
    SHIPPED_RIGS.map(|(name, _)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_rigs_are_found_by_name_and_others_by_file() {
        for (name, file) in
            [("sim", "simulated.toml"), ("soapy-loop", "soapy_loop.toml"), ("sigmf", "sigmf.toml"), ("zmq", "zmq.toml")]
        {
            assert_eq!(Rig::find(Path::new(name)).unwrap(), Rig::load(&fixtures::rig(file)).unwrap(), "{name}");
        }
        assert_eq!(Rig::find(&fixtures::rig("simulated.toml")).unwrap(), Rig::default());
        let error = Rig::find(Path::new("soapyloop")).unwrap_err().to_string();
        assert!(error.ends_with("shipped rigs: sim, soapy-loop, sigmf, zmq"), "{error}");
    }
}
