extension Duration {
    /// In whole milliseconds, within what the engine's clock can hold: 0 to about 49 days.
    public var clampedMilliseconds: UInt32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (thousands, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        if overflow { return .max }
        return UInt32(clamping: thousands.addingReportingOverflow(attoseconds / 1_000_000_000_000_000).partialValue)
    }
}
