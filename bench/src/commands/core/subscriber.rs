//! `castbench core subscriber`: the subscribers in the database of a core that does not run.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use core_network::ims::hss::{
    ProvisionError, SubscriberSummary, add_subscribers, list_subscribers, parse_subscribers, remove_subscriber,
    show_subscriber,
};
use core_network::node::NodeStore;
use toml::{Table, Value};

use crate::cli::{SubscriberAddArgs, SubscriberCommand};
use crate::errors::{CommandError, Exit};

/// Runs `castbench core subscriber`.
pub(super) fn subscriber(command: &SubscriberCommand, database: &Path) -> Result<Exit, CommandError> {
    // What is wrong with the input shall not make a database.
    let wanted = match command {
        SubscriberCommand::Add(args) => Some(("the command line".into(), one(args)?)),
        SubscriberCommand::Import { file } => Some((file.display().to_string(), read(file)?)),
        _ => None,
    };
    let wanted = wanted.map(|(name, text)| parse_subscribers(&name, &text)).transpose().map_err(wrong)?;
    let mut store = NodeStore::open(database).map_err(|e| CommandError::Bench(e.to_string()))?;
    match command {
        SubscriberCommand::Add(_) | SubscriberCommand::Import { .. } => {
            let wanted = wanted.unwrap_or_default();
            let new = add_subscribers(&mut store, &wanted).map_err(wrong)?;
            say(&format!("{new} added, {} changed\n", wanted.len() - new));
        }
        SubscriberCommand::List => {
            let all = list_subscribers(&store).map_err(wrong)?;
            say(&all.iter().map(line).collect::<String>());
        }
        SubscriberCommand::Show { impi } => {
            let found = show_subscriber(&store, impi).map_err(wrong)?;
            let text = serde_json::to_string_pretty(&found).map_err(|e| CommandError::Bench(e.to_string()))?;
            say(&format!("{text}\n"));
        }
        SubscriberCommand::Remove { impi } => {
            remove_subscriber(&mut store, impi).map_err(wrong)?;
            say(&format!("{impi} removed\n"));
        }
    }
    Ok(Exit::Pass)
}

/// A file of one subscriber, made of the arguments and the file with its secrets.
fn one(args: &SubscriberAddArgs) -> Result<String, CommandError> {
    let text = read(&args.secrets)?;
    // The parser's own words would repeat the line, and with it a key.
    let not_toml = |_| CommandError::Usage(format!("{}: not TOML (k = \"..\", op = \"..\")", args.secrets.display()));
    let mut entry: Table = text.parse().map_err(not_toml)?;
    let list = |texts: &[String]| Value::Array(texts.iter().cloned().map(Value::String).collect());
    entry.insert("impi".into(), Value::String(args.impi.clone()));
    entry.insert("msisdn".into(), list(&args.msisdn));
    let set = Table::from_iter([("impus".to_owned(), list(&args.impu))]);
    entry.insert("set".into(), Value::Array(vec![Value::Table(set)]));
    let file = Table::from_iter([("subscriber".to_owned(), Value::Array(vec![Value::Table(entry)]))]);
    Ok(file.to_string())
}

fn read(path: &Path) -> Result<String, CommandError> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    text.map_err(|source| CommandError::Read { path: path.to_owned(), source })
}

fn line(subscriber: &SubscriberSummary) -> String {
    let sets: Vec<String> = subscriber.sets.iter().map(|set| set.join(" ")).collect();
    let scscf = subscriber.scscf.as_deref().unwrap_or("not registered");
    format!("{}  {}  {}  {scscf}\n", subscriber.impi, sets.join(" | "), subscriber.authentication.join(" "))
}

fn wrong(e: ProvisionError) -> CommandError {
    match e {
        ProvisionError::Store(_) => CommandError::Bench(e.to_string()),
        _ => CommandError::Usage(e.to_string()),
    }
}

/// Whoever reads may have seen enough.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
