import NixFormats
import NixStore

extension LockFile {
    /// What differs from an older lock file, in the words of Nix: a paragraph for each input that was added, removed or
    /// updated.
    package func difference(from old: LockFile) -> String {
        let before = old.allInputs()
        let after = allInputs()
        var result = ""
        var (left, right) = (before[...], after[...])
        while true {
            guard let new = right.first else {
                for (path, _) in left { result += "• Removed input '\(path.text)'\n" }
                return result
            }
            if let known = left.first, known.path.precedes(new.path) {
                result += "• Removed input '\(known.path.text)'\n"
                left = left.dropFirst()
            } else if let known = left.first, known.path == new.path {
                if !isEqual(known.edge, new.edge, in: old) {
                    result += "• Updated input '\(new.path.text)':\n"
                    result += "    \(old.described(known.edge))\n  → \(described(new.edge))\n"
                }
                (left, right) = (left.dropFirst(), right.dropFirst())
            } else {
                result += "• Added input '\(new.path.text)':\n    \(described(new.edge))\n"
                right = right.dropFirst()
            }
        }
    }

    private func isEqual(_ known: LockEdge, _ new: LockEdge, in old: LockFile) -> Bool {
        switch (known, new) {
        case (.node(let one), .node(let two)): old.nodes[one].locked == nodes[two].locked
        case (.follows(let one), .follows(let two)): one == two
        default: false
        }
    }

    private func described(_ edge: LockEdge) -> String {
        switch edge {
        case .follows(let path): return "follows '\(path.text)'"
        case .node(let index):
            guard let locked = nodes[index].locked else { return "''" }
            return "'\(locked.shown)'" + (locked.modificationTime.map { " (\(Self.day($0)))" } ?? "")
        }
    }

    private static func day(_ seconds: Int64) -> String {
        let digits = Array(CivilTime.digits(secondsSince1970: seconds))
        let text = String(decoding: digits, as: UTF8.self)
        return "\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.dropFirst(6).prefix(2))"
    }
}

extension FlakeReference {
    /// The time of the last change in seconds since 1970; nil if the reference does not have it.
    package var modificationTime: Int64? {
        (try? input.number("lastModified")).flatMap { $0 }.map { Int64(truncatingIfNeeded: $0) }
    }
}
