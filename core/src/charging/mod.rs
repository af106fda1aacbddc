//! Charging of the IMS (TS 32.240, TS 32.260): the trigger function inside nodes, the charging data function behind Rf, the
//! online charging system behind Ro, and the gateway function that asks it for prepaid users.

mod cdf;
mod cdr;
mod client;
mod gwf;
mod ocs;
mod server;

pub use cdf::{Cdf, CdfConfig, CdrFolder, list_records};
pub use cdr::{
    Cdr, CdrCause, CdrMmsAddress, CdrMmsComponent, CdrServiceInfo, CdrSmAddress, CdrSmInterface, CdrSmOriginator,
    CdrSmRecipient, IncompleteCdr, MmsCdr, SmsCdr,
};
pub use client::{ChargingClient, ChargingConfig, ChargingCounters};
pub use gwf::{GwfConfig, ImsGwf, MessageCharging};
pub use ocs::{
    Account, AccountError, Ocs, OcsConfig, Tariff, TariffTable, TariffUnit, UnitSums, add_account, find_account,
    list_accounts, top_up_account, unit_sums,
};
