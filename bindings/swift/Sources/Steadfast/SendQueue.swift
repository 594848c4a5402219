import SteadfastCore

/// The messages that wait for a connection. How much may wait is the core's rule; it is told the sizes, and the messages are kept here in the same
/// order.
struct SendQueue {
    private let outbox: Outbox
    private var messages = Fifo<Message>()
    /// How many bytes wait.
    private(set) var bytes = 0

    init(_ limits: QueueLimits) {
        outbox = Outbox(limits: limits)
    }

    /// How many messages wait.
    var count: Int { messages.count }
    var isEmpty: Bool { messages.isEmpty }

    /// Lets a message wait.
    ///
    /// - Returns: How many messages were dropped: those that have waited longest, or this one.
    /// - Throws: ``SteadfastError/queueFull``, if that is what is to happen when there is no room.
    mutating func offer(_ message: Message) throws -> Int {
        switch outbox.offer(bytes: Int64(message.size)) {
        case .queued(let dropped):
            // The outbox has let go of them already.
            for _ in 0..<dropped { forgetFirst() }
            messages.append(message)
            bytes += message.size
            return Int(dropped)
        case .dropped: return 1
        case .refused: throw SteadfastError.queueFull
        }
    }

    /// The message that has waited longest, which waits no more.
    mutating func popFirst() -> Message? {
        guard let first = forgetFirst() else { return nil }
        outbox.take()
        return first
    }

    /// All that waits, in its order.
    mutating func removeAll() -> [Message] {
        var all: [Message] = []
        while let message = popFirst() { all.append(message) }
        return all
    }

    @discardableResult
    private mutating func forgetFirst() -> Message? {
        guard let first = messages.popFirst() else { return nil }
        bytes -= first.size
        return first
    }
}
