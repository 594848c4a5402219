/// Hands messages to a reader and keeps some of them; whoever brings one more waits until there is room.
///
/// Nobody polls: the reader who makes room wakes a sender, and a message wakes a reader.
final class Mailbox<Message: Sendable>: Sendable {
    private struct Reader {
        let number: Int
        let waiting: CheckedContinuation<Message?, Never>
    }

    private struct Sender {
        let number: Int
        let message: Message
        let waiting: CheckedContinuation<Void, Never>
    }

    /// Readers wait only while nothing is there, and senders only while there is no room.
    private struct State {
        var kept = Fifo<Message>()
        var readers = Fifo<Reader>()
        var senders = Fifo<Sender>()
        var numbers = 0
        var ended = false

        mutating func number() -> Int {
            numbers += 1
            return numbers
        }

        /// Hands over a message or keeps it, if there is a reader or room.
        mutating func put(_ message: Message, capacity: Int) -> Bool {
            if ended { return true }
            if let reader = readers.popFirst() {
                reader.waiting.resume(returning: message)
                return true
            }
            guard kept.count < capacity else { return false }
            kept.append(message)
            return true
        }

        /// The next message, and room for another one.
        mutating func take() -> Message? {
            let sender = senders.popFirst()
            sender?.waiting.resume()
            guard let first = kept.popFirst() else { return sender?.message }
            if let sender { kept.append(sender.message) }
            return first
        }
    }

    private let capacity: Int
    private let state = Locked(State())

    /// - Parameter capacity: How many messages are kept. With none, whoever brings one waits until it is read.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// What arrives, for one reader. It ends when the mailbox does, once what is kept has been read; and the mailbox ends when nobody holds the
    /// stream any more.
    var messages: AsyncStream<Message> {
        let end = EndOfReading(of: self)
        return AsyncStream(unfolding: { await end.mailbox.next() }, onCancel: { end.mailbox.finish() })
    }

    /// Ends a mailbox when its stream is let go of: whoever brings a message would wait for ever.
    private final class EndOfReading: Sendable {
        let mailbox: Mailbox

        init(of mailbox: Mailbox) {
            self.mailbox = mailbox
        }

        deinit {
            mailbox.finish()
        }
    }

    /// Brings a message if nobody has to wait for that. It is dropped if the mailbox has ended.
    func offer(_ message: Message) -> Bool {
        state.withLock { $0.put(message, capacity: capacity) }
    }

    /// Brings a message, and returns once it is taken or kept. It is dropped if the mailbox has ended, or if the task is cancelled.
    func send(_ message: Message) async {
        if !Task.isCancelled, offer(message) { return }
        let number = state.withLock { $0.number() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiting in
                state.withLock { state in
                    if Task.isCancelled || state.put(message, capacity: capacity) { return waiting.resume() }
                    state.senders.append(Sender(number: number, message: message, waiting: waiting))
                }
            }
        } onCancel: {
            let sender = state.withLock { state in state.senders.removeFirst { $0.number == number } }
            sender?.waiting.resume()
        }
    }

    /// The next message; `nil` once there are no more, or if the task is cancelled.
    func next() async -> Message? {
        if let message = state.withLock({ $0.take() }) { return message }
        let number = state.withLock { $0.number() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiting in
                state.withLock { state in
                    if let message = state.take() { return waiting.resume(returning: message) }
                    if state.ended || Task.isCancelled { return waiting.resume(returning: nil) }
                    state.readers.append(Reader(number: number, waiting: waiting))
                }
            }
        } onCancel: {
            let reader = state.withLock { state in state.readers.removeFirst { $0.number == number } }
            reader?.waiting.resume(returning: nil)
        }
    }

    /// Takes no more messages; those who wait wait no longer.
    func finish() {
        let (readers, senders) = state.withLock { state in
            state.ended = true
            return (state.readers.removeAll(), state.senders.removeAll())
        }
        readers.forEach { $0.waiting.resume(returning: nil) }
        senders.forEach { $0.waiting.resume() }
    }
}
