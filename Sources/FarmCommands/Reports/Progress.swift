import FirnCommands
import Glibc
import Platform

/// A progress line on standard error. It is shown only if that is a terminal.
struct Progress {
    private let isShown: Bool
    private var lastDrawn: UInt64 = 0
    private var isDrawn = false

    init(_ isWanted: Bool = true) { isShown = isWanted && isatty(2) == 1 }

    /// Shows a text, at most ten times a second.
    mutating func show(_ text: @autoclosure () -> String) {
        guard isShown else { return }
        let now = MonotonicClock.now()
        guard now >= lastDrawn &+ 100_000_000 else { return }
        lastDrawn = now
        isDrawn = true
        Output.write(2, "\r\u{1B}[K" + text())
    }

    /// Erases the line. Called before anything else is written.
    mutating func clear() {
        guard isDrawn else { return }
        isDrawn = false
        Output.write(2, "\r\u{1B}[K")
    }
}
