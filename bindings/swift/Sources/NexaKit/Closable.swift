/// What holds a database, a socket or a connection until it is closed. Letting go of the last reference closes it too, at a
/// moment that nobody waits for.
public protocol Closable: AnyObject, Sendable {
    func close(timeoutMs: UInt32?, cancel: CancelHandle?) async throws
}

extension Tunnel: Closable {}
extension TcpListener: Closable {}
extension TcpStream: Closable {}

extension Closable {
    /// Runs `body` and closes the object afterwards, however `body` ended.
    ///
    /// - Throws: What `body` throws; if it throws nothing, what closing throws.
    public func use<Result: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (Self) async throws -> Result
    ) async throws -> Result {
        let result: Result
        do {
            result = try await body(self)
        } catch {
            try? await close(timeoutMs: nil, cancel: nil)
            throw error
        }
        try await close(timeoutMs: nil, cancel: nil)
        return result
    }
}
