import Glibc
import NixFormats
import NixStore
import NixVM

/// What `firn flake metadata` prints of a flake.
package struct FlakeMetadata {
    private let flake: Flake
    private let lock: LockFile
    private let storePath: [UInt8]

    fileprivate init(_ flake: Flake, _ lock: LockFile) {
        self.flake = flake
        self.lock = lock
        storePath = flake.place.source.path
    }

    private var tree: FetchedTree { flake.place.source.tree }

    /// As JSON, with the fields that Nix gives.
    package var document: JSONDocument {
        let revisionCount: Int64? = if case .known(let count) = tree.revisionCount { count } else { nil }
        func string(_ bytes: [UInt8]?) -> JSONDocument? { bytes.map { .string($0) } }
        func url(_ reference: FlakeReference) -> JSONDocument { .string(Array(reference.shown.utf8)) }
        let dirtyRevision = tree.dirtyRevision.map { $0 + Array("-dirty".utf8) }
        return .members([
            "description": string(flake.declaration.description),
            "dirtyRevision": string(dirtyRevision),
            "lastModified": flake.locked.modificationTime.map { .integer($0) },
            "locked": flake.locked.document,
            "locks": lock.document().document,
            "original": flake.original.document,
            "originalUrl": url(flake.original),
            "path": .string(storePath),
            "resolved": flake.resolved.document,
            "resolvedUrl": url(flake.resolved),
            "revCount": revisionCount.map { .integer($0) },
            "revision": string(tree.revision),
            "url": url(flake.locked),
        ])
    }

    /// As lines for a person.
    package var text: String {
        var lines = ["Resolved URL:  \(flake.resolved.shown)"]
        if flake.locked.input.isLocked { lines.append("Locked URL:    \(flake.locked.shown)") }
        if let description = flake.declaration.description { lines.append("Description:   \(Self.text(description))") }
        lines.append("Path:          \(Self.text(storePath))")
        if let revision = tree.revision { lines.append("Revision:      \(Self.text(revision))") }
        if let revision = tree.dirtyRevision { lines.append("Revision:      \(Self.text(revision))-dirty") }
        if case .known(let count) = tree.revisionCount { lines.append("Revisions:     \(count)") }
        if let time = flake.locked.modificationTime { lines.append("Last modified: \(Self.time(time, isLocal: true))") }
        if !lock.nodes[0].inputs.isEmpty { lines.append("Inputs:") }
        var visited: Set<Int> = [0]
        addInputs(of: 0, prefix: "", &visited, to: &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    private func addInputs(of index: Int, prefix: String, _ visited: inout Set<Int>, to lines: inout [String]) {
        let inputs = lock.nodes[index].sortedInputs
        for (number, (name, edge)) in inputs.enumerated() {
            let isLast = number == inputs.count - 1
            let head = prefix + (isLast ? TreeLines.last : TreeLines.middle) + Self.text(name)
            switch edge {
            case .follows(let path): lines.append("\(head) follows input '\(path.text)'")
            case .node(let child):
                guard let locked = lock.nodes[child].locked else { continue }
                let time = locked.modificationTime.map { " (\(Self.time($0, isLocal: false)))" } ?? ""
                lines.append("\(head): \(locked.shown)\(time)")
                if visited.insert(child).inserted {
                    addInputs(
                        of: child, prefix: prefix + (isLast ? TreeLines.none : TreeLines.line), &visited, to: &lines)
                }
            }
        }
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func time(_ seconds: Int64, isLocal: Bool) -> String {
        var seconds = time_t(seconds)
        var fields = unsafe tm()
        _ = unsafe isLocal ? localtime_r(&seconds, &fields) : gmtime_r(&seconds, &fields)
        var buffer = [CChar](repeating: 0, count: 64)
        let count = unsafe strftime(&buffer, buffer.count, "%F %T", &fields)
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// The lines of a tree in a report.
enum TreeLines {
    static let middle = "├───"
    static let last = "└───"
    static let line = "│   "
    static let none = "    "
}

extension LockedFlake {
    package func metadata() throws(EvalFailure) -> FlakeMetadata { FlakeMetadata(flake, lock) }

    /// The reference to exactly this flake, as a URL.
    var lockedURL: String { flake.locked.shown }
}
