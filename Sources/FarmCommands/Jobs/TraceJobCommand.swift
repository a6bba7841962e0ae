import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol
import FirnWorker
import NixEval

/// `firn trace --job`: the trace that a farm keeps of a job, as `firn trace` prints one of its own.
struct TraceJobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Show the trace of a job.",
        discussion: """
            The events are those of the level that the job was submitted with (--trace). In the text form they read as \
            those of firn trace without --job. Exit code 1 when there is no trace.

            Example: firn trace --job 17 --format json
            """)

    @Option(help: "The job's id.")
    var job: UInt64

    @Option(help: "How to print: text if not given, or json with one object a line.")
    var format: TraceFormat?

    @Option(help: "Of which attempt; the one whose result counts if not given.")
    var attempt: UInt32 = 0

    @Flag(help: "Show the nanoseconds since the event before.")
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

    /// What is missing, on standard error.
    private func report(_ summary: WireTraceSummary) {
        if isJSON { Output.note(ResultReport.trace(summary).text) }
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
