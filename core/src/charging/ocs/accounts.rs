//! Accounts in the store of an OCS that does not run: what an operator does with them.

use protocol::sip::Uri;

use super::account::{Account, Reservation, UnitSums};
use super::{account_op, payer_key};
use crate::node::{NodeStore, NodeStoreRequest, Table};
use crate::store::{StoreError, StoreToken};

/// Why an account is not what somebody wants.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AccountError {
    /// The store cannot do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is none.
    #[error("there is no account of {0}: `list` shows those that there are")]
    Unknown(String),
    /// Somebody pays for this identity already.
    #[error("{identity} is paid for by the account {owner} already: top that one up, or leave the identity out")]
    Taken {
        /// The identity.
        identity: String,
        /// The account.
        owner: String,
    },
    /// It is no identity.
    #[error("{0:?} is no public identity: give sip:USER@DOMAIN or tel:NUMBER")]
    NoIdentity(String),
    /// It cannot be that much.
    #[error("the account {0} does not hold that much")]
    TooMuch(String),
}

/// Adds an account.
///
/// # Errors
/// One of its identities is none, or has an account; the store cannot do it.
pub fn add_account(store: &mut NodeStore, account: &Account) -> Result<(), AccountError> {
    let known = list_accounts(store)?;
    for identity in names(account) {
        if !Uri::parse(identity).is_ok_and(|uri| matches!(uri, Uri::Sip(_) | Uri::Tel(_))) {
            return Err(AccountError::NoIdentity(identity.clone()));
        }
        if let Some(owner) = known.iter().find(|known| pays_for(known, identity)) {
            return Err(AccountError::Taken { identity: identity.clone(), owner: owner.id.clone() });
        }
    }
    put(store, account)
}

/// The accounts of a store.
///
/// # Errors
/// It cannot be read.
pub fn list_accounts(store: &NodeStore) -> Result<Vec<Account>, StoreError> {
    let rows = store.scan(Table::OcsAccount)?;
    Ok(rows.into_iter().filter_map(|(_, value)| serde_json::from_slice(&value).ok()).collect())
}

/// What became of the units of all sessions that a store remembers.
///
/// # Errors
/// It cannot be read.
pub fn unit_sums(store: &NodeStore) -> Result<UnitSums, StoreError> {
    let mut sums = UnitSums::default();
    for (_, value) in store.scan(Table::OcsSession)? {
        if let Ok(session) = serde_json::from_slice::<Reservation>(&value) {
            sums.add(&session);
        }
    }
    Ok(sums)
}

/// The account that pays for an identity.
///
/// # Errors
/// There is none; the store cannot be read.
pub fn find_account(store: &NodeStore, identity: &str) -> Result<Account, AccountError> {
    let found = list_accounts(store)?.into_iter().find(|known| pays_for(known, identity));
    found.ok_or_else(|| AccountError::Unknown(identity.to_owned()))
}

/// Money comes to the account that pays for an identity.
///
/// # Errors
/// There is none, or it would hold too much; the store cannot do it.
pub fn top_up_account(store: &mut NodeStore, identity: &str, amount: u64) -> Result<Account, AccountError> {
    let mut account = find_account(store, identity)?;
    let too_much = || AccountError::TooMuch(account.id.clone());
    let balance = account.balance.checked_add_unsigned(amount).ok_or_else(too_much)?;
    let credited = account.credited.checked_add(amount).ok_or_else(too_much)?;
    (account.balance, account.credited) = (balance, credited);
    put(store, &account)?;
    Ok(account)
}

fn put(store: &mut NodeStore, account: &Account) -> Result<(), AccountError> {
    let ops = account_op(account).into_iter().collect();
    store.execute(&NodeStoreRequest { token: StoreToken(0), ops }).result?;
    Ok(())
}

fn names(account: &Account) -> impl Iterator<Item = &String> {
    std::iter::once(&account.id).chain(&account.identities)
}

fn pays_for(account: &Account, identity: &str) -> bool {
    let wanted = payer_key(identity);
    names(account).any(|own| payer_key(own) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_identity_has_one_account_and_sums_hold() {
        let mut store = NodeStore::in_memory().unwrap();
        let account = Account { identities: vec!["tel:+1555".to_owned()], ..Account::new("sip:a@b.example", 100) };
        add_account(&mut store, &account).unwrap();
        let taken = add_account(&mut store, &Account::new("tel:1555", 1)).unwrap_err();
        assert!(taken.to_string().contains("sip:a@b.example"), "{taken}");
        assert!(matches!(add_account(&mut store, &Account::new("alice", 1)), Err(AccountError::NoIdentity(_))));
        let account = top_up_account(&mut store, "tel:+1555", 23).unwrap();
        assert!(account.is_consistent() && account.available() == 123);
        assert_eq!(find_account(&store, "SIP:A@b.example"), Ok(account));
        assert!(matches!(top_up_account(&mut store, "sip:c@d", 1), Err(AccountError::Unknown(_))));
        assert!(matches!(top_up_account(&mut store, "tel:+1555", u64::MAX), Err(AccountError::TooMuch(_))));
        assert_eq!(list_accounts(&store).unwrap().len(), 1);
    }
}
