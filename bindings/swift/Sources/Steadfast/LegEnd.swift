import SteadfastCore

/// How a leg has ended, or why it did not open.
struct LegEnd {
    /// The close code for the engine: none if the connection broke.
    let reported: UInt16?
    /// The server's close code.
    let code: Int?
    let reason: String
    /// The HTTP status by which the server refused the upgrade.
    let status: Int?
    /// What went wrong, unless the server closed the connection.
    let error: (any Error)?
    /// Whether a function of the app's own has failed.
    let isAppFault: Bool

    /// - Parameter wasHeldBack: Nothing was read, for the app was slow: what breaks then, the platform has broken.
    init(_ error: any Error, wasHeldBack: Bool) {
        let closed = error as? WebSocketClosed
        let fault = error as? AppFault
        isAppFault = fault != nil
        code = closed?.code
        reason = closed?.reason ?? ""
        status = (error as? UpgradeRefused)?.status
        self.error = closed == nil ? fault?.error ?? error : nil
        let isOurs = isAppFault || (closed == nil && wasHeldBack)
        // Who we are is refused, by a server that works: as a close code, by custom.
        let refused = status.flatMap { [401, 403].contains($0) ? 4000 + $0 : nil }
        reported = isOurs ? byAppCode() : (closed?.code ?? refused).map(UInt16.init(clamping:))
    }

    /// Why the socket stops for good, if it does.
    func stopReason(_ stopCodes: [Int]) -> StopReason? {
        let isFinal = isFinal(
            code: code.map(UInt16.init(clamping:)), status: status.map(UInt16.init(clamping:)), stopCodes: stopCodes.map(UInt16.init(clamping:)))
        guard isFinal else { return nil }
        return if let status { .unauthorized(status: status) } else { code.map(StopReason.closeCode) }
    }
}

/// What an app's own function threw.
struct AppFault: Error {
    let error: any Error

    /// Does `work`; what it throws is the app's fault.
    static func catching<Result>(_ work: () async throws -> Result) async throws -> Result {
        do { return try await work() } catch { throw AppFault(error: error) }
    }
}
