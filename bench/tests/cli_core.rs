//! `castbench core account`, driven from outside: accounts of a core that does not run.

#[expect(dead_code, reason = "shared with other tests")]
mod common;

use common::castbench;

#[test]
fn accounts_are_added_topped_up_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    let account = |arguments: &[&str]| castbench(dir.path(), [&["core", "account"][..], arguments].concat());
    account(&["list"]).assert(0, "");
    let add = ["add", "sip:alice@ims.example", "--identity", "tel:+999100", "--balance", "1000"];
    account(&add).assert(0, "sip:alice@ims.example  1000  0 held  tel:+999100\n");
    account(&add).assert(2, "is paid for by the account sip:alice@ims.example already");
    account(&["add", "alice"]).assert(2, "is no public identity: give sip:USER@DOMAIN or tel:NUMBER");
    account(&["add", "sip:bob@ims.example"]).assert(0, "sip:bob@ims.example  0  0 held\n");
    account(&["top-up", "tel:+999100", "250"]).assert(0, "sip:alice@ims.example  1250  0 held  tel:+999100\n");
    account(&["top-up", "tel:+999100", "many"]).assert(2, "AMOUNT");
    account(&["top-up", "sip:carol@ims.example", "1"]).assert(2, "there is no account of sip:carol@ims.example");
    let list = account(&["list"]);
    list.assert(0, "sip:bob@ims.example");
    assert_eq!(list.stdout.lines().count(), 2, "{list:?}");
    let shown = account(&["show", "tel:+999100"]);
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!((&shown["balance"], &shown["credited"], &shown["debited"]), (&1250.into(), &1250.into(), &0.into()));
}
