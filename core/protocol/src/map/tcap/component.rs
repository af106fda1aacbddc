//! Components: Q.773 clause 3.1, problems in Q.772 clause 3.7.

use std::fmt;

use crate::codes::numbers;
use crate::map::OperationCode;

/// A component.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Component {
    /// Invoke.
    Invoke {
        /// Invoke ID.
        invoke_id: i8,
        /// Linked ID: the invocation that it belongs to.
        linked_id: Option<i8>,
        /// Operation code.
        code: Code,
        /// Encoding of the argument.
        parameter: Option<Vec<u8>>,
    },
    /// Return Result.
    ReturnResult {
        /// Invoke ID of what is answered.
        invoke_id: i8,
        /// Return Result Last, and not Return Result Not Last.
        is_last: bool,
        /// Operation code and encoding of the result; none where there is nothing to say.
        result: Option<(Code, Vec<u8>)>,
    },
    /// Return Error.
    ReturnError {
        /// Invoke ID of what is answered.
        invoke_id: i8,
        /// Error code.
        code: Code,
        /// Encoding of the parameter.
        parameter: Option<Vec<u8>>,
    },
    /// Reject.
    Reject {
        /// Invoke ID of what is rejected; none where it could not be read.
        invoke_id: Option<i8>,
        /// What is wrong.
        problem: Problem,
    },
}

impl Component {
    /// Invoke ID.
    pub const fn invoke_id(&self) -> Option<i8> {
        match self {
            Self::Invoke { invoke_id, .. }
            | Self::ReturnResult { invoke_id, .. }
            | Self::ReturnError { invoke_id, .. } => Some(*invoke_id),
            Self::Reject { invoke_id, .. } => *invoke_id,
        }
    }

    /// Code of the operation that is invoked or has the result.
    pub const fn operation(&self) -> Option<OperationCode> {
        match self {
            Self::Invoke { code: Code::Local(code), .. }
            | Self::ReturnResult { result: Some((Code::Local(code), _)), .. } => Some(OperationCode(*code)),
            _ => None,
        }
    }
}

/// Operation code, error code.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Code {
    /// A number: all of MAP are.
    Local(i64),
    /// An object identifier.
    Global(Vec<u32>),
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(code) => write!(f, "{code}"),
            Self::Global(arcs) => write!(f, "{arcs:?}"),
        }
    }
}

/// Why a component was rejected.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Problem {
    /// generalProblem.
    General(GeneralProblem),
    /// invokeProblem.
    Invoke(InvokeProblem),
    /// returnResultProblem.
    ReturnResult(ReturnResultProblem),
    /// returnErrorProblem.
    ReturnError(ReturnErrorProblem),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::General(problem) => problem.fmt(f),
            Self::Invoke(problem) => write!(f, "invoke: {problem}"),
            Self::ReturnResult(problem) => write!(f, "return result: {problem}"),
            Self::ReturnError(problem) => write!(f, "return error: {problem}"),
        }
    }
}

numbers! {
    /// GeneralProblem.
    pub struct GeneralProblem(i64), "problem" {
        /// No component is like that.
        UNRECOGNIZED_COMPONENT = 0, "unrecognizedComponent";
        /// Its elements are not those of the component.
        MISTYPED_COMPONENT = 1, "mistypedComponent";
        /// It is not coded as it should be.
        BADLY_STRUCTURED_COMPONENT = 2, "badlyStructuredComponent";
    }
}

numbers! {
    /// InvokeProblem.
    pub struct InvokeProblem(i64), "problem" {
        /// The invoke ID is in use.
        DUPLICATE_INVOKE_ID = 0, "duplicateInvokeID";
        /// The operation is not one of the application context.
        UNRECOGNIZED_OPERATION = 1, "unrecognizedOperation";
        /// The argument is not that of the operation.
        MISTYPED_PARAMETER = 2, "mistypedParameter";
        /// There are too many.
        RESOURCE_LIMITATION = 3, "resourceLimitation";
        /// The dialogue is about to end.
        INITIATING_RELEASE = 4, "initiatingRelease";
        /// The linked ID is not in use.
        UNRECOGNIZED_LINKED_ID = 5, "unrecognizedLinkedID";
        /// The operation has no linked ones.
        LINKED_RESPONSE_UNEXPECTED = 6, "linkedResponseUnexpected";
        /// The operation is not a linked one of that.
        UNEXPECTED_LINKED_OPERATION = 7, "unexpectedLinkedOperation";
    }
}

numbers! {
    /// ReturnResultProblem.
    pub struct ReturnResultProblem(i64), "problem" {
        /// Nothing was invoked with that ID.
        UNRECOGNIZED_INVOKE_ID = 0, "unrecognizedInvokeID";
        /// The operation has no result.
        RETURN_RESULT_UNEXPECTED = 1, "returnResultUnexpected";
        /// The result is not that of the operation.
        MISTYPED_PARAMETER = 2, "mistypedParameter";
    }
}

numbers! {
    /// ReturnErrorProblem.
    pub struct ReturnErrorProblem(i64), "problem" {
        /// Nothing was invoked with that ID.
        UNRECOGNIZED_INVOKE_ID = 0, "unrecognizedInvokeID";
        /// The operation has no errors.
        RETURN_ERROR_UNEXPECTED = 1, "returnErrorUnexpected";
        /// No error is like that.
        UNRECOGNIZED_ERROR = 2, "unrecognizedError";
        /// The operation has no such error.
        UNEXPECTED_ERROR = 3, "unexpectedError";
        /// The parameter is not that of the error.
        MISTYPED_PARAMETER = 4, "mistypedParameter";
    }
}
