/// How far a run is, how fast it goes, and which attribute took longest.
struct RunEstimate {
    private let begin: UInt64
    private var slowest: (attribute: String, nanoseconds: UInt64)?

    /// Fewer attributes than this say nothing about the rate, because the first one has the common part of all.
    private static let fewestAttributes = 100

    /// - Parameter begin: the monotonic time, in nanoseconds, at which the run began.
    init(begin: UInt64) { self.begin = begin }

    /// Takes what the visit of an attribute took.
    mutating func note(_ line: WalkLine) {
        guard let time = line.details.stats?.wallNs, time > slowest?.nanoseconds ?? 0 else { return }
        slowest = (line.attribute.isEmpty ? "the top" : line.attribute, time)
    }

    /// The state of a run on one line.
    func text(_ queue: AttributeQueue, now: UInt64) -> String {
        var parts = ["\(queue.derivations) derivations, \(queue.errors) errors"]
        let left = queue.waitingCount + queue.runningPaths
        parts.append("\(left) attributes left, \(queue.runningBatches) jobs run")
        let seconds = Double(now &- begin) / 1e9
        if queue.visited >= Self.fewestAttributes, seconds > 0 {
            let rate = Double(queue.visited) / seconds
            parts.append("\(Int(rate.rounded()))/s, \(Self.time(Double(left) / rate)) left")
        }
        if let slowest { parts.append("longest: \(slowest.attribute) \(Self.time(Double(slowest.nanoseconds) / 1e9))") }
        return parts.joined(separator: "; ")
    }

    /// Seconds with one digit after the point, or minutes and seconds.
    static func time(_ seconds: Double) -> String {
        if seconds < 60 {
            let tenths = Int((seconds * 10).rounded())
            return "\(tenths / 10).\(tenths % 10) s"
        }
        let whole = Int(min(seconds.rounded(), 1e9))
        return "\(whole / 60) min \(whole % 60) s"
    }
}
