/// Hands messages to a reader and keeps some of them; whoever brings one more waits until there is room.
///
/// Nobody polls: the reader who makes room wakes a sender, and a message wakes a reader.
final class Mailbox<Message: Sendable>: Sendable {
    private struct Reader {
        let number: Int
        let waiting: CheckedContinuation<Void, Never>
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
        /// What is there for readers who were woken and have not come for it yet, by their numbers. It can be given to another one still.
        var handed: [Int: Message] = [:]
        var senders = Fifo<Sender>()
        /// Whoever is to be woken.
        var woken: [CheckedContinuation<Void, Never>] = []
        var numbers = 0
        var ended = false

        mutating func number() -> Int {
            numbers += 1
            return numbers
        }

        /// Hands over a message or keeps it, if there is a reader or room.
        mutating func put(_ message: Message, capacity: Int) -> Bool {
            if ended || hand(message) { return true }
            guard kept.count < capacity else { return false }
            kept.append(message)
            return true
        }

        /// Wakes whoever waits for a message.
        mutating func hand(_ message: Message) -> Bool {
            guard let reader = readers.popFirst() else { return false }
            handed[reader.number] = message
            woken.append(reader.waiting)
            return true
        }

        /// A reader waits no longer: what was there for them is the next one's.
        mutating func leave(_ number: Int) {
            if let reader = readers.removeFirst(where: { $0.number == number }) { woken.append(reader.waiting) }
            guard let message = handed.removeValue(forKey: number), !hand(message) else { return }
            kept.prepend(message)
        }

        /// The next message, and room for another one.
        mutating func take(capacity: Int) -> Message? {
            guard let first = kept.popFirst() else { return takeFromSender() }
            if kept.count < capacity, let another = takeFromSender() { kept.append(another) }
            return first
        }

        private mutating func takeFromSender() -> Message? {
            guard let sender = senders.popFirst() else { return nil }
            woken.append(sender.waiting)
            return sender.message
        }
    }

    private let capacity: Int
    private let state = Locked(State())

    /// - Parameter capacity: How many messages are kept. With none, whoever brings one waits until it is read.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Changes the state, and wakes whoever is to be woken, without the lock: the one who cancels a task waits for the lock, and whoever wakes the
    /// task would wait for the one who cancels it.
    private func change<Result>(_ work: (inout State) -> Result) -> Result {
        let (result, woken) = state.withLock { state in
            defer { state.woken = [] }
            return (work(&state), state.woken)
        }
        woken.forEach { $0.resume() }
        return result
    }

    /// Brings a message if nobody has to wait for that. It is dropped if the mailbox has ended.
    func offer(_ message: Message) -> Bool {
        change { $0.put(message, capacity: capacity) }
    }

    /// Brings a message, and returns once it is taken or kept. It is dropped if the mailbox has ended, or if the task is cancelled.
    func send(_ message: Message) async {
        if !Task.isCancelled, offer(message) { return }
        let number = state.withLock { $0.number() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiting in
                change { state in
                    if Task.isCancelled || state.put(message, capacity: capacity) { return state.woken.append(waiting) }
                    state.senders.append(Sender(number: number, message: message, waiting: waiting))
                }
            }
        } onCancel: {
            change { state in
                if let sender = state.senders.removeFirst(where: { $0.number == number }) { state.woken.append(sender.waiting) }
            }
        }
    }

    /// The next message; `nil` once there are no more, or if the task is cancelled. A task that is cancelled takes no message.
    func next() async -> Message? {
        if Task.isCancelled { return nil }
        let (message, number) = change { ($0.take(capacity: capacity), $0.number()) }
        if let message { return message }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiting in
                change { state in
                    if Task.isCancelled { return state.woken.append(waiting) }
                    state.handed[number] = state.take(capacity: capacity)
                    if state.ended || state.handed[number] != nil { return state.woken.append(waiting) }
                    state.readers.append(Reader(number: number, waiting: waiting))
                }
            }
        } onCancel: {
            change { $0.leave(number) }
        }
        return state.withLock { $0.handed.removeValue(forKey: number) }
    }

    /// Takes no more messages; those who wait wait no longer. What senders have brought is kept, as it was there before the end.
    func finish() {
        change { state in
            state.ended = true
            let senders = state.senders.removeAll()
            for sender in senders { state.kept.append(sender.message) }
            state.woken += senders.map(\.waiting) + state.readers.removeAll().map(\.waiting)
        }
    }
}

/// The reading end of a mailbox. The mailbox ends when nobody holds this or a stream of it any more: whoever brings a message would wait for ever.
final class Reading<Message: Sendable>: Sendable {
    private let mailbox: Mailbox<Message>

    init(of mailbox: Mailbox<Message>) {
        self.mailbox = mailbox
    }

    deinit {
        mailbox.finish()
    }

    /// What arrives, for a reader. It ends when the mailbox does, once what is kept has been read, or when the reader's task is cancelled; the
    /// next stream goes on where this one has ended.
    var stream: AsyncStream<Message> {
        AsyncStream(unfolding: { [self] in await mailbox.next() })
    }
}
