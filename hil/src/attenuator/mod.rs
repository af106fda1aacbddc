//! Step attenuators: at maximum when they are opened, and again when they are let go.

mod config;

use std::fs;

pub use config::{AttenuatorConfig, AttenuatorKind};

use crate::instrument::{InstrumentError, command_and_query, http_get, number, run_shell};

/// A step attenuator.
///
/// It is at its maximum from [`Attenuator::open`] on, and again after it was dropped. A process that is killed cannot do
/// that; the guardian of its lease does.
#[derive(Debug)]
pub struct Attenuator {
    config: AttenuatorConfig,
    db: f64,
}

/// An attenuator that could not be set.
#[derive(Debug, thiserror::Error)]
#[error("attenuator {name}: {why}")]
pub struct AttenuatorError {
    /// Its name in the rig.
    pub name: String,
    /// What went wrong.
    pub why: String,
}

impl Attenuator {
    /// Puts an attenuator to its maximum and takes it over.
    ///
    /// # Errors
    /// It cannot be reached, or does not do it.
    pub fn open(config: AttenuatorConfig) -> Result<Self, AttenuatorError> {
        let db = config.set_maximum()?;
        Ok(Self { config, db })
    }

    /// Sets an attenuation, rounded up to the next step, and gives what it is then.
    ///
    /// # Errors
    /// It is out of range, the attenuator cannot be reached or says something else than it was told.
    pub fn set_db(&mut self, db: f64) -> Result<f64, AttenuatorError> {
        self.db = self.config.set_db(db)?;
        Ok(self.db)
    }

    /// Sets the highest attenuation that there is.
    ///
    /// # Errors
    /// As [`Attenuator::set_db`].
    pub fn set_maximum(&mut self) -> Result<f64, AttenuatorError> {
        self.set_db(self.config.max_db)
    }

    /// What was set last, dB.
    #[must_use]
    pub const fn db(&self) -> f64 {
        self.db
    }

    /// What it is and where.
    #[must_use]
    pub const fn config(&self) -> &AttenuatorConfig {
        &self.config
    }
}

impl Drop for Attenuator {
    fn drop(&mut self) {
        // Nobody can be told here; the guardian does it again and says what it could not do.
        let _ = self.set_maximum();
    }
}

impl AttenuatorConfig {
    /// Puts it to its maximum, whoever has it.
    ///
    /// # Errors
    /// It cannot be reached, or does not do it.
    pub fn set_maximum(&self) -> Result<f64, AttenuatorError> {
        self.set_db(self.max_db)
    }

    fn error(&self, why: impl ToString) -> AttenuatorError {
        AttenuatorError { name: self.name.clone(), why: why.to_string() }
    }

    fn set_db(&self, db: f64) -> Result<f64, AttenuatorError> {
        if !(0.0..=self.max_db).contains(&db) {
            return Err(self.error(format!("{db} dB is not in 0 to {} dB", self.max_db)));
        }
        // More rather than less; a step that floating point has missed by a hair is no step more.
        let db = ((db / self.step_db - 1e-6).ceil() * self.step_db).min(self.max_db);
        let Some(is) = self.apply(db).map_err(|e| self.error(e))? else { return Ok(db) };
        if !self.close(is, db) {
            return Err(self.error(format!("told {db} dB, says {is} dB")));
        }
        Ok(is)
    }

    fn close(&self, is: f64, db: f64) -> bool {
        (is - db).abs() <= self.step_db / 2.0
    }

    /// Tells it, and gives what it says then; `None` where it cannot be asked.
    fn apply(&self, db: f64) -> Result<Option<f64>, InstrumentError> {
        let (place, answer) = match &self.kind {
            AttenuatorKind::Scpi { address, set, query } => {
                let wanted = |answer: &str| number(answer).is_some_and(|is| self.close(is, db));
                let answer = command_and_query(address, &fill(set, db), query.as_deref(), wanted)?;
                (address.clone(), answer)
            }
            AttenuatorKind::MiniCircuits { address, channel } => {
                let of = |one: String, channels: &str| channel.map_or(one, |n| format!("/:CHAN:{n}:{channels}"));
                let set = of(format!("/:SETATT={db}"), &format!("SETATT:{db}"));
                match http_get(address, &set)?.as_str() {
                    "1" => {}
                    "2" => return Err(InstrumentError::new(address, format!("{db} dB is more than it has"))),
                    other => return Err(InstrumentError::new(address, format!("refused {set}: {other:?}"))),
                }
                (address.clone(), Some(http_get(address, &of("/:ATT?".into(), "ATT?"))?))
            }
            AttenuatorKind::Command { set, query } => {
                run_shell(&fill(set, db))?;
                (set.clone(), query.as_deref().map(run_shell).transpose()?)
            }
            AttenuatorKind::Simulated { file } => {
                let place = file.display().to_string();
                let io = |e| InstrumentError::io(&place, &e);
                fs::write(file, format!("{db}\n")).map_err(io)?;
                let text = fs::read_to_string(file).map_err(io)?;
                (place, Some(text))
            }
        };
        let Some(answer) = answer else { return Ok(None) };
        let no_number = || InstrumentError::new(place, format!("{answer:?} is no attenuation"));
        number(&answer).map(Some).ok_or_else(no_number)
    }
}

/// The command with its value; numbers alone come in, so that nothing else can be said with it.
fn fill(template: &str, db: f64) -> String {
    template.replace("{db}", &db.to_string())
}

#[cfg(test)]
mod tests;
