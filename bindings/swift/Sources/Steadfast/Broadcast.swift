import Foundation

/// Values for any number of `AsyncStream`s. One that falls behind by more than ``kept`` values misses the oldest.
final class Broadcast<Value: Sendable>: Sendable {
    private static var kept: Int { 256 }

    private struct State {
        var streams: [Int: AsyncStream<Value>.Continuation] = [:]
        var next = 0
        var finished = false
        /// What was sent before there was a stream, if the first one is to bring it.
        var early: [Value]?
    }

    private let state: Locked<State>

    /// - Parameter keepsEarly: The first stream begins with what was sent before it.
    init(keepsEarly: Bool = false) {
        state = Locked(State(early: keepsEarly ? [] : nil))
    }

    /// A stream of what is sent from now on, after what is the `first` at this moment.
    func stream(beginningWith first: () -> Value? = { nil }) -> AsyncStream<Value> {
        let (stream, continuation) = AsyncStream.makeStream(of: Value.self, bufferingPolicy: .bufferingNewest(Self.kept))
        let number: Int? = state.withLock { state in
            for value in state.early ?? [] { continuation.yield(value) }
            state.early = nil
            if state.finished { return nil }
            state.next += 1
            state.streams[state.next] = continuation
            return state.next
        }
        // Only now, or what is sent meanwhile would be missed.
        if let first = first() { continuation.yield(first) }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [state] _ in
            _ = state.withLock { $0.streams.removeValue(forKey: number) }
        }
        return stream
    }

    func send(_ value: Value) {
        let streams = state.withLock { state in
            state.early?.append(value)
            if let count = state.early?.count, count > Self.kept { state.early?.removeFirst() }
            return Array(state.streams.values)
        }
        for continuation in streams {
            continuation.yield(value)
        }
    }

    func finish() {
        let streams = state.withLock { state in
            state.finished = true
            return Array(state.streams.values)
        }
        // Each takes itself out of the state as it ends.
        streams.forEach { $0.finish() }
    }
}

/// A value that is only touched under its lock.
final class Locked<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) {
        self.value = value
    }

    func withLock<Result>(_ work: (inout Value) throws -> Result) rethrows -> Result {
        try lock.withLock { try work(&value) }
    }
}
