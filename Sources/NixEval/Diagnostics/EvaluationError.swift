import NixSyntax
import NixVM

/// Why an evaluation failed. It depends on no evaluator any more: positions are resolved to lines with their text, so
/// that it can be kept, sent and printed later.
public struct EvaluationError: Error, Sendable, Equatable {
    /// A location in a source. Lines and columns count from 1, columns in bytes; the end is exclusive. All are 0 if the
    /// program has no line table.
    public struct Location: Sendable, Hashable {
        /// A path, or a name such as `«string»`.
        public var source: String
        public var line = 0
        public var column = 0
        public var endLine = 0
        public var endColumn = 0
        /// The line with its neighbours; nil if the source is not available.
        package var excerpt: SourceExcerpt?

        package init(source: String) { self.source = source }
    }

    /// A line of the backtrace with its location.
    public struct Frame: Sendable, Hashable {
        package typealias Visibility = TraceEntry.Visibility

        package var messageBytes: [UInt8]
        public var location: Location?
        /// When the line is printed.
        package var visibility: Visibility

        public var message: String { String(decoding: messageBytes, as: UTF8.self) }

        package init(message: [UInt8], location: Location?, visibility: Visibility = .ordinary) {
            messageBytes = message
            self.location = location
            self.visibility = visibility
        }
    }

    public var kind: FailureKind
    /// The message as bytes, which need not be UTF-8.
    package var messageBytes: [UInt8]
    /// The location of the failing expression; nil if it failed inside a builtin.
    package var ownLocation: Location?
    /// The backtrace, innermost frame first.
    public var backtrace: [Frame] = []
    /// The number of frames that were left out, which lie before the frame with the index `backtraceCut`.
    public var backtraceOmitted = 0
    package var backtraceCut = 0
    /// Names like one that was not found.
    public var suggestions: [String] = []
    /// Whether the message ends in an empty line.
    package var endsInEmptyLine = false

    package init(kind: FailureKind, message: [UInt8]) {
        self.kind = kind
        messageBytes = message
    }

    init(kind: FailureKind, _ message: String) { self.init(kind: kind, message: Array(message.utf8)) }

    /// The message in Nix's words, without `error: `, location and suggestions.
    public var message: String { String(decoding: messageBytes, as: UTF8.self) }

    /// Where it failed: the failing expression, or the innermost expression of the backtrace.
    public var location: Location? { ownLocation ?? backtrace.lazy.compactMap(\.location).first }
}

extension EvaluationError.Location: CustomStringConvertible {
    /// `FILE:LINE:COLUMN`, or the source alone if there is no line.
    public var description: String { line > 0 ? "\(source):\(line):\(column)" : source }
}

extension EvaluationError: CustomStringConvertible {
    /// The text that the command line prints without `--show-trace`.
    public var description: String { description(showTrace: false) }

    /// The text that the command line prints, without a newline at the end.
    ///
    /// - Parameter showTrace: whether the whole backtrace is included, as with `--show-trace`.
    public func description(showTrace: Bool) -> String {
        String(decoding: text(showTrace: showTrace).dropLast(), as: UTF8.self)
    }
}
