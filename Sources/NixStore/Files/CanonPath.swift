/// Lexical operations on paths, which do not access a file system.
///
/// A canonical path is absolute and has no empty, `.` or `..` components and no trailing slash. The root directory is
/// `/`.
public enum CanonPath {
    static let slash = UInt8(ascii: "/")
    static let dot = UInt8(ascii: ".")

    /// The most bytes of a path that the operating system accepts: Linux's `PATH_MAX` without its terminating zero byte.
    public static let maximumLength = 4095

    /// The canonical form of a path: empty and `.` components are removed, and `..` is applied, but never above `/`. A
    /// path without a leading slash is relative to `/`.
    public static func canonicalize(_ path: [UInt8]) -> [UInt8] {
        if unsafe path.withUnsafeBufferPointer({ unsafe isCanonical($0) }) { return path }
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

    /// Whether a path is in its canonical form.
    public static func isCanonical(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = unsafe path.first, first == slash else { return false }
        if path.count == 1 { return true }
        var start = 1
        for index in 1...path.count where unsafe index == path.count || path[index] == slash {
            switch index - start {
            case 0: return false
            case 1: if unsafe path[start] == dot { return false }
            case 2: if unsafe path[start] == dot && path[start + 1] == dot { return false }
            default: break
            }
            start = index + 1
        }
        return true
    }

    /// The canonical form of `path`, which is relative to the canonical path `base` unless it is absolute.
    public static func absolute(_ path: [UInt8], relativeTo base: [UInt8]) -> [UInt8] {
        path.first == slash ? canonicalize(path) : canonicalize(base + [slash] + path)
    }

    /// The non-empty components of a path.
    public static func components(_ path: [UInt8]) -> [[UInt8]] {
        path.split(separator: slash).map(Array.init)
    }

    /// The canonical path with these components.
    static func join(_ components: [[UInt8]]) -> [UInt8] {
        components.isEmpty ? [slash] : components.flatMap { [slash] + $0 }
    }

    /// The directory that contains a canonical path. The parent of `/` is `/`.
    public static func parent(of path: [UInt8]) -> [UInt8] {
        var result = path
        removeLastComponent(&result)
        return result.isEmpty ? [slash] : result
    }

    /// Whether the canonical path `path` equals `ancestor` or is below it.
    public static func isInside(_ path: [UInt8], _ ancestor: [UInt8]) -> Bool {
        if ancestor == [slash] { return true }
        guard path.starts(with: ancestor) else { return false }
        return path.count == ancestor.count || path[ancestor.count] == slash
    }

    /// The result of `builtins.baseNameOf`: the part after the last slash, where one trailing slash is ignored.
    public static func baseName(of path: [UInt8]) -> [UInt8] {
        var end = path.count
        if end > 1, path[end - 1] == slash { end -= 1 }
        // Nix then searches only the remaining bytes for a slash, so the base name of `a//` is empty.
        let head = path[..<end]
        guard let position = head.lastIndex(of: slash) else { return Array(head) }
        return Array(head[(position + 1)...])
    }

    /// The result of `builtins.dirOf` for a string: the part before the last slash; `.` if there is none.
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
