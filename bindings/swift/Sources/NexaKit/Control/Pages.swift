/// A page of a list.
public protocol Page: Sendable {
    associatedtype Item: Sendable

    /// The page's own, in a stable order.
    var items: [Item] { get }

    /// What to ask the next page with; nothing when this was the last one.
    var next: String? { get }
}

extension AllocationPage: Page {}
extension AuditPage: Page {}
extension DevicePage: Page {}
extension GatewayPage: Page {}
extension GroupPage: Page {}
extension PolicyPage: Page {}
extension PolicyTestPage: Page {}
extension PoolPage: Page {}
extension ReservationPage: Page {}
extension UserPage: Page {}

/// Every item of a list, a page at a time and each page when it is needed:
///
/// ```swift
/// for try await user in everyItem(of: { try await identity.listUsers(after: $0) }) { … }
/// ```
public func everyItem<P: Page>(
    of list: @escaping @Sendable (_ after: String?) async throws -> P
) -> EveryItem<P> {
    EveryItem(list: list)
}

/// The items of a list, as `everyItem(of:)` gives them.
public struct EveryItem<P: Page>: AsyncSequence, Sendable {
    public typealias Element = P.Item

    let list: @Sendable (String?) async throws -> P

    public struct AsyncIterator: AsyncIteratorProtocol {
        let list: @Sendable (String?) async throws -> P
        var items: ArraySlice<P.Item> = []
        var after: String?
        var isLast = false

        public mutating func next() async throws -> P.Item? {
            while items.isEmpty, !isLast {
                let page = try await list(after)
                (items, after, isLast) = (page.items[...], page.next, page.next == nil)
            }
            return items.popFirst()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(list: list)
    }
}
