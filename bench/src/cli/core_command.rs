//! Command line of `castbench core`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Arguments of `castbench core`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct CoreArgs {
    /// Settings (TOML) [default: all four nodes on 127.0.0.1, database core.sqlite in this folder].
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Write what is seen on each reference point, keys of Cx blanked out.
    #[arg(long, value_name = "FILE")]
    pub capture: Option<PathBuf>,
    /// Print nothing that the nodes have to say.
    #[arg(long, short)]
    pub quiet: bool,
    /// What else to do.
    #[command(subcommand)]
    pub command: Option<CoreCommand>,
}

/// What is done about a core network that does not run.
#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum CoreCommand {
    /// Subscribers of the HSS, in the database of the settings, while no core has it open. Keys go in and never come out.
    #[command(subcommand)]
    Subscriber(SubscriberCommand),
    /// Accounts of the OCS, in the same database, while no core has it open. Amounts are in the smallest unit of the currency.
    #[command(subcommand)]
    Account(AccountCommand),
}

/// What is done about accounts.
#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum AccountCommand {
    /// Add one.
    Add(AccountAddArgs),
    /// List them, one a line: name, balance, what is held for sessions, identities.
    List,
    /// Show one with all its sums.
    Show {
        /// A public identity that it pays for.
        #[arg(value_name = "URI")]
        identity: String,
    },
    /// Pay money in.
    TopUp {
        /// A public identity that it pays for.
        #[arg(value_name = "URI")]
        identity: String,
        /// How much.
        #[arg(value_name = "AMOUNT")]
        amount: u64,
    },
}

/// Arguments of `castbench core account add`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct AccountAddArgs {
    /// Its name: a public identity of its user, sip: or tel:.
    #[arg(value_name = "URI")]
    pub identity: String,
    /// Another identity that it pays for.
    #[arg(long = "identity", value_name = "URI")]
    pub others: Vec<String>,
    /// What is on it at first.
    #[arg(long, value_name = "AMOUNT", default_value_t = 0)]
    pub balance: u64,
}

/// What is done about subscribers.
#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum SubscriberCommand {
    /// Add one, or put it in the place of the one with its private identity.
    Add(SubscriberAddArgs),
    /// Add those of a file (TOML, a `[[subscriber]]` each), or none when one of them is wrong.
    Import {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// List them, one a line.
    List,
    /// Show one, without keys.
    Show {
        /// Private identity.
        #[arg(value_name = "IMPI")]
        impi: String,
    },
    /// Remove one.
    Remove {
        /// Private identity.
        #[arg(value_name = "IMPI")]
        impi: String,
    },
}

/// Arguments of `castbench core subscriber add`.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct SubscriberAddArgs {
    /// Private identity: IMSI@DOMAIN.
    #[arg(value_name = "IMPI")]
    pub impi: String,
    /// Public identity, sip: or tel:; those of one subscriber are registered together.
    #[arg(long, value_name = "URI", required = true)]
    pub impu: Vec<String>,
    /// Number, digits.
    #[arg(long, value_name = "NUMBER")]
    pub msisdn: Vec<String>,
    /// File (TOML) with its secrets: k and op or opc in hexadecimal, amf; or password. - for standard input.
    #[arg(long, value_name = "FILE")]
    pub secrets: PathBuf,
}
