import SteadfastCore

extension SteadfastSocket {
    /// Asks a leg that carries messages for signs of life, until the task is cancelled. When, and which silence counts, are the core's rules.
    func watch(_ leg: Leg, _ ping: Ping) async {
        let pinger = Pinger(ping: SteadfastCore.Ping(every: ping.every, within: ping.within))
        while !Task.isCancelled {
            let heard = leg.heard
            let answered = ping.isAnswer == nil ? heard.alive : heard.answered
            let wait: Duration
            switch pinger.step(now: setup.now, heard: heard.alive, answered: answered, left: heard.left) {
            case .wait(let time): wait = time
            case .ask(let time):
                // It may wait behind other messages, and counts as asked all the same.
                ask(ping.message(), over: leg)
                wait = time
            case .silent:
                setup.core.connectionSilent(id: leg.id)
                continue
            }
            guard (try? await setup.clock.sleep(for: wait)) != nil else { return }
        }
    }
}
