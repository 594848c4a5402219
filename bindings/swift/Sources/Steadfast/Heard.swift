/// What has been heard on a connection, and what the engine was told of it. Times are those of the link's clock, in milliseconds.
struct Heard {
    /// The engine is told no more often than this: that something arrives is all it needs.
    static let reportEvery: Int64 = 250

    /// When something last arrived, if anything has.
    private(set) var arrived: Int64?
    /// When there was last a sign of life, or none could be expected before.
    private(set) var alive: Int64
    /// When a ping was last answered, or could not have been.
    private(set) var answered: Int64
    /// What has arrived waits for a reader, and nothing else is read.
    private(set) var isHeldBack = false
    private var reported: Int64?

    init(since now: Int64) {
        (alive, answered) = (now, now)
    }

    /// The connection takes over.
    mutating func begin(at now: Int64) {
        (alive, answered) = (now, now)
    }

    /// Something has arrived. Returns whether the engine is to be told.
    mutating func arrived(at now: Int64, isAnswer: Bool) -> Bool {
        isHeldBack = false
        (arrived, alive) = (now, now)
        if isAnswer { answered = now }
        if let reported, now < reported + Self.reportEvery { return false }
        reported = now
        return true
    }

    /// The app is slow. The engine is told in any case.
    mutating func holdBack(at now: Int64) {
        isHeldBack = true
        (arrived, alive, answered, reported) = (now, now, now, now)
    }
}
