import FirnCommands
import NixStore

/// Makes the lines of derivations ready to be printed. What must have happened before a derivation is named to whoever
/// reads the lines, happens here.
actor JobReceiver {
    /// Nil if it was not asked for.
    private let cacheStatus: CacheStatus?
    /// Whether the lines have `inputDrvs` only for the cache status.
    private let hidesInputs: Bool
    private let showsStats: Bool

    /// - Parameters:
    ///   - checksCacheStatus: whether the Nix daemon is asked about each derivation.
    ///   - showsInputs: whether `inputDrvs` are printed.
    ///   - showsStats: whether `stats` are printed.
    /// - Throws: `CommandFailure` if there is no daemon.
    init(checksCacheStatus: Bool = false, showsInputs: Bool = false, showsStats: Bool = false) throws {
        cacheStatus = checksCacheStatus ? try CacheStatus() : nil
        self.showsStats = showsStats
        hidesInputs = checksCacheStatus && !showsInputs
    }

    /// The texts to print for derivations and errors.
    ///
    /// - Throws: `CommandFailure` if the cache status cannot be had.
    func texts(of lines: [WalkLine]) throws -> [String] {
        try lines.map { line in
            guard cacheStatus != nil, line.details.kind == .derivation else { return Self.text(line, showsStats) }
            return try complete(line.members(), line.details.stats).text
        }
    }

    /// The text to print for an aggregate.
    func text(of aggregate: AggregateRewriting.Rewritten, _ stats: WalkLine.Stats?) throws -> String {
        guard aggregate.line["error"] == nil else {
            return Self.withStats(aggregate.line, showsStats ? stats : nil).text
        }
        return try complete(aggregate.line, stats).text
    }

    private func complete(_ line: JSONValue, _ stats: WalkLine.Stats?) throws -> JSONValue {
        var line = line
        try cacheStatus?.add(to: &line)
        if hidesInputs { line["inputDrvs"] = nil }
        return Self.withStats(line, showsStats ? stats : nil)
    }

    /// A line as it came, with what it used behind its members.
    private static func text(_ line: WalkLine, _ showsStats: Bool) -> String {
        guard showsStats, let stats = line.details.stats else { return line.text }
        return line.text.dropLast() + ",\"stats\":\(object(stats).text)}"
    }

    private static func withStats(_ line: JSONValue, _ stats: WalkLine.Stats?) -> JSONValue {
        guard let stats else { return line }
        var line = line
        line["stats"] = object(stats)
        return line
    }

    private static func object(_ stats: WalkLine.Stats) -> JSONValue {
        .object([
            ("wallNs", .unsigned(stats.wallNs)), ("cpuNs", .unsigned(stats.cpuNs)), ("fuel", .unsigned(stats.fuel)),
            ("allocatedBytes", .unsigned(stats.allocatedBytes)),
        ])
    }
}
