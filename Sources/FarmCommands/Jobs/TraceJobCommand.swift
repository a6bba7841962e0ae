import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol
import FirnWorker
import NixEval
import NixStore

/// The command `firn trace --job`, which prints a farm's trace of a job as `firn trace` prints that of an evaluation.
struct TraceJobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Show the trace of a job.",
        discussion: """
            The events are those of the level with which the job was submitted (--trace). The text form is that of firn trace \
            without --job. The exit code is 1 if there is no trace.

            Example: firn trace --job 17 --format json
            """)

    @Option(help: "The job's id.")
    var job: UInt64

    @Option(help: "The output format: text (the default), or json with one object per line.")
    var format: TraceFormat?

    @Option(help: "The number of the attempt (default: the one that gave the result).")
    var attempt: UInt32 = 0

    @Flag(help: "Show the nanoseconds since the previous event.")
    var time = false

    @Flag(help: "The same as --format json.")
    var json = false

    @OptionGroup var role: RoleArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    enum TraceFormat: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    mutating func validate() throws {
        if json, format == .text { throw ValidationError("--json and --format text exclude each other") }
        if time, isJSON { throw ValidationError("--time is for --format text") }
    }

    private var isJSON: Bool { json || format == .json }

    func run() async throws {
        let client = try await connection.connect(as: role.role)
        try await ConnectionArguments.reporting {
            var printer = TracePrinter(isJSON: isJSON, showsTime: time)
            var summary = WireTraceSummary()
            var next: UInt32 = 0
            repeat {
                let part = try await client.trace(job, attempt: attempt, firstSegment: next)
                summary = part.summary
                for segment in part.segments { try printer.print(segment) }
                printer.flush()
                guard part.nextSegment == 0 || part.nextSegment > next else { throw ClientError.unexpectedReply }
                next = part.nextSegment
            } while next != 0
            report(summary)
        }
    }

    /// Reports on standard error what is missing from the trace.
    private func report(_ summary: WireTraceSummary) {
        if isJSON {
            Output.note(ResultReport.trace(summary).text)
        } else if !summary.preparedIdentity.isEmpty {
            let identity = Base16.encode([UInt8](summary.preparedIdentity))
            Output.note("prepared set: \(String(decoding: identity, as: UTF8.self))")
        }
        guard !summary.complete else { return }
        let why =
            summary.eventsDropped > 0
            ? "\(summary.eventsDropped) events were left out for want of room" : "not all of its segments arrived"
        Output.note("warning: the trace is partial: \(why)")
    }
}

/// Prints the events of segments.
private struct TracePrinter {
    let isJSON: Bool
    let showsTime: Bool
    private var buffer: [UInt8] = []
    private var last: UInt64?

    init(isJSON: Bool, showsTime: Bool) {
        self.isJSON = isJSON
        self.showsTime = showsTime
    }

    mutating func print(_ segment: WireTraceSegment) throws {
        if segment.droppedBefore > 0, !isJSON { buffer += "--- \(segment.droppedBefore) events are missing ---\n".utf8 }
        for event in try TraceSegmentReader(encoded: segment.events) {
            if isJSON {
                TraceLine(event).writeJSON(nanoseconds: event.nanoseconds, to: &buffer)
            } else {
                text(event)
            }
            buffer.append(UInt8(ascii: "\n"))
            if buffer.count > 1 << 16 { flush() }
        }
    }

    mutating func flush() {
        if isJSON { Output.write(1, buffer) } else { Output.text(buffer) }
        buffer = []
    }

    private mutating func text(_ event: TraceEvent) {
        if showsTime {
            buffer += "+\(last.map { event.nanoseconds - min($0, event.nanoseconds) } ?? 0)ns\t".utf8
            last = event.nanoseconds
        }
        buffer += TraceLine(event).text.utf8
    }
}
