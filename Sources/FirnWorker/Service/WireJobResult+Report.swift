import FirnProtocol
import Foundation
import NixBytecode
import NixEval
import NixVM
import Platform

extension WireJobResult {
    /// The result to send for a report, without its trace.
    init(_ report: EvaluationReport) {
        self.init()
        switch report.outcome {
        case .value(let text):
            outcome = .ok
            value = .init(text)
        case .failed(let failure): fail(failure)
        case .rejected(let rejection):
            fail(.rejected, kind: "rejected", rejection.description)
            failure.verifierCode = rejection.name
            failure.verifierOffset = UInt64(clamping: rejection.offset)
        case .resultTooLarge(let limit):
            fail(.resultTooLarge, kind: "result-too-large", "the printed value has more than \(limit) bytes")
        case .needsBuilds(let outputs):
            needed = outputs.prefix(ProtocolLimits.neededOutputs).map { output in
                .with {
                    $0.derivation = Data(output.derivation)
                    $0.output = Data(output.name)
                    $0.path = Data(output.path)
                }
            }
        case .internalError(let reason): fail(.internalError, kind: "internal", reason)
        }
        printed = report.printed.map { line in
            .with {
                $0.kind = line.isWarning ? .warn : .trace
                $0.text = .init(line.text)
            }
        }
        printedBytesDropped = UInt64(report.printedBytesDropped)
        statistics = WireStatistics(report.statistics)
        warnings = report.warnings.map { warning in
            .with {
                $0.kind = warning.code
                $0.message = .init(warning.message.utf8)
                $0.span = WireSpan(warning.location)
            }
        }
        boundTexts()
    }

    /// The result of a job that could not be given to the evaluator, with the reason for its owner.
    init(refused error: any Error) {
        self.init()
        if let error = error as? ProtocolError {
            fail(.evalError, kind: error.code.name, error.message)
        } else {
            fail(.evalError, kind: "invalid-job", "\(error)")
        }
        boundTexts()
    }

    /// Replaces the outcome by the coordinator's refusal of the job's store objects.
    mutating func refuseUpload(_ refusal: WireError) {
        value = .init()
        clearFailure()
        fail(
            refusal.code == .quotaExceeded ? .resultTooLarge : .internalError, kind: "closure-refused",
            refusal.message)
        boundTexts()
    }

    private mutating func fail(_ outcome: WireOutcomeKind, kind: String, _ message: String) {
        self.outcome = outcome
        failure = .with {
            $0.kind = kind
            $0.message = .init(message.utf8)
        }
    }

    private mutating func fail(_ error: EvaluationError) {
        outcome = Self.outcome(of: error.kind)
        failure = WireFailure(error)
    }

    private static func outcome(of kind: FailureKind) -> WireOutcomeKind {
        switch kind {
        case .fuelExhausted: .fuelExhausted
        case .memoryExceeded: .memoryExceeded
        case .depthExceeded: .depthExceeded
        case .deadlineExceeded: .deadlineExceeded
        case .cancelled: .cancelled
        case .internalError: .internalError
        default: .evalError
        }
    }
}

extension FailureKind {
    /// The failure's name in the protocol: lower-case words joined by hyphens.
    var wireName: String {
        if self == .thrown { return "throw" }
        return rawValue.reduce(into: "") { name, character in
            if character.isUppercase { name += "-" }
            name += character.lowercased()
        }
    }
}

extension WireFailure {
    /// The error, which `EvaluationError.init(_:)` of the client reads.
    package init(_ error: EvaluationError) {
        self.init()
        kind = error.kind.wireName
        message = .init(error.messageBytes)
        if let location = error.ownLocation { span = WireSpan(location) }
        backtrace = error.backtrace.map { frame in
            .with {
                $0.message = .init(frame.messageBytes)
                if let location = frame.location { $0.span = WireSpan(location) }
                $0.visibility = WireBacktraceFrame.Visibility(frame.visibility)
            }
        }
        backtraceOmitted = UInt64(error.backtraceOmitted)
        backtraceCut = UInt32(clamping: error.backtraceCut)
        suggestions = error.suggestions
    }
}

extension WireBacktraceFrame.Visibility {
    fileprivate init(_ visibility: EvaluationError.Frame.Visibility) {
        self =
            switch visibility {
            case .detailed: .never
            case .ordinary: .ordinary
            case .always: .always
            }
    }
}

extension WireSpan {
    init(_ location: EvaluationError.Location) {
        self.init()
        file = .init(location.source.utf8)
        line = UInt32(clamping: location.line)
        column = UInt32(clamping: location.column)
        endLine = UInt32(clamping: location.endLine)
        endColumn = UInt32(clamping: location.endColumn)
        guard let excerpt = location.excerpt, let line = excerpt.line else { return }
        sourceLine = .init(line)
        if let before = excerpt.before { lineBefore = .init(before) }
        if let after = excerpt.after { lineAfter = .init(after) }
        shownColumn = UInt32(clamping: excerpt.shownColumn)
    }
}

extension WireStatistics {
    init(_ statistics: EvaluationReport.Statistics) {
        self.init()
        fuel = UInt64(clamping: statistics.fuel)
        memoryPeakBytes = UInt64(clamping: statistics.memoryPeakBytes)
        elapsedNs = UInt64(clamping: statistics.elapsed.nanoseconds)
        cpuNs = UInt64(clamping: statistics.cpu.nanoseconds)
        depthPeak = UInt64(clamping: statistics.depthPeak)
        collections = UInt64(clamping: statistics.collections)
        compileNs = UInt64(clamping: statistics.compile.nanoseconds)
        memoryByteSeconds = UInt64(Double(memoryPeakBytes) * (Double(elapsedNs) / 1e9))
    }
}
