/// Runs calls that `Task.cancel()` gives up.
///
/// Cancelling a task does not by itself reach a call of Nexa that the task waits for. Inside, every call that is given the
/// handle fails with the kind `cancelled` when the task is cancelled, or at once if it has been already:
///
/// ```swift
/// let page = try await withNexaCancellation { cancel in
///     try await handle.identity().listUsers(cancel: cancel)
/// }
/// ```
///
/// - Throws: What `body` throws.
public func withNexaCancellation<Result: Sendable>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: (CancelHandle) async throws -> Result
) async throws -> Result {
    let handle = try CancelHandle.create()
    return try await withTaskCancellationHandler {
        try await body(handle)
    } onCancel: {
        handle.cancel()
    }
}
