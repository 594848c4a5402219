import Foundation
import Steadfast

/// A world in which time passes only when it is told to. It is the transport of a link.
///
/// All jobs of Swift's concurrency run on the thread that calls ``settle()``, one after the other, so that nothing depends on how fast
/// threads are.
final class VirtualWorld: Transport, @unchecked Sendable {
    struct BegunCheck: Equatable {
        let atMs: Int64
        let endpoint: String
        let timeoutMs: Int64
    }

    private struct Timer {
        let number: Int
        let due: Int64
        let done: CheckedContinuation<Void, Never>
    }

    // Everything is touched by the one thread only.
    private(set) var time: Int64 = 0
    private(set) var begun: [BegunCheck] = []
    /// How many checks of each endpoint have begun.
    private var numbers: [String: Int64] = [:]
    private var timers: [Timer] = []
    /// By endpoint and number: several of one endpoint may be under way.
    private var checks: [String: CheckedContinuation<Outcome, any Error>] = [:]
    private var number = 0

    func now() -> ClockReading {
        ClockReading(monotonic: time, wall: time, date: time)
    }

    func check(_ endpoint: Endpoint, timeout: Duration) async throws -> Outcome {
        begun.append(BegunCheck(atMs: time, endpoint: endpoint.name, timeoutMs: timeout.wholeMilliseconds))
        numbers[endpoint.name, default: 0] += 1
        let own = Self.key(endpoint.name, numbers[endpoint.name, default: 0])
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { done in
                if Task.isCancelled { return done.resume(throwing: CancellationError()) }
                checks[own] = done
            }
        } onCancel: {
            checks.removeValue(forKey: own)?.resume(throwing: CancellationError())
        }
    }

    private static func key(_ endpoint: String, _ number: Int64) -> String { "\(endpoint) \(number)" }

    func sleep(for duration: Duration) async throws {
        number += 1
        let own = number
        let due = time + duration.wholeMilliseconds
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
    var nextTimer: Int64? { timers.map(\.due).min() }

    func isChecking(_ endpoint: String, _ number: Int64) -> Bool { checks[Self.key(endpoint, number)] != nil }

    func answer(_ endpoint: String, _ number: Int64, _ outcome: Outcome) {
        guard let check = checks.removeValue(forKey: Self.key(endpoint, number)) else { fatalError("\(endpoint) is not being checked") }
        check.resume(returning: outcome)
        settle()
    }

    func fireTimer() {
        guard let index = timers.indices.min(by: { timers[$0].due < timers[$1].due }) else { fatalError("there is no timer") }
        timers.remove(at: index).done.resume()
        settle()
    }

    func advance(to at: Int64) {
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
