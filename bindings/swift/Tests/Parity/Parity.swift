// Plays a scenario of tests/parity and writes its transcript, which must be that of every other language.

import Foundation
import NexaKit

@main
struct Parity {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 2, let scenario = arguments.first, let transcript = arguments.last else {
            complain("usage: parity <scenario.json> <transcript>")
            exit(2)
        }
        do {
            let steps = try JSONDecoder().decode(Scenario.self, from: Data(contentsOf: URL(filePath: scenario))).steps
            var player = Player()
            let lines = try await player.play(steps)
            try Data(lines.map { "\($0)\n" }.joined().utf8).write(to: URL(filePath: transcript))
        } catch {
            complain("\(scenario): \(error)")
            exit(1)
        }
    }

    static func complain(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}

struct Scenario: Decodable {
    let steps: [Json]
}

struct Player {
    private var saved: [String: Value] = [:]

    mutating func play(_ steps: [Json]) async throws -> [Json] {
        var lines: [Json] = []
        for (index, step) in steps.enumerated() {
            do {
                lines.append(try await play(step))
            } catch {
                throw Broken("step \(index + 1): \(step): \(error)")
            }
        }
        return lines
    }

    private mutating func play(_ step: Json) async throws -> Json {
        guard let op = step["op"]?.text else { throw Broken("no op") }
        let value: Value
        do {
            value = try await call(op, step)
        } catch let error as NexaError {
            let error = shown(error.info)
            guard let expected = step["expect_error"] else { throw Broken("failed: \(error)") }
            try check(expected, error)
            return .object(["op": .text(op), "error": error])
        }
        let isHidden = op.hasSuffix(".reveal") && step["show"] != .bool(true)
        let result = isHidden ? .text("<revealed>") : value.plain
        if step["expect_error"] != nil { throw Broken("gave \(result)") }
        if let expected = step["expect"] { try check(resolved(expected), value.plain) }
        if let name = step["save"]?.text { saved[name] = value }
        return .object(["op": .text(op), "result": result])
    }

    private func call(_ op: String, _ step: Json) async throws -> Value {
        var arguments = Arguments([:])
        if let given = step["args"] {
            guard case .object(let given) = given else { throw Broken("args are no object") }
            arguments = Arguments(try given.mapValues(argument))
        }
        let value: Value
        if let name = step["on"]?.text {
            guard case .object(let object) = saved[name] else { throw Broken("no object was saved as \(name)") }
            let receiver = (object as? Handle).flatMap { domain(String(op.prefix { $0 != "." }), of: $0) }
            value = try await invoke(op, on: receiver ?? object, &arguments)
        } else {
            value = try await construct(op, &arguments)
        }
        try arguments.finish()
        return value
    }

    private func argument(_ given: Json) throws -> Value {
        if let text = given.text, text.hasPrefix("$"), case .object(let object) = saved[String(text.dropFirst())] {
            return .object(object)
        }
        return .json(try resolved(given))
    }

    /// With what was saved in place of its names.
    private func resolved(_ json: Json) throws -> Json {
        switch json {
        case .text(let text) where text.hasPrefix("$"):
            let path = text.dropFirst().split(separator: ".", maxSplits: 1).map(String.init)
            guard let name = path.first, case .json(let value) = saved[name] else {
                throw Broken("no value was saved as \(text)")
            }
            return path.count == 1 ? value : value[path[1]] ?? .null
        case .list(let items): return .list(try items.map(resolved))
        case .object(let fields): return .object(try fields.mapValues(resolved))
        default: return json
        }
    }
}

/// Of an object, only what is expected is looked at.
func check(_ expected: Json, _ got: Json) throws {
    if case .object(let fields) = expected, case .object = got {
        return try fields.forEach { try check($1, got[$0] ?? .null) }
    }
    if expected != got { throw Broken("expected \(expected), got \(got)") }
}
