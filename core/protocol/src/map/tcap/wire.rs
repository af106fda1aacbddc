//! From types of the crate `tcap` to ours and back.

use ::tcap as wire;
use rasn::types::Any;

use super::{
    AbortReason, Code, Component, Diagnostic, DialoguePdu, GeneralProblem, InvokeProblem, PAbortCause, Problem,
    ReturnErrorProblem, ReturnResultProblem, TcapError, TcapFault, TcapMessage, TcapProblem, TransactionId,
};
use crate::map::parameter::object_identifier;

/// More than any SCCP message carries (LUDT: 3952 octets). What the crates do is linear in the length, but not for values
/// nested to any depth.
const MAX_OCTETS: usize = 4096;

pub(super) fn parse(octets: &[u8]) -> Result<TcapMessage, Box<TcapProblem>> {
    if octets.len() > MAX_OCTETS {
        return Err(Box::new(TcapProblem {
            fault: TcapFault::Transaction(PAbortCause::BADLY_FORMATTED_TRANSACTION_PORTION),
            is_answered: false,
            otid: None,
            dtid: None,
            partial: None,
            detail: format!("{} octets", octets.len()),
        }));
    }
    match wire::decode_detailed(octets) {
        wire::Decoded::Complete(message) => Ok(of_message(message)),
        wire::Decoded::Problem(problem) => Err(Box::new(of_problem(*problem))),
    }
}

pub(super) fn emit(message: &TcapMessage) -> Result<Vec<u8>, TcapError> {
    wire::encode(&to_message(message)?).map_err(|error| TcapError(error.to_string()))
}

fn of_problem(problem: wire::DecodeProblem) -> TcapProblem {
    let fault = match problem.fault {
        wire::Fault::TransactionPortion { cause } => TcapFault::Transaction(PAbortCause(cause.value())),
        wire::Fault::DialoguePortion => TcapFault::Dialogue,
        wire::Fault::Component { component_type, invoke_id, problem, .. } => TcapFault::Component {
            invoke_id,
            problem: GeneralProblem(problem.value()),
            is_reject: component_type == Some(wire::ComponentType::Reject),
        },
    };
    TcapProblem {
        fault,
        is_answered: matches!(
            problem.message_type,
            None | Some(wire::MessageType::Begin | wire::MessageType::Continue)
        ),
        otid: problem.otid.as_deref().and_then(TransactionId::new),
        dtid: problem.dtid.as_deref().and_then(TransactionId::new),
        partial: problem.partial.map(of_message),
        detail: problem.detail,
    }
}

fn of_message(message: wire::TcapMessage) -> TcapMessage {
    // The crate has refused other lengths.
    let id = |id: wire::TransactionId| TransactionId(id.to_vec());
    let components = |list: Option<Vec<_>>| list.into_iter().flatten().map(of_component).collect();
    match message {
        wire::TcapMessage::Unidirectional(message) => TcapMessage::Unidirectional {
            dialogue: message.dialogue_portion.map(of_portion),
            components: components(Some(message.components)),
        },
        wire::TcapMessage::Begin(message) => TcapMessage::Begin {
            otid: id(message.otid),
            dialogue: message.dialogue_portion.map(of_portion),
            components: components(message.components),
        },
        wire::TcapMessage::Continue(message) => TcapMessage::Continue {
            otid: id(message.otid),
            dtid: id(message.dtid),
            dialogue: message.dialogue_portion.map(of_portion),
            components: components(message.components),
        },
        wire::TcapMessage::End(message) => TcapMessage::End {
            dtid: id(message.dtid),
            dialogue: message.dialogue_portion.map(of_portion),
            components: components(message.components),
        },
        wire::TcapMessage::Abort(message) => TcapMessage::Abort {
            dtid: id(message.dtid),
            reason: match message.reason {
                Some(wire::AbortReason::PAbort(cause)) => AbortReason::Provider(PAbortCause(cause.value())),
                Some(wire::AbortReason::UAbort(portion)) => AbortReason::User(Some(of_portion(portion))),
                None => AbortReason::User(None),
            },
        },
    }
}

fn to_message(message: &TcapMessage) -> Result<wire::TcapMessage, TcapError> {
    let id = |id: &TransactionId| wire::TransactionId::from(id.0.clone());
    let portion = |dialogue: &Option<DialoguePdu>| dialogue.as_ref().map(to_portion).transpose();
    let components = |list: &[Component]| {
        let list: Vec<_> = list.iter().map(to_component).collect::<Result<_, _>>()?;
        Ok((!list.is_empty()).then_some(list))
    };
    Ok(match message {
        TcapMessage::Unidirectional { dialogue, components: list } => {
            wire::TcapMessage::Unidirectional(wire::Unidirectional {
                dialogue_portion: portion(dialogue)?,
                components: components(list)?.unwrap_or_default(),
            })
        }
        TcapMessage::Begin { otid, dialogue, components: list } => wire::TcapMessage::Begin(wire::Begin {
            otid: id(otid),
            dialogue_portion: portion(dialogue)?,
            components: components(list)?,
        }),
        TcapMessage::Continue { otid, dtid, dialogue, components: list } => {
            wire::TcapMessage::Continue(wire::Continue {
                otid: id(otid),
                dtid: id(dtid),
                dialogue_portion: portion(dialogue)?,
                components: components(list)?,
            })
        }
        TcapMessage::End { dtid, dialogue, components: list } => wire::TcapMessage::End(wire::End {
            dtid: id(dtid),
            dialogue_portion: portion(dialogue)?,
            components: components(list)?,
        }),
        TcapMessage::Abort { dtid, reason } => wire::TcapMessage::Abort(wire::Abort {
            dtid: id(dtid),
            reason: match reason {
                AbortReason::Provider(cause) => Some(wire::AbortReason::PAbort(wire::PAbortCause(cause.0))),
                AbortReason::User(dialogue) => portion(dialogue)?.map(wire::AbortReason::UAbort),
            },
        }),
    })
}

fn of_component(component: wire::Component) -> Component {
    let result = |result: wire::ReturnResult, is_last| {
        // An operation code without a parameter says nothing that the invoke ID does not.
        let said = result.result.and_then(|r| Some((of_operation(r.operation_code), r.parameter?.into_bytes())));
        Component::ReturnResult { invoke_id: result.invoke_id, is_last, result: said }
    };
    match component {
        wire::Component::Invoke(invoke) => Component::Invoke {
            invoke_id: invoke.invoke_id,
            linked_id: invoke.linked_id,
            code: of_operation(invoke.operation_code),
            parameter: invoke.parameter.map(Any::into_bytes),
        },
        wire::Component::ReturnResultLast(last) => result(last, true),
        wire::Component::ReturnResultNotLast(not_last) => result(not_last, false),
        wire::Component::ReturnError(error) => Component::ReturnError {
            invoke_id: error.invoke_id,
            code: match error.error_code {
                wire::ErrorCode::Local(code) => Code::Local(code),
                wire::ErrorCode::Global(id) => Code::Global(id.to_vec()),
            },
            parameter: error.parameter.map(Any::into_bytes),
        },
        wire::Component::Reject(reject) => Component::Reject {
            invoke_id: reject.invoke_id,
            problem: match reject.problem {
                wire::Problem::General(problem) => Problem::General(GeneralProblem(problem.0)),
                wire::Problem::Invoke(problem) => Problem::Invoke(InvokeProblem(problem.0)),
                wire::Problem::ReturnResult(problem) => Problem::ReturnResult(ReturnResultProblem(problem.0)),
                wire::Problem::ReturnError(problem) => Problem::ReturnError(ReturnErrorProblem(problem.0)),
            },
        },
    }
}

fn of_operation(code: wire::OperationCode) -> Code {
    match code {
        wire::OperationCode::Local(code) => Code::Local(code),
        wire::OperationCode::Global(id) => Code::Global(id.to_vec()),
    }
}

fn to_component(component: &Component) -> Result<wire::Component, TcapError> {
    let any = |octets: &Vec<u8>| Any::new(octets.clone());
    Ok(match component {
        Component::Invoke { invoke_id, linked_id, code, parameter } => wire::Component::Invoke(wire::Invoke {
            invoke_id: *invoke_id,
            linked_id: *linked_id,
            operation_code: to_operation(code)?,
            parameter: parameter.as_ref().map(any),
        }),
        Component::ReturnResult { invoke_id, is_last, result } => {
            let result = result.as_ref().map(|(code, parameter)| {
                let parameter = Some(any(parameter));
                Ok(wire::ReturnResultValue { operation_code: to_operation(code)?, parameter })
            });
            let result = wire::ReturnResult { invoke_id: *invoke_id, result: result.transpose()? };
            match is_last {
                true => wire::Component::ReturnResultLast(result),
                false => wire::Component::ReturnResultNotLast(result),
            }
        }
        Component::ReturnError { invoke_id, code, parameter } => wire::Component::ReturnError(wire::ReturnError {
            invoke_id: *invoke_id,
            error_code: match code {
                Code::Local(code) => wire::ErrorCode::Local(*code),
                Code::Global(arcs) => wire::ErrorCode::Global(identifier(arcs)?),
            },
            parameter: parameter.as_ref().map(any),
        }),
        Component::Reject { invoke_id, problem } => wire::Component::Reject(wire::Reject {
            invoke_id: *invoke_id,
            problem: match problem {
                Problem::General(problem) => wire::Problem::General(wire::GeneralProblem(problem.0)),
                Problem::Invoke(problem) => wire::Problem::Invoke(wire::InvokeProblem(problem.0)),
                Problem::ReturnResult(problem) => wire::Problem::ReturnResult(wire::ReturnResultProblem(problem.0)),
                Problem::ReturnError(problem) => wire::Problem::ReturnError(wire::ReturnErrorProblem(problem.0)),
            },
        }),
    })
}

fn to_operation(code: &Code) -> Result<wire::OperationCode, TcapError> {
    Ok(match code {
        Code::Local(code) => wire::OperationCode::Local(*code),
        Code::Global(arcs) => wire::OperationCode::Global(identifier(arcs)?),
    })
}

fn identifier(arcs: &[u32]) -> Result<wire::ApplicationContextName, TcapError> {
    object_identifier(arcs).ok_or_else(|| TcapError(format!("{arcs:?} is no object identifier")))
}

/// The crate has read the portion already: what it does not read is something else.
fn of_portion(portion: wire::DialoguePortion) -> DialoguePdu {
    let information = |list: Option<Vec<wire::External>>| list.into_iter().flatten().map(|e| e.encode()).collect();
    let version1 = |version: wire::ProtocolVersion| version == wire::ProtocolVersion::Version1;
    match portion.dialogue_pdu() {
        Ok(Some(wire::DialoguePdu::Aarq { protocol_version, application_context_name, user_information })) => {
            DialoguePdu::Request {
                is_version1: version1(protocol_version),
                context: application_context_name.to_vec(),
                user_information: information(user_information),
            }
        }
        Ok(Some(wire::DialoguePdu::Aare {
            application_context_name,
            result,
            result_source_diagnostic,
            user_information,
            ..
        })) => DialoguePdu::Response {
            context: application_context_name.to_vec(),
            is_accepted: result == wire::AssociateResult::Accepted,
            diagnostic: match result_source_diagnostic {
                wire::AssociateSourceDiagnostic::DialogueServiceUser(value) => Diagnostic { by_provider: false, value },
                wire::AssociateSourceDiagnostic::DialogueServiceProvider(value) => {
                    Diagnostic { by_provider: true, value }
                }
            },
            user_information: information(user_information),
        },
        Ok(Some(wire::DialoguePdu::Abrt { abort_source, user_information })) => DialoguePdu::Abort {
            by_provider: abort_source == wire::AbortSource::DialogueServiceProvider,
            user_information: information(user_information),
        },
        Ok(Some(wire::DialoguePdu::Audt { protocol_version, application_context_name, user_information })) => {
            DialoguePdu::Unidirectional {
                is_version1: version1(protocol_version),
                context: application_context_name.to_vec(),
                user_information: information(user_information),
            }
        }
        Ok(None) | Err(_) => DialoguePdu::Other(portion.external.into_bytes()),
    }
}

fn to_portion(dialogue: &DialoguePdu) -> Result<wire::DialoguePortion, TcapError> {
    let information = |list: &[Vec<u8>]| {
        let external = |octets: &Vec<u8>| wire::External::decode(octets).map_err(|error| TcapError(error.to_string()));
        let list: Vec<_> = list.iter().map(external).collect::<Result<_, _>>()?;
        Ok((!list.is_empty()).then_some(list))
    };
    // A BIT STRING whose first bit is not set.
    let version = |is_version1| match is_version1 {
        true => wire::ProtocolVersion::Version1,
        false => wire::ProtocolVersion::Other(vec![7, 0]),
    };
    let pdu = match dialogue {
        DialoguePdu::Request { is_version1, context, user_information } => wire::DialoguePdu::Aarq {
            protocol_version: version(*is_version1),
            application_context_name: identifier(context)?,
            user_information: information(user_information)?,
        },
        DialoguePdu::Response { context, is_accepted, diagnostic, user_information } => wire::DialoguePdu::Aare {
            protocol_version: wire::ProtocolVersion::Version1,
            application_context_name: identifier(context)?,
            result: match is_accepted {
                true => wire::AssociateResult::Accepted,
                false => wire::AssociateResult::RejectedPermanent,
            },
            result_source_diagnostic: match diagnostic.by_provider {
                true => wire::AssociateSourceDiagnostic::DialogueServiceProvider(diagnostic.value),
                false => wire::AssociateSourceDiagnostic::DialogueServiceUser(diagnostic.value),
            },
            user_information: information(user_information)?,
        },
        DialoguePdu::Abort { by_provider, user_information } => wire::DialoguePdu::Abrt {
            abort_source: match by_provider {
                true => wire::AbortSource::DialogueServiceProvider,
                false => wire::AbortSource::DialogueServiceUser,
            },
            user_information: information(user_information)?,
        },
        DialoguePdu::Unidirectional { is_version1, context, user_information } => wire::DialoguePdu::Audt {
            protocol_version: version(*is_version1),
            application_context_name: identifier(context)?,
            user_information: information(user_information)?,
        },
        DialoguePdu::Other(external) => return Ok(wire::DialoguePortion { external: Any::new(external.clone()) }),
    };
    Ok(wire::DialoguePortion::from_pdu(&pdu))
}
