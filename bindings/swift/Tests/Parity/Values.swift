import Foundation
import NexaKit

/// Why a scenario does not hold, or cannot be played.
struct Broken: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

enum Json: Hashable, Sendable {
    case null, bool(Bool), integer(Int64), number(Double), text(String), list([Json]), object([String: Json])

    subscript(name: String) -> Json? {
        if case .object(let fields) = self { fields[name] } else { nil }
    }

    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }
}

extension Json: Decodable {
    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let items = try? value.decode([Json].self) {
            self = .list(items)
        } else {
            self = .object(try value.decode([String: Json].self))
        }
    }
}

extension Json: CustomStringConvertible {
    /// In one line: keys in order, no blanks, and nothing escaped that need not be.
    var description: String {
        switch self {
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .integer(let integer): "\(integer)"
        case .number(let number): "\(number)"
        case .text(let text): Json.quoted(text)
        case .list(let items): "[\(items.map(\.description).joined(separator: ","))]"
        case .object(let fields):
            "{\(fields.sorted { $0.key < $1.key }.map { "\(Json.quoted($0)):\($1)" }.joined(separator: ","))}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\r": "\\r"
            case "\t": "\\t"
            case "\u{8}": "\\b"
            case "\u{c}": "\\f"
            case ..<" ": String(format: "\\u%04x", scalar.value)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

/// What a call gave: a value, or an object of NexaKit.
enum Value {
    case json(Json), object(AnyObject)

    init(_ output: Any?) {
        if let output, Mirror(reflecting: output).displayStyle == .class {
            self = .object(output as AnyObject)
        } else {
            self = .json(shown(output))
        }
    }

    /// As `expect` and the transcript see it.
    var plain: Json {
        switch self {
        case .json(let json): json
        case .object(let object): .text("<\(type(of: object))>")
        }
    }
}

/// A value of NexaKit as JSON, by reflection.
func shown(_ value: Any?) -> Json {
    switch value {
    case nil: return .null
    case let bool as Bool: return .bool(bool)
    case let integer as any BinaryInteger: return .integer(Int64(integer))
    case let number as Double: return .number(number)
    case let text as String: return .text(text)
    case let data as Data: return .list(data.map { .integer(Int64($0)) })
    case let fields as [String: Any]: return .object(fields.mapValues(shown))
    case let items as [Any]: return .list(items.map(shown))
    case let id as any AnyId: return .text(id.text)
    case .some(let value): return reflected(value)
    }
}

private func reflected(_ value: Any) -> Json {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: return shown(mirror.children.first?.value)
    case .enum: return .text(snake("\(value)"))
    default:
        let fields = mirror.children.compactMap { child in child.label.map { (snake($0), shown(child.value)) } }
        return .object(Dictionary(uniqueKeysWithValues: fields))
    }
}

func snake(_ name: String) -> String {
    name.map { $0.isUppercase ? "_\($0.lowercased())" : "\($0)" }.joined()
}

protocol AnyId {
    var text: String { get }
}

extension Id: AnyId {}
