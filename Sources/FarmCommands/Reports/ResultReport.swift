import FirnProtocol
import NixStore

/// Shows the result of a job.
enum ResultReport {
    /// The parts of a result as members of a JSON object.
    static func members(_ result: WireJobResult) -> [(String, JSONValue)] {
        var members: [(String, JSONValue)] = []
        if result.outcome == .ok {
            members.append(("value", .bytes([UInt8](result.value))))
            if UInt64(result.value.count) < result.valueBytes {
                members.append(("valueBytes", .unsigned(result.valueBytes)))
            }
        }
        if result.cached { members.append(("cached", .bool(true))) }
        if !result.preparedIdentity.isEmpty {
            members.append(("preparedIdentity", .bytes(Base16.encode([UInt8](result.preparedIdentity)))))
        }
        if result.hasFailure { members.append(("failure", FailureReport.json(result.failure))) }
        if !result.printed.isEmpty { members.append(("printed", .array(result.printed.map(printed)))) }
        if result.printedBytesDropped > 0 {
            members.append(("printedBytesDropped", .unsigned(result.printedBytesDropped)))
        }
        if !result.warnings.isEmpty { members.append(("warnings", .array(result.warnings.map(FailureReport.json)))) }
        if result.hasStatistics { members.append(("statistics", statistics(result.statistics))) }
        if result.hasTrace { members.append(("trace", trace(result.trace))) }
        return members
    }

    /// The output for standard error: the compiler's warnings as `firn compile` shows them, and then the output of
    /// `trace` and `warn` and the failure as `firn eval` shows them.
    static func notes(_ result: WireJobResult, showTrace: Bool) -> [UInt8] {
        var text = result.warnings.flatMap(FailureReport.text(warning:))
        for line in result.printed {
            text += Array((line.kind == .warn ? "evaluation warning: " : "trace: ").utf8) + line.text
            text.append(UInt8(ascii: "\n"))
        }
        if result.printedBytesDropped > 0 {
            text += Array("(\(result.printedBytesDropped) more bytes were printed)\n".utf8)
        }
        if result.outcome != .ok { text += FailureReport.text(result, showTrace: showTrace) }
        return text
    }

    private static func printed(_ line: WirePrintedLine) -> JSONValue {
        .object([
            ("kind", .string(line.kind == .warn ? "warn" : "trace")), ("text", .bytes([UInt8](line.text))),
        ])
    }

    private static func statistics(_ statistics: WireStatistics) -> JSONValue {
        .object([
            ("fuel", .unsigned(statistics.fuel)), ("memoryPeakBytes", .unsigned(statistics.memoryPeakBytes)),
            ("elapsedNs", .unsigned(statistics.elapsedNs)), ("cpuNs", .unsigned(statistics.cpuNs)),
            ("depthPeak", .unsigned(statistics.depthPeak)), ("collections", .unsigned(statistics.collections)),
            ("compileNs", .unsigned(statistics.compileNs)),
            ("memoryByteSeconds", .unsigned(statistics.memoryByteSeconds)),
        ])
    }

    static func trace(_ summary: WireTraceSummary) -> JSONValue {
        .object([
            ("level", .string(TraceLevelName.allCases.first { $0.wire == summary.level }?.rawValue ?? "unknown")),
            ("segments", .unsigned(UInt64(summary.segments))), ("events", .unsigned(summary.events)),
            ("eventsDropped", .unsigned(summary.eventsDropped)), ("bytes", .unsigned(summary.bytes)),
            ("complete", .bool(summary.complete)),
            ("preparedIdentity", .bytes(Base16.encode([UInt8](summary.preparedIdentity)))),
            ("eventCounts", .array(summary.eventCounts.map { .unsigned($0) })),
        ])
    }
}
