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

    /// Readers wait only while nothing is kept, and senders only while there is no room.
    private struct State {
        var kept: [Message] = []
        var readers: [Reader] = []
        var senders: [Sender] = []
        var numbers = 0
        var ended = false

        mutating func number() -> Int {
            numbers += 1
            return numbers
        }
    }

    private let capacity: Int
    private let state = Locked(State())

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// What arrives, for one reader. It ends when the mailbox does, once what is kept has been read.
    var messages: AsyncStream<Message> {
        AsyncStream(unfolding: { await self.next() }, onCancel: { self.finish() })
    }

    /// Brings a message, and returns once it is taken or kept. It is dropped if the mailbox has ended, or if the task is cancelled.
    func send(_ message: Message) async {
        let number = state.withLock { $0.number() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiting in
                let wake: () -> Void = state.withLock { state in
                    if state.ended || Task.isCancelled { return { waiting.resume() } }
                    if !state.readers.isEmpty {
                        let reader = state.readers.removeFirst()
                        return {
                            reader.waiting.resume(returning: message)
                            waiting.resume()
                        }
                    }
                    if state.kept.count < capacity {
                        state.kept.append(message)
                        return { waiting.resume() }
                    }
                    state.senders.append(Sender(number: number, message: message, waiting: waiting))
                    return {}
                }
                wake()
            }
        } onCancel: {
            let sender = state.withLock { state in
                state.senders.firstIndex { $0.number == number }.map { state.senders.remove(at: $0) }
            }
            sender?.waiting.resume()
        }
    }

    /// The next message; `nil` once there are no more, or if the task is cancelled.
    func next() async -> Message? {
        let number = state.withLock { $0.number() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiting in
                let wake: () -> Void = state.withLock { state in
                    if !state.kept.isEmpty {
                        let message = state.kept.removeFirst()
                        let sender = state.senders.isEmpty ? nil : state.senders.removeFirst()
                        if let sender { state.kept.append(sender.message) }
                        return {
                            sender?.waiting.resume()
                            waiting.resume(returning: message)
                        }
                    }
                    if state.ended || Task.isCancelled { return { waiting.resume(returning: nil) } }
                    state.readers.append(Reader(number: number, waiting: waiting))
                    return {}
                }
                wake()
            }
        } onCancel: {
            let reader = state.withLock { state in
                state.readers.firstIndex { $0.number == number }.map { state.readers.remove(at: $0) }
            }
            reader?.waiting.resume(returning: nil)
        }
    }

    /// Takes no more messages; those who wait wait no longer.
    func finish() {
        let (readers, senders) = state.withLock { state in
            defer { (state.ended, state.readers, state.senders) = (true, [], []) }
            return (state.readers, state.senders)
        }
        readers.forEach { $0.waiting.resume(returning: nil) }
        senders.forEach { $0.waiting.resume() }
    }
}
