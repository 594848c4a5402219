/// A message that somebody sends over the open connection, and waits until that has taken it.
final class Sender: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Bool, any Error>)
        case done(Result<Bool, any Error>)
    }

    let message: Message
    /// It asks one connection for a sign of life, and means nothing to another one.
    let isPing: Bool
    private let state = Locked(State.idle)

    init(_ message: Message, isPing: Bool = false) {
        self.message = message
        self.isPing = isPing
    }

    /// What became of it: whether a connection took it.
    ///
    /// - Parameter begin: Called once somebody waits.
    func outcome(after begin: () -> Void) async throws -> Bool {
        try await withCheckedThrowingContinuation { waiting in
            let done: Result<Bool, any Error>? = state.withLock { state in
                if case .done(let result) = state { return result }
                state = .waiting(waiting)
                return nil
            }
            if let done { waiting.resume(with: done) } else { begin() }
        }
    }

    /// Says what became of it. Only the first word counts.
    func settle(_ result: Result<Bool, any Error>) {
        let waiting: CheckedContinuation<Bool, any Error>? = state.withLock { state in
            switch state {
            case .done: return nil
            case .idle:
                state = .done(result)
                return nil
            case .waiting(let waiting):
                state = .done(result)
                return waiting
            }
        }
        waiting?.resume(with: result)
    }
}
