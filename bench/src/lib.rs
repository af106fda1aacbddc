//! castbench: the bench.

mod scenario;

pub use scenario::{
    Cell, Channel, ChannelModel, Expectation, Fault, FaultAction, FaultTarget, Fec, MbsfnArea, Mch, MeasurementName,
    SampleRate, Scenario, Selector, Session, Step, StepAction, Ue, Unit,
};
