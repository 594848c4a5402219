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
        for await number in mailbox.messages { read.append(number) }
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
        XCTAssertEqual(rest, [1, nil])
    }
}
