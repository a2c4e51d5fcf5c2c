/// `for try await event in stream`: each event once, until the stream is closed. Cancelling the task that iterates ends the
/// wait with the kind `cancelled`; the stream can be gone on with.
extension EventStream: AsyncSequence {
    public typealias Element = Event

    public struct AsyncIterator: AsyncIteratorProtocol {
        let stream: EventStream

        /// The next event, waiting until there is one; nothing when the stream was closed.
        public mutating func next() async throws -> Event? {
            try await withNexaCancellation { cancel in try await stream.next(cancel: cancel) }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(stream: self)
    }
}
