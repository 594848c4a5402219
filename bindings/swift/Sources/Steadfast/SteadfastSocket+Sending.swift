import SteadfastCore

/// What is sent, and when. One writer for each leg takes a message after the other: what it has taken is never sent again.
extension SteadfastSocket {
    /// Lets the open connection take a message, or the queue.
    func hand(_ sender: Sender) async throws -> Bool {
        try await withTaskCancellationHandler {
            try await sender.outcome {
                locked.withLock { state in
                    switch state.phase {
                    case .none: sender.settle(Result { try queue(sender.message, &state) })
                    case .closed: sender.settle(.failure(SteadfastError.socketClosed))
                    case .flushing(let leg), .open(let leg): enqueue(sender, leg, &state)
                    }
                }
            }
        } onCancel: {
            // Not here: senders are settled under the lock, and would wait for their cancellation, which would wait for the lock.
            Task {
                let waiting = locked.withLock { state in state.senders.removeFirst { $0 === sender } }
                waiting?.settle(.failure(CancellationError()))
            }
        }
    }

    /// Lets a leg ask for a sign of life, behind what is being sent over it. While one ping waits for that, another would say no more.
    func ask(_ message: Message, over leg: Leg) {
        locked.withLock { state in
            guard state.phase.leg === leg, !state.senders.contains(where: \.isPing) else { return }
            enqueue(Sender(message, isPing: true), leg, &state)
        }
    }

    private func enqueue(_ sender: Sender, _ leg: Leg, _ state: inout State) {
        if Task.isCancelled { return sender.settle(.failure(CancellationError())) }
        guard let writer = state.writer else { return state.senders.append(sender) }
        state.writer = nil
        leg.take(from: sender)
        writer.resume(returning: sender.message)
    }

    /// Lets a message wait for a connection. Returns that none has taken it.
    private func queue(_ message: Message, _ state: inout State) throws -> Bool {
        state.news.dropped += try state.queue.offer(message)
        note(&state)
        return false
    }

    /// Sends over a leg for as long as it carries messages.
    func write(_ leg: Leg, _ webSocket: any WebSocket) async {
        while let message = await next(for: leg) {
            do {
                if leg.noteSending(at: setup.now) { setup.core.connectionSent(id: leg.id) }
                try await webSocket.send(message)
                leg.noteSent(at: setup.now)
                leg.settleSender()
            } catch {
                return await failed(leg, error)
            }
        }
    }

    /// The next message for a leg; `nil` once another one carries messages, or none.
    private func next(for leg: Leg) async -> Message? {
        await withCheckedContinuation { waiting in
            locked.withLock { state in
                guard state.phase.leg === leg else { return waiting.resume(returning: nil) }
                if let message = state.queue.popFirst() {
                    note(&state)
                    return waiting.resume(returning: message)
                }
                if case .flushing = state.phase { opened(leg, &state) }
                guard let sender = state.senders.popFirst() else { return state.writer = waiting }
                leg.take(from: sender)
                waiting.resume(returning: sender.message)
            }
        }
    }

    /// A leg cannot be written to. Why it ended is for its reader to tell, which hears of a close code; unless that is held back, or hears nothing.
    private func failed(_ leg: Leg, _ error: any Error) async {
        if !leg.heard.isHeldBack(at: setup.now) { try? await setup.clock.sleep(for: Self.closeWithin) }
        ended(leg, LegEnd(error, wasHeldBack: leg.heard.isHeldBack(at: setup.now)))
    }

    /// All that has waited was handed to a leg, and what is sent goes to it.
    func opened(_ leg: Leg, _ state: inout State) {
        if state.news.isPending { tellOfQueue(&state) }
        enter(.open(leg), &state)
        happenings.send(.opened(endpoint: leg.endpoint.name))
    }

    /// No leg carries messages any more: what was to be sent waits for the next one.
    func lose(_ state: inout State) {
        dismissWriter(&state)
        enter(.none, &state)
        for sender in state.senders.removeAll() {
            sender.settle(Result { try queue(sender.message, &state) })
        }
    }

    /// The leg that has carried messages takes no more of them. A ping that waits was meant for it alone.
    func dismissWriter(_ state: inout State) {
        _ = state.senders.removeFirst(where: \.isPing)
        state.phase.leg?.settleSender()
        state.writer?.resume(returning: nil)
        state.writer = nil
    }

    /// Tells of the queue soon, once for all that changes until then.
    func note(_ state: inout State) {
        guard state.phase.state != .closed, !state.news.isPending else { return }
        state.news.isPending = true
        Task {
            locked.withLock { state in
                if state.news.isPending { tellOfQueue(&state) }
            }
        }
    }

    func tellOfQueue(_ state: inout State) {
        happenings.send(.queue(messages: state.queue.count, bytes: state.queue.bytes, dropped: state.news.dropped))
        state.news = QueueNews()
    }
}
