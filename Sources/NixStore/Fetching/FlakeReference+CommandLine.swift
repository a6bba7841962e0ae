/// References on the command line, where a path may be relative and may lie inside a flake.
extension FlakeReference {
    /// Parses a reference with a fragment, as in `nixpkgs#hello` or `./sub#a.b`.
    ///
    /// A path stands for the flake that it lies in: the nearest directory with a `flake.nix`, and of a Git work tree only
    /// the tracked files.
    ///
    /// - Parameters:
    ///   - text: the reference.
    ///   - directory: the directory that a relative path is relative to.
    ///   - io: finds the flake.
    /// - Returns: the reference, the fragment with its escapes decoded, and a warning if the path was not meant.
    /// - Throws: why the text is no reference, or why there is no flake.
    public static func onCommandLine(
        _ text: [UInt8], relativeTo directory: [UInt8], io: any EvalIO
    ) throws(FetchError) -> (reference: FlakeReference, fragment: [UInt8], warning: [UInt8]?) {
        if let (reference, fragment) = try identifier(text, isFlake: true) { return (reference, fragment, nil) }
        do throws(FetchError) {
            var url = try ParsedURL(text, isLenient: true)
            if url.scheme == "path" || url.scheme == "git+file" {
                let path = try url.filePath()
                if path.first != CanonPath.slash {
                    url.path = ParsedURL.segments(of: CanonPath.absolute(path, relativeTo: directory))
                }
            }
            let (reference, fragment) = try from(url, isFlake: true)
            return (reference, fragment, nil)
        } catch {
            if error.kind != .badURL { throw error }
        }
        return try path(text, relativeTo: directory, io: io)
    }

    private static func path(
        _ text: [UInt8], relativeTo directory: [UInt8], io: any EvalIO
    ) throws(FetchError) -> (reference: FlakeReference, fragment: [UInt8], warning: [UInt8]?) {
        let hash = text.firstIndex(of: UInt8(ascii: "#"))
        let head = text[..<(hash ?? text.count)]
        let mark = head.firstIndex(of: UInt8(ascii: "?"))
        var url = ParsedURL(scheme: "path", authority: [], path: [])
        if let mark { url.query = try ParsedURL.decodeQuery(head[(mark + 1)...], isLenient: true, of: text) }
        if let hash { url.fragment = try ParsedURL.decode(text[(hash + 1)...]) }
        let named = CanonPath.absolute(Array(head[..<(mark ?? head.count)]), relativeTo: directory)
        let (root, warning) = try flakeDirectory(named, io: io)
        url.path = ParsedURL.segments(of: root)
        if let (repository, below) = try repository(around: root, io: io) {
            url.scheme = "git+file"
            url.path = ParsedURL.segments(of: repository)
            if !below.isEmpty {
                if url.query["dir"] != nil {
                    throw FetchError(.invalid, "flake URL '", text, "' has an inconsistent 'dir' parameter")
                }
                url.query["dir"] = below
            }
            if try exists(repository + Array("/.git/shallow".utf8), io) { url.query["shallow"] = [UInt8(ascii: "1")] }
        }
        let (reference, fragment) = try from(url, isFlake: true)
        return (reference, fragment, warning)
    }

    /// The nearest directory upward from a path that contains a `flake.nix`.
    private static func flakeDirectory(
        _ path: [UInt8], io: any EvalIO
    ) throws(FetchError) -> (path: [UInt8], warning: [UInt8]?) {
        var current = path
        var warning: [UInt8]?
        let target = try reading { () throws(EvalIOError) in try io.resolveSymlinks(path, .full) }
        guard let type = try reading({ () throws(EvalIOError) in try io.fileType(target) }) else {
            throw FetchError(EvalIOError(.notFound, path: path))
        }
        if type != .directory {
            guard CanonPath.baseName(of: path) == Array("flake.nix".utf8) else {
                throw FetchError(.invalid, "path '", path, "' is not a flake (because it's not a directory)")
            }
            current = CanonPath.parent(of: path)
            warning =
                Array("'".utf8) + path + Array("' is a file; the flake in its directory is used instead".utf8)
        }
        while true {
            if try exists(current + Array("/flake.nix".utf8), io) { return (current, warning) }
            let isRepository = try exists(current + Array("/.git".utf8), io)
            if isRepository || current == [CanonPath.slash] {
                throw FetchError(
                    .invalid, "path '", path,
                    "' is not part of a flake (neither it nor its parent directories contain a 'flake.nix' file)")
            }
            current = CanonPath.parent(of: current)
        }
    }

    /// The Git work tree around a directory, and the directory's path in it.
    private static func repository(
        around directory: [UInt8], io: any EvalIO
    ) throws(FetchError) -> (path: [UInt8], below: [UInt8])? {
        var current = directory
        while current != [CanonPath.slash] {
            if try exists(current + Array("/.git".utf8), io) {
                return (current, Array(directory[current.count...].drop { $0 == CanonPath.slash }))
            }
            current = CanonPath.parent(of: current)
        }
        return nil
    }

    private static func exists(_ path: [UInt8], _ io: any EvalIO) throws(FetchError) -> Bool {
        try reading { () throws(EvalIOError) in try io.pathExists(path) }
    }

    private static func reading<Result>(_ body: () throws(EvalIOError) -> Result) throws(FetchError) -> Result {
        do throws(EvalIOError) { return try body() } catch { throw FetchError(error) }
    }
}

extension FlakeReference {
    /// Whether a name can be that of a flake in a registry, and that of an input on a command line.
    public static func isIdentifier(_ name: [UInt8]) -> Bool { GitNames.isFlakeID(name) }
}
