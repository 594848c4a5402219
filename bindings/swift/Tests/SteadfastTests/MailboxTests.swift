import XCTest

@testable import Steadfast

final class MailboxTests: XCTestCase {
    func testMessagesComeInTheirOrderAndTheRestAfterTheEnd() async {
        let mailbox = Mailbox<Int>(capacity: 2)
        let sending = Task {
            for number in 1...100 { await mailbox.send(number) }
            mailbox.finish()
        }
        var read: [Int] = []
        for await number in Reading(of: mailbox).stream { read.append(number) }
        XCTAssertEqual(read, Array(1...100))
        await sending.value
    }

    func testASenderWaitsUntilThereIsRoom() async throws {
        let mailbox = Mailbox<Int>(capacity: 1)
        await mailbox.send(1)
        let sent = Locked(false)
        let sending = Task {
            await mailbox.send(2)
            sent.withLock { $0 = true }
        }
        try await Task.sleep(for: .milliseconds(50))
        XCTAssertFalse(sent.withLock { $0 })
        let first = await mailbox.next()
        XCTAssertEqual(first, 1)
        await sending.value
        let second = await mailbox.next()
        XCTAssertEqual(second, 2)
    }

    func testWhoeverIsCancelledWaitsNoLonger() async {
        let mailbox = Mailbox<Int>(capacity: 1)
        let reading = Task { await mailbox.next() }
        reading.cancel()
        let nothing = await reading.value
        XCTAssertNil(nothing)
        await mailbox.send(1)
        let sending = Task { await mailbox.send(2) }
        sending.cancel()
        await sending.value
        let kept = await mailbox.next()
        XCTAssertEqual(kept, 1, "what was kept before is there, and what a cancelled task brought is not")
    }

    func testTheEndWakesWhoeverWaits() async throws {
        let (empty, full) = (Mailbox<Int>(capacity: 1), Mailbox<Int>(capacity: 1))
        await full.send(1)
        let reading = Task { await empty.next() }
        let sending = Task { await full.send(2) }
        try await Task.sleep(for: .milliseconds(20))
        empty.finish()
        full.finish()
        let nothing = await reading.value
        XCTAssertNil(nothing)
        await sending.value
        await full.send(3)
        let rest = [await full.next(), await full.next()]
        XCTAssertEqual(rest, [1, 2], "what was brought before the end is there, and nothing else")
        let end = await full.next()
        XCTAssertNil(end)
    }

    func testAReaderWhoIsCancelledTakesNothingFromTheNext() async {
        for capacity in [0, 1, 256] {
            let mailbox = Mailbox<Int>(capacity: capacity)
            let reading = Reading(of: mailbox)
            var read: [Int] = []
            for number in 0..<500 {
                let reader = Task { await collect(reading.stream) }
                if number % 2 == 0 { await Task.yield() }
                // It may be woken with the message, and is cancelled before it has come for it.
                let sending = Task { await mailbox.send(number) }
                if number % 3 == 0 { await sending.value }
                reader.cancel()
                read += await reader.value
                if read.count <= number, let message = await mailbox.next() { read.append(message) }
                await sending.value
            }
            XCTAssertEqual(read, Array(0..<500), "with room for \(capacity)")
        }
    }

    func testWhatIsTakenBackMakesNoRoomForMore() async {
        let mailbox = Mailbox<Int>(capacity: 0)
        let reader = Task { await mailbox.next() }
        while !mailbox.offer(1) { await Task.yield() }
        reader.cancel()
        let first = await reader.value
        XCTAssertFalse(mailbox.offer(2), "nobody reads")
        let next = first == nil ? await mailbox.next() : first
        XCTAssertEqual(next, 1)
        XCTAssertFalse(mailbox.offer(2))
    }

    func testItEndsOnceNobodyCanRead() async {
        let mailbox = Mailbox<Int>(capacity: 0)
        var reading: Reading<Int>? = Reading(of: mailbox)
        var stream = reading?.stream
        reading = nil
        XCTAssertFalse(mailbox.offer(1), "a stream is held still")
        let sending = Task { await mailbox.send(2) }
        withExtendedLifetime(stream) {}
        stream = nil
        await sending.value
        XCTAssertTrue(mailbox.offer(3), "it is dropped")
    }

    func testWhatIsPutFirstComesFirst() {
        var fifo = Fifo<Int>()
        fifo.prepend(1)
        for number in 2...9 { fifo.append(number) }
        for number in 1...3 { XCTAssertEqual(fifo.popFirst(), number) }
        fifo.prepend(3)
        XCTAssertEqual(fifo.count, 7)
        XCTAssertEqual(fifo.removeAll(), Array(3...9))
    }
}

/// All that a stream brings until it ends.
private func collect(_ stream: AsyncStream<Int>) async -> [Int] {
    var all: [Int] = []
    for await number in stream { all.append(number) }
    return all
}
