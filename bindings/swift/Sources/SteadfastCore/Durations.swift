extension Duration {
    /// In whole milliseconds; the most or least that there are if it is beyond.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (thousands, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        let (sum, beyond) = thousands.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return overflow || beyond ? (seconds < 0 ? .min : .max) : sum
    }
}
