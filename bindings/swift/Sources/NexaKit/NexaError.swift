import Foundation

/// `catch let error as NexaError where error.kind == .alreadyExists`
extension NexaError {
    /// Everything there is to say about the failure.
    public var info: ErrorInfo {
        switch self {
        case .Failed(let error): error
        }
    }

    /// A stable spelling such as `identity.username_taken`, finer than the kind.
    public var code: String { info.code }

    /// What a program decides on.
    public var kind: ErrorKind { info.kind }

    /// A sentence for a person.
    public var message: String { info.message }

    /// What the sentence speaks of, by name; `field` is the argument that was refused. Never a secret.
    public var details: [String: String] { info.details }

    /// Whether the same call, unchanged, may succeed later.
    public var retryable: Bool { info.retryable }
}

extension NexaError: LocalizedError {
    /// The message, which is also the `localizedDescription`.
    public var errorDescription: String? { message }
}

extension NexaError: CustomStringConvertible {
    /// The message with the code before it.
    public var description: String { "\(code): \(message)" }
}
