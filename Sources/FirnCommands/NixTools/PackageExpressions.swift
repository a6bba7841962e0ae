import NixEval
import NixFormats
import NixStore
import NixVM

/// The Nix expressions that `nix-env` reads: a file, or the files of a directory as a set.
struct PackageExpressions {
    private let io: LocalIO
    /// The names of the set, which are taken only once.
    private var seen: Set<[UInt8]> = []
    private var members: [(name: [UInt8], path: [UInt8])] = []

    /// Nix's limit on the files of a directory.
    private static let maximumCount = 1024

    private init(_ io: LocalIO) { self.io = io }

    /// Loads a file or directory.
    ///
    /// - Returns: the value of the file, or a set with a member for each file below the directory.
    static func load(_ path: [UInt8], _ evaluator: Evaluator) throws(EvalFailure) -> ValueHandle {
        let io = LocalIO()
        let isSet: Bool
        do throws(EvalIOError) {
            let resolved = try io.resolveSymlinks(path, .full)
            let type = try io.fileType(resolved)
            let hasDefault = try hasDefault(resolved, io)
            isSet = type == .directory && !hasDefault
        } catch {
            throw EvalFailure(kind: .io, message: error.message)
        }
        guard isSet else { return try evaluator.load(file: path) }
        var expressions = PackageExpressions(io)
        try expressions.collect(path)
        return try expressions.load(evaluator)
    }

    /// The directory that is read if the command line names none.
    static func defaultPath(_ settings: NixSettings) -> [UInt8] {
        NixEnvironment().defaultExpressions(usesXDGDirectories: settings.usesXDGDirectories)
    }

    private static func hasDefault(_ directory: [UInt8], _ io: LocalIO) throws(EvalIOError) -> Bool {
        try io.pathExists(io.resolveSymlinks(directory + Array("/default.nix".utf8), .full))
    }

    /// Collects the files of a directory and of those below it that have no `default.nix`.
    private mutating func collect(_ directory: [UInt8], depth: Int = 0) throws(EvalFailure) {
        let entries: [DirectoryEntry]
        do throws(EvalIOError) { entries = try io.readDirectory(directory) } catch {
            throw EvalFailure(kind: .io, message: error.message)
        }
        // The manifest is that of a profile.
        for entry in entries where entry.name != Array("manifest.nix".utf8) {
            let path = directory + [UInt8(ascii: "/")] + entry.name
            // A link that leads nowhere is passed over.
            guard let resolved = try? io.resolveSymlinks(path, .full), let type = try? io.fileType(resolved) else {
                continue
            }
            let suffix = Array(".nix".utf8)
            let isFile = type == .regular && CanonPath.baseName(of: resolved).ends(with: suffix)
            if isFile || type == .directory && (try? Self.hasDefault(resolved, io)) == true {
                let name = entry.name.ends(with: suffix) ? Array(entry.name.dropLast(suffix.count)) : entry.name
                try add(name, resolved, in: directory)
            } else if type == .directory, depth < Self.maximumDepth {
                try collect(resolved, depth: depth + 1)
            }
        }
    }

    /// Symbolic links may lead back to a directory above; no real tree is as deep as this.
    private static let maximumDepth = 64

    private mutating func add(_ name: [UInt8], _ path: [UInt8], in directory: [UInt8]) throws(EvalFailure) {
        guard seen.insert(name).inserted else {
            let shown = String(decoding: path, as: UTF8.self)
            return Output.note("warning: name collision in input Nix expressions, skipping '\(shown)'")
        }
        guard seen.count < Self.maximumCount else {
            let shown = String(decoding: directory, as: UTF8.self)
            throw EvalFailure(
                kind: .value, message: Array("too many Nix expressions in directory '\(shown)'".utf8))
        }
        members.append((name, path))
    }

    /// The set of the files, each of which is imported when it is needed.
    private func load(_ evaluator: Evaluator) throws(EvalFailure) -> ValueHandle {
        var source = Array("{ _combineChannels = [ ];\n".utf8)
        for member in members {
            source += Self.quoted(member.name) + Array(" = import (/. + ".utf8) + Self.quoted(member.path)
            source += Array(");\n".utf8)
        }
        return try evaluator.load(source: source + Array("}".utf8), name: "«nix-env»", directory: [UInt8(ascii: "/")])
    }

    /// A Nix string with these bytes.
    private static func quoted(_ bytes: [UInt8]) -> [UInt8] {
        let escaped = bytes.flatMap { byte in
            [UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "$")].contains(byte)
                ? [UInt8(ascii: "\\"), byte] : [byte]
        }
        return [UInt8(ascii: "\"")] + escaped + [UInt8(ascii: "\"")]
    }
}

extension Array where Element == UInt8 {
    fileprivate func ends(with suffix: [UInt8]) -> Bool { self.suffix(suffix.count).elementsEqual(suffix) }
}
