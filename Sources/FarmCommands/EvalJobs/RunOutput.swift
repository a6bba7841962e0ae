import FirnCommands

/// What a run prints: lines of jobs on standard output, and messages and progress on standard error, in the format of
/// `--log-format`.
struct RunOutput {
    /// The importance of a message, by Nix's numbers.
    enum Level: Int {
        case error = 0
        case warning = 1
        case information = 3
    }

    private let format: BuildArguments.LogFormat?
    private var progress: Progress

    init(format: BuildArguments.LogFormat?) {
        self.format = format
        progress = Progress(format == nil || format == .bar || format == .barWithLogs)
    }

    /// Prints lines on standard output.
    mutating func lines(_ texts: [String]) {
        guard !texts.isEmpty else { return }
        progress.clear()
        Output.write(1, texts.map { $0 + "\n" }.joined())
    }

    /// Prints a message on standard error.
    mutating func note(_ text: String, _ level: Level = .information) {
        progress.clear()
        guard format == .internalJSON else { return Output.note(text) }
        // A reader of this format filters the text itself.
        let message = JSONValue.object([
            ("action", .string("msg")), ("level", .number(Int64(level.rawValue))), ("msg", .string(text)),
        ])
        Output.write(2, "@nix \(message.text)\n")
    }

    /// Prints what an attribute printed, so that each line names the attribute.
    mutating func messages(of line: WalkLine) {
        for message in line.details.messages ?? [] {
            let kind = message.kind == .warn ? "evaluation warning" : "trace"
            note("\(line.attribute): \(kind): \(message.text)", message.kind == .warn ? .warning : .information)
        }
        if let dropped = line.details.messageBytesDropped {
            note("\(line.attribute): (\(dropped) more bytes were printed)", .warning)
        }
    }

    /// Shows the progress on a terminal.
    mutating func show(_ text: @autoclosure () -> String) { progress.show(text()) }

    mutating func clear() { progress.clear() }
}
