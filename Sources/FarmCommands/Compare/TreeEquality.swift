import FirnCommands
import NixStore

/// Whether two directories have the same contents, so that evaluating them cannot differ.
struct TreeEquality {
    private let io = LocalIO()

    /// Compares two directories, and stops at the first difference. What cannot be read is taken for a difference.
    func areEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        var waiting = [(first, second)]
        while let (first, second) = waiting.popLast() {
            guard let type = try? io.fileType(first), let other = try? io.fileType(second), type == other else {
                return false
            }
            switch type {
            case .regular: if !haveEqualContents(first, second) { return false }
            case .symlink:
                guard let target = try? io.readLink(first), let other = try? io.readLink(second), target == other else {
                    return false
                }
            case .directory:
                guard let names = names(first), names == self.names(second) else { return false }
                for name in names {
                    waiting.append(
                        (CanonPath.absolute(name, relativeTo: first), CanonPath.absolute(name, relativeTo: second)))
                }
            case .unknown: return false
            }
        }
        return true
    }

    private func names(_ directory: [UInt8]) -> [[UInt8]]? {
        (try? io.readDirectory(directory))?.map(\.name).sorted { $0.lexicographicallyPrecedes($1) }
    }

    private func haveEqualContents(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        guard let contents = try? io.readFile(first), let others = try? io.readFile(second) else { return false }
        return contents == others
    }
}
