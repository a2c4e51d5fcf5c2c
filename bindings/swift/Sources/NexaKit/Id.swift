/// The id of one kind of thing: an `Id<User>`, which is also called `UserId`, is no `Id<Group>`.
///
/// Its text is read when it is used: a call refuses with the kind `invalidInput` what is no UUID.
public struct Id<Of>: Hashable, Sendable {
    /// As it is stored and sent.
    public let text: String

    public init(_ text: String) {
        self.text = text
    }
}

extension Id: CustomStringConvertible {
    public var description: String { text }
}

extension Id: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// A role: a named set of permissions. Only its id crosses.
public enum Role {}

/// A sign-in that has not ended. Only its id crosses.
public enum Session {}
