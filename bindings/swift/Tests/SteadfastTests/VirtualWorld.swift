import Foundation
import Steadfast

/// A world in which time passes only when it is told to. It is the transport of a link.
///
/// All jobs of Swift's concurrency run on the thread that calls ``settle()``, one after the other, so that nothing depends on how fast
/// threads are.
final class VirtualWorld: Transport, @unchecked Sendable {
    struct BegunCheck: Equatable {
        let atMs: UInt64
        let endpoint: String
        let timeoutMs: UInt32
    }

    private struct Timer {
        let number: Int
        let due: UInt64
        let done: CheckedContinuation<Void, Never>
    }

    // Everything is touched by the one thread only.
    private(set) var time: UInt64 = 0
    private(set) var begun: [BegunCheck] = []
    private var timers: [Timer] = []
    private var checks: [String: (number: Int, done: CheckedContinuation<Outcome, any Error>)] = [:]
    private var number = 0

    func now() -> ClockReading {
        ClockReading(monotonic: time, wall: time)
    }

    func check(_ endpoint: Endpoint, timeout: Duration) async throws -> Outcome {
        begun.append(BegunCheck(atMs: time, endpoint: endpoint.name, timeoutMs: timeout.clampedMilliseconds))
        number += 1
        let own = number
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { done in
                if Task.isCancelled { return done.resume(throwing: CancellationError()) }
                checks[endpoint.name] = (own, done)
            }
        } onCancel: {
            if let check = checks[endpoint.name], check.number == own {
                checks[endpoint.name] = nil
                check.done.resume(throwing: CancellationError())
            }
        }
    }

    func sleep(for duration: Duration) async throws {
        number += 1
        let own = number
        let due = time + UInt64(duration.clampedMilliseconds)
        await withTaskCancellationHandler {
            await withCheckedContinuation { done in
                if Task.isCancelled { return done.resume() }
                timers.append(Timer(number: own, due: due, done: done))
            }
        } onCancel: {
            if let index = timers.firstIndex(where: { $0.number == own }) {
                timers.remove(at: index).done.resume()
            }
        }
    }

    /// When the next timer of the engine is due.
    var nextTimer: UInt64? { timers.map(\.due).min() }

    func isChecking(_ endpoint: String) -> Bool { checks[endpoint] != nil }

    func answer(_ endpoint: String, _ outcome: Outcome) {
        guard let check = checks.removeValue(forKey: endpoint) else { fatalError("\(endpoint) is not being checked") }
        check.done.resume(returning: outcome)
        settle()
    }

    func fireTimer() {
        guard let index = timers.indices.min(by: { timers[$0].due < timers[$1].due }) else { fatalError("there is no timer") }
        timers.remove(at: index).done.resume()
        settle()
    }

    func advance(to at: UInt64) {
        time = max(time, at)
    }

    /// Runs all that can run at this moment.
    func settle() {
        TestExecutor.runAll()
    }
}

/// Takes the place of Swift's global executor: jobs wait until the test runs them.
enum TestExecutor {
    nonisolated(unsafe) private static var jobs: [UnownedJob] = []

    private typealias Original = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void

    private static var hook: UnsafeMutablePointer<Hook?> {
        guard let symbol = dlsym(dlopen(nil, 0), "swift_task_enqueueGlobal_hook") else { fatalError("this Swift runtime has no hook") }
        return symbol.assumingMemoryBound(to: Hook?.self)
    }

    /// Lets jobs wait while `work` runs.
    static func replacingTheGlobalOne<Result>(_ work: () throws -> Result) rethrows -> Result {
        hook.pointee = { job, _ in TestExecutor.jobs.append(job) }
        defer { hook.pointee = nil }
        return try work()
    }

    static func runAll() {
        while !jobs.isEmpty {
            jobs.removeFirst().runSynchronously(on: Here.shared.asUnownedSerialExecutor())
        }
    }

    private final class Here: SerialExecutor {
        static let shared = Here()

        func enqueue(_ job: consuming ExecutorJob) {
            TestExecutor.jobs.append(UnownedJob(job))
        }

        func asUnownedSerialExecutor() -> UnownedSerialExecutor {
            UnownedSerialExecutor(ordinary: self)
        }
    }
}
