//! castbench: the bench.

mod cli;
mod errors;
mod list;
mod rig;
mod scenario;
mod strict_toml;

pub use cli::{Cli, Command, ListArgs, PmchArgs, PmchCommand, ReportArgs, RunArgs};
pub use errors::{CommandError, Exit};
pub use list::list;
pub use rig::{Clock, LoadRigError, RadioFrontEnd, Rig, UeKind};
pub use scenario::{
    Cell, Channel, ChannelModel, Expectation, Fault, FaultAction, FaultTarget, Fec, LoadScenarioError, Loaded,
    MbsfnArea, Mch, MeasurementName, Overrides, SampleRate, Scenario, Selector, Session, Step, StepAction, Ue, Unit,
};
pub use strict_toml::{TomlProblem, TomlProblems};
