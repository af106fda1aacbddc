//! `castbench core account`: the accounts of the OCS in the database of a core that does not run.

use std::io::{self, Write};
use std::path::Path;

use core_network::charging::{Account, AccountError, add_account, find_account, list_accounts, top_up_account};
use core_network::node::NodeStore;

use crate::cli::AccountCommand;
use crate::errors::{CommandError, Exit};

/// Runs `castbench core account`.
pub(super) fn account(command: &AccountCommand, database: &Path) -> Result<Exit, CommandError> {
    let mut store = NodeStore::open(database).map_err(|e| CommandError::Bench(e.to_string()))?;
    let text = match command {
        AccountCommand::Add(args) => {
            let account = Account { identities: args.others.clone(), ..Account::new(&args.identity, args.balance) };
            add_account(&mut store, &account).map_err(wrong)?;
            line(&account)
        }
        AccountCommand::List => list_accounts(&store).map_err(|e| wrong(e.into()))?.iter().map(line).collect(),
        AccountCommand::Show { identity } => {
            let account = find_account(&store, identity).map_err(wrong)?;
            let text = serde_json::to_string_pretty(&account).map_err(|e| CommandError::Bench(e.to_string()))?;
            format!("{text}\n")
        }
        AccountCommand::TopUp { identity, amount } => {
            line(&top_up_account(&mut store, identity, *amount).map_err(wrong)?)
        }
    };
    // Whoever reads may have seen enough.
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Ok(Exit::Pass)
}

fn line(account: &Account) -> String {
    let Account { id, balance, reserved, identities, .. } = account;
    let blocked = if account.blocked { "  blocked" } else { "" };
    format!("{id}  {balance}  {reserved} held  {}{blocked}\n", identities.join(" ")).replace("  \n", "\n")
}

fn wrong(e: AccountError) -> CommandError {
    match e {
        AccountError::Store(_) => CommandError::Bench(e.to_string()),
        _ => CommandError::Usage(e.to_string()),
    }
}
