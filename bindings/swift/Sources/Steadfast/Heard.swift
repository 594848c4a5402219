/// What has been heard on a connection, and what the engine was told of it. Times are those of the link's clock, in milliseconds.
struct Heard {
    /// The engine is told no more often than this. It need not know of each message.
    static let reportEvery: Int64 = 250

    /// When something last arrived, if anything has.
    private(set) var arrived: Int64?
    /// When there was last a sign of life, or none could be expected before.
    private(set) var alive: Int64
    /// When a ping was last answered, or could not have been.
    private(set) var answered: Int64
    /// When something that was sent last left, or nothing could have before.
    private(set) var left: Int64
    /// When what has arrived last waited for a reader, and nothing else was read.
    private var heldBack: Int64?
    private var reported: Int64?
    private var sentReported: Int64?

    init(since now: Int64) {
        (alive, answered, left) = (now, now, now)
    }

    /// The connection takes over.
    mutating func begin(at now: Int64) {
        (alive, answered, left) = (now, now, now)
    }

    /// Something has arrived. Returns whether the engine is to be told.
    mutating func arrived(at now: Int64, isAnswer: Bool) -> Bool {
        heldBack = nil
        (arrived, alive) = (now, now)
        if isAnswer { answered = now }
        if let reported, now < reported + Self.reportEvery { return false }
        reported = now
        return true
    }

    /// Something is about to be sent: its answer may be there before the send is done. Returns whether the engine is to be told. If so, the next
    /// arrival is reported too.
    mutating func sending(at now: Int64) -> Bool {
        if let sentReported, now < sentReported + Self.reportEvery { return false }
        sentReported = now
        reported = nil
        return true
    }

    /// Something that was sent has left.
    mutating func sent(at now: Int64) {
        left = now
    }

    /// The app is slow. The engine is told in any case.
    mutating func holdBack(at now: Int64) {
        heldBack = now
        (arrived, alive, answered, reported) = (now, now, now, now)
    }

    /// Whether nothing was read until just now: what breaks then, the platform has broken for want of a sign of life that nobody read.
    func isHeldBack(at now: Int64) -> Bool {
        heldBack.map { now < $0 + 5_000 } ?? false
    }
}
