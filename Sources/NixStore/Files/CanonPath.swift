/// Lexical operations on paths. Nothing here touches a file system.
///
/// A canonical path is absolute, has no empty, `.` or `..` component and no slash at its end, except for the root
/// directory itself, which is `/`.
public enum CanonPath {
    static let slash = UInt8(ascii: "/")
    static let dot = UInt8(ascii: ".")

    /// Bytes of the longest path that the operating system takes: Linux's `PATH_MAX` counts a zero byte at its end.
    public static let maximumLength = 4095

    /// Makes a path canonical: removes empty and `.` components and applies `..`, never above `/`.
    ///
    /// A path without a slash at its start is taken as beginning at `/`.
    public static func canonicalize(_ path: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(path.count + 1)
        var start = 0
        while start < path.count {
            var end = start
            while end < path.count, path[end] != slash { end += 1 }
            let component = path[start..<end]
            start = end + 1
            if component.isEmpty || isDot(component) { continue }
            if isDotDot(component) {
                removeLastComponent(&result)
            } else {
                result.append(slash)
                result.append(contentsOf: component)
            }
        }
        return result.isEmpty ? [slash] : result
    }

    /// The canonical form of `path`, where a relative one begins at the canonical path `base`.
    public static func absolute(_ path: [UInt8], relativeTo base: [UInt8]) -> [UInt8] {
        path.first == slash ? canonicalize(path) : canonicalize(base + [slash] + path)
    }

    /// The components of a path, without empty ones.
    public static func components(_ path: [UInt8]) -> [[UInt8]] {
        path.split(separator: slash).map(Array.init)
    }

    /// The canonical path that these components make.
    static func join(_ components: [[UInt8]]) -> [UInt8] {
        components.isEmpty ? [slash] : components.flatMap { [slash] + $0 }
    }

    /// The directory that holds a canonical path; that of `/` is `/`.
    public static func parent(of path: [UInt8]) -> [UInt8] {
        var result = path
        removeLastComponent(&result)
        return result.isEmpty ? [slash] : result
    }

    /// Whether the canonical path `path` is `ancestor` or lies below it.
    public static func isInside(_ path: [UInt8], _ ancestor: [UInt8]) -> Bool {
        if ancestor == [slash] { return true }
        guard path.starts(with: ancestor) else { return false }
        return path.count == ancestor.count || path[ancestor.count] == slash
    }

    /// What `builtins.baseNameOf` returns: the part after the last slash, ignoring one slash at the end.
    public static func baseName(of path: [UInt8]) -> [UInt8] {
        var end = path.count
        if end > 1, path[end - 1] == slash { end -= 1 }
        // Nix looks for the slash at or before the last byte that counts, so that `a//` has an empty base name.
        let head = path[..<end]
        guard let position = head.lastIndex(of: slash) else { return Array(head) }
        return Array(head[(position + 1)...])
    }

    /// What `builtins.dirOf` returns for a string: the part before the last slash, `.` without one.
    public static func dirName(of path: [UInt8]) -> [UInt8] {
        guard let position = path.lastIndex(of: slash) else { return [dot] }
        return position == 0 ? [slash] : Array(path[..<position])
    }

    static func isDot(_ component: some RandomAccessCollection<UInt8>) -> Bool {
        component.count == 1 && component.first == dot
    }

    static func isDotDot(_ component: some RandomAccessCollection<UInt8>) -> Bool {
        component.count == 2 && component.allSatisfy { $0 == dot }
    }

    private static func removeLastComponent(_ path: inout [UInt8]) {
        guard let position = path.lastIndex(of: slash) else { return }
        path.removeSubrange(position...)
    }
}
