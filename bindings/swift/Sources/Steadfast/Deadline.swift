import SteadfastCore

/// Does `work`, and throws ``SteadfastError/notInTime(_:)`` if that takes longer than the `limit`. What is late is cancelled and not waited for: it
/// may not listen.
func within<Result: Sendable>(
    _ limit: Duration, on clock: any Transport, _ what: String, _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    let race = Race<Result>()
    let working = Task {
        do { race.end(.success(try await work())) } catch { race.end(.failure(error)) }
    }
    let waiting = Task {
        try? await clock.sleep(for: limit)
        race.end(.failure(SteadfastError.notInTime(what)))
    }
    defer {
        working.cancel()
        waiting.cancel()
    }
    return try await withTaskCancellationHandler {
        try await race.result
    } onCancel: {
        race.end(.failure(CancellationError()))
    }
}

/// The first of several results.
private final class Race<Value: Sendable>: Sendable {
    private enum State {
        case running
        case awaited(CheckedContinuation<Value, any Error>)
        case over(Result<Value, any Error>)
    }

    private let state = Locked(State.running)

    var result: Value {
        get async throws {
            try await withCheckedThrowingContinuation { waiting in
                state.withLock { state in
                    if case .over(let result) = state { return waiting.resume(with: result) }
                    state = .awaited(waiting)
                }
            }
        }
    }

    func end(_ result: Result<Value, any Error>) {
        state.withLock { state in
            if case .over = state { return }
            if case .awaited(let waiting) = state { waiting.resume(with: result) }
            state = .over(result)
        }
    }
}
