import SteadfastCore

/// What the engine asks for, and what becomes of a leg: opened, read, closed, reported.
extension SteadfastSocket {
    /// Whether a leg of this number is its own.
    func carries(_ id: Int64) -> Bool {
        locked.withLock { $0.legs[id] != nil }
    }

    /// Opens a leg.
    func open(_ id: Int64, _ endpoint: Endpoint) {
        let leg = Leg(id: id, endpoint: endpoint, at: setup.now)
        let isWanted = locked.withLock { state in
            if case .closed = state.phase { return false }
            state.legs[id] = leg
            return true
        }
        if isWanted { leg.run(Task { await self.live(leg) }) }
    }

    /// A leg's life.
    private func live(_ leg: Leg) async {
        do {
            let webSocket = try await setup.connect(leg)
            guard leg.opened(webSocket) else { return webSocket.cancel() }
            prepare(leg, webSocket)
            while true {
                let message = try await webSocket.receive()
                await arrived(message, leg)
            }
        } catch {
            ended(leg, LegEnd(error, wasHeldBack: leg.heard.isHeldBack(at: setup.now)))
            leg.end()
        }
    }

    /// Reports that a leg is open; before that, if it is to take over from an open one, the app may prepare it.
    private func prepare(_ leg: Leg, _ webSocket: any WebSocket) {
        let from = locked.withLock { $0.phase.leg?.endpoint }
        guard let prepare = setup.options.onMigrate, let from else { return setup.core.connectionOpened(id: leg.id) }
        let migration = Migration(from: from, to: leg.endpoint, leg: leg, webSocket: webSocket)
        leg.enter(.preparing)
        setup.core.connectionAwaitsApp(id: leg.id)
        leg.accompany(Task { [setup] in
            do {
                try await prepare(migration)
                setup.core.connectionOpened(id: leg.id)
            } catch {
                ended(leg, LegEnd(AppFault(error: error), wasHeldBack: false))
            }
        })
    }

    private func arrived(_ message: Message, _ leg: Leg) async {
        let isAnswer = setup.options.ping?.isAnswer?(message) ?? false
        if leg.hear(at: setup.now, isAnswer: isAnswer) { setup.core.connectionActive(id: leg.id) }
        if isAnswer || leg.inbox.offer(message) { return }
        // Full: this connection is not read on, and TCP tells the server. Neither is to blame for the silence.
        leg.holdBack(at: setup.now)
        let telling = Task { [setup] in
            while (try? await setup.clock.sleep(for: .milliseconds(Heard.reportEvery))) != nil, !Task.isCancelled {
                leg.holdBack(at: setup.now)
                setup.core.connectionActive(id: leg.id)
            }
        }
        await leg.inbox.send(message)
        telling.cancel()
    }

    /// Lets a leg take over.
    func promote(_ id: Int64) {
        locked.withLock { state in
            guard let leg = state.legs[id], let webSocket = leg.takeOver(at: setup.now) else { return }
            dismissWriter(&state)
            deliver(leg, &state)
            if case .open(let before) = state.phase {
                enter(.open(leg), &state)
                happenings.send(.moved(from: before.endpoint.name, to: leg.endpoint.name))
            } else {
                enter(.flushing(leg), &state)
                if state.queue.isEmpty { opened(leg, &state) }
            }
            leg.run(Task { await self.write(leg, webSocket) })
            if let ping = setup.options.ping { leg.accompany(Task { await self.watch(leg, ping) }) }
        }
    }

    /// Delivers what arrives over a leg, once all of those before it has been delivered.
    private func deliver(_ leg: Leg, _ state: inout State) {
        // Without the socket: one that nobody holds any more, and nobody reads, can go.
        let (earlier, inbox, received) = (state.delivery, leg.inbox, received)
        state.delivery = Task {
            await earlier?.value
            while let message = await inbox.next() { await received.send(message) }
        }
    }

    /// Closes a leg that the engine wants no more.
    func release(_ id: Int64, _ reason: DisconnectReason) {
        // The link has ended.
        if case .stopped = reason { return end() }
        let leg: Leg? = locked.withLock { state in
            guard let leg = state.legs.removeValue(forKey: id) else { return nil }
            if state.phase.leg === leg { lose(&state) }
            if case .timeout = reason {
                let (to, awaits) = (leg.endpoint.name, leg.awaits)
                let error = SteadfastError.notInTime(awaits.name)
                if state.phase.leg == nil {
                    happenings.send(.lost(endpoint: to, code: nil, reason: "", error: error))
                } else if awaits.isApp {
                    happenings.send(.moveFailed(to: to, error: error))
                }
            }
            return leg
        }
        if let leg { close(leg) }
    }

    /// Closes a leg. What its server had sent is delivered if it has ever carried messages.
    private func close(_ leg: Leg) {
        var limit = Self.closeWithin
        if leg.hasTakenOver {
            let heard = leg.heard.arrived.map { Duration.milliseconds(setup.now - $0) }
            limit = setup.core.drainLimit(endpoint: leg.endpoint.name, heard: heard)
        } else {
            leg.inbox.finish()
        }
        leg.close(code: 1000, reason: "", within: limit, clock: setup.clock)
    }

    /// A leg has ended, or did not open. Only the first report counts.
    func ended(_ leg: Leg, _ end: LegEnd) {
        let stop: StopReason?? = locked.withLock { state in
            guard state.legs[leg.id] === leg else { return nil }
            state.legs[leg.id] = nil
            // Beside an open one, what a server does is the engine's concern alone.
            guard state.phase.leg == nil || state.phase.leg === leg else {
                if end.isAppFault, let error = end.error { happenings.send(.moveFailed(to: leg.endpoint.name, error: error)) }
                return .some(nil)
            }
            happenings.send(.lost(endpoint: leg.endpoint.name, code: end.code, reason: end.reason, error: end.error))
            if state.phase.leg === leg { lose(&state) }
            return .some(end.stopReason(setup.options.stopCodes))
        }
        guard let stop else { return }
        setup.core.connectionClosed(id: leg.id, code: end.reported)
        close(leg)
        if let stop { self.stop(stop) }
    }
}
