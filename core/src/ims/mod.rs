//! IMS nodes (TS 23.228): CSCFs, HSS, application servers, and the fabric that joins them in memory.

pub mod aka;
mod application_server;
mod fabric;
pub mod hss;
mod ifc;
mod node;
pub mod profile;
mod scscf;
pub mod store;

pub use application_server::{AsBehaviour, TestAs, TestAsConfig};
pub use fabric::{Fabric, FabricOutput, Latency, StoreDriver, WireMessage};
pub use ifc::{FilterEvaluator, FilterProblem, FilterSubject};
pub use node::{AccessEvent, Admin, ImsInput, ImsNode, ImsOutput, NodeNote, Role};
pub use scscf::{Scscf, ScscfConfig, ScscfCounters};
pub use store::{ImsStore, ImsStoreAnswer, ImsStoreOp, ImsStoreRequest, Rows, Table};
