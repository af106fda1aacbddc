//! SCCP, TCAP and MAP.

use crate::map::sccp::SccpMessage;
use crate::map::tcap::TcapMessage;
use crate::map::{Operation, OperationCode, OperationResult, UserError};

/// A message of SCCP that parses is emitted as what parses again to the same, and so is the TCAP in it; `octets` are also
/// taken for TCAP, and for an argument, a result and a parameter of an error.
///
/// # Panics
/// When that does not hold.
pub fn map(octets: &[u8]) {
    if let Ok(message) = SccpMessage::parse(octets) {
        let again = message.emit().expect("what was read fits");
        assert_eq!(SccpMessage::parse(&again).as_ref(), Ok(&message), "what was emitted reads otherwise");
        tcap(message.data());
    }
    tcap(octets);
    for code in CODES {
        if let Ok(operation) = Operation::parse(OperationCode(code), Some(octets)) {
            let again = Operation::parse(operation.code(), Some(&operation.emit()));
            assert_eq!(again, Ok(operation), "an argument reads otherwise");
        }
        if let Ok(result) = OperationResult::parse(OperationCode(code), Some(octets)) {
            let again = OperationResult::parse(result.code(), result.emit().as_deref());
            assert_eq!(again, Ok(result), "a result reads otherwise");
        }
    }
    for code in 0..50 {
        if let Ok(error) = UserError::parse(code, Some(octets)) {
            let again = UserError::parse(error.code(), error.emit().as_deref());
            assert_eq!(again, Ok(error), "an error reads otherwise");
        }
    }
}

fn tcap(octets: &[u8]) {
    match TcapMessage::parse(octets) {
        Ok(message) => {
            let again = message.emit().expect("what was read can be said");
            assert_eq!(TcapMessage::parse(&again).as_ref(), Ok(&message), "what was emitted reads otherwise");
        }
        Err(problem) => {
            let abort = problem.abort().map(|abort| abort.emit());
            assert!(abort.is_none_or(|abort| abort.is_ok()), "an Abort that cannot be sent");
        }
    }
}

/// Operations of [`Operation`].
const CODES: [i64; 11] = [3, 7, 23, 44, 45, 46, 47, 63, 64, 66, 67];
