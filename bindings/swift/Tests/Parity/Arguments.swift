import Foundation
import NexaKit

/// What a method can be given.
protocol Argument {
    static func of(_ value: Value) throws -> Self
}

/// What a call is given, by name, or a record by its fields.
struct Arguments {
    private var named: [String: Value]

    init(_ named: [String: Value]) {
        self.named = named
    }

    init(_ value: Value) throws {
        guard case .json(.object(let fields)) = value else { throw Broken("\(value.plain) is no record") }
        named = fields.mapValues(Value.json)
    }

    /// One that is missing is null.
    mutating func take<T: Argument>(_ name: String) throws -> T {
        do {
            return try T.of(named.removeValue(forKey: name) ?? .json(.null))
        } catch let broken as Broken {
            throw Broken("\(name): \(broken)")
        }
    }

    /// Refuses what nobody took.
    func finish() throws {
        if let name = named.keys.min() { throw Broken("no argument is called \(name)") }
    }
}

/// An object that was saved.
protocol ObjectArgument: AnyObject, Argument {}

extension ObjectArgument {
    static func of(_ value: Value) throws -> Self {
        guard case .object(let object) = value else { throw Broken("\(value.plain) is no object") }
        return try cast(object, to: Self.self)
    }
}

func cast<T: AnyObject>(_ object: AnyObject, to class: T.Type) throws -> T {
    guard let object = object as? T else { throw Broken("a \(type(of: object)) is no \(T.self)") }
    return object
}

/// One of an enumeration's cases, by its name.
protocol Choice: Argument, CaseIterable {}

extension Choice {
    static func of(_ value: Value) throws -> Self {
        let named = allCases.first { .text(snake("\($0)")) == value.plain }
        guard let named else { throw Broken("\(value.plain) is no \(Self.self)") }
        return named
    }
}

extension Optional: Argument where Wrapped: Argument {
    static func of(_ value: Value) throws -> Wrapped? {
        if case .json(.null) = value { nil } else { try Wrapped.of(value) }
    }
}

extension Array: Argument where Element: Argument {
    static func of(_ value: Value) throws -> [Element] {
        guard case .json(.list(let items)) = value else { throw Broken("\(value.plain) is no list") }
        return try items.map { try Element.of(.json($0)) }
    }
}

extension String: Argument {
    static func of(_ value: Value) throws -> String {
        guard case .json(.text(let text)) = value else { throw Broken("\(value.plain) is no text") }
        return text
    }
}

extension Id: Argument {
    static func of(_ value: Value) throws -> Id {
        Id(try String.of(value))
    }
}

extension Bool: Argument {
    static func of(_ value: Value) throws -> Bool {
        guard case .json(.bool(let bool)) = value else { throw Broken("\(value.plain) is no bool") }
        return bool
    }
}

extension FixedWidthInteger where Self: Argument {
    static func of(_ value: Value) throws -> Self {
        guard case .json(.integer(let integer)) = value, let exact = Self(exactly: integer) else {
            throw Broken("\(value.plain) is no \(Self.self)")
        }
        return exact
    }
}

extension Int64: Argument {}
extension UInt32: Argument {}
extension UInt8: Argument {}

extension Data: Argument {
    static func of(_ value: Value) throws -> Data {
        Data(try [UInt8].of(value))
    }
}
