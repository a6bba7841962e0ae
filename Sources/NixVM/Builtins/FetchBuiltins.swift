import NixStore

/// Fetchers. This evaluator opens no connection: what lies on this machine is taken from there, anything else is
/// refused with an error that says how to provide it.
extension Machine {
    static let fetchBuiltins: [BuiltinDefinition] = [
        .function("fetchurl", 1) { $0.fetchURL() },
        .function("fetchTarball", 1, global: true) { $0.fetchSource("builtins.fetchTarball") },
        .function("fetchGit", 1, global: true) { $0.fetchSource("builtins.fetchGit") },
        .function("fetchMercurial", 1, global: true) { $0.fetchSource("builtins.fetchMercurial") },
        .function("fetchTree", 1, global: true) { $0.fetchSource("builtins.fetchTree") },
    ]
}

/// What a fetcher is given: a URL, or a set with it.
private struct FetchArguments {
    var url: [UInt8] = []
    var name: [UInt8] = []
    var hash: Hash?
}

extension VM {
    /// A file as a store object of its own.
    fileprivate func fetchURL() -> Step {
        var arguments = FetchArguments()
        let step = readFetchArguments(&arguments, "builtins.fetchurl")
        if step != .next { return step }
        let name = arguments.name.isEmpty ? CanonPath.baseName(of: arguments.url) : arguments.name
        if let hash = arguments.hash, let path = try? StorePath.fixed(name: name, hash, .flat),
            (try? machine.io.pathExists(path)) == true
        {
            return done(storePathString(path))
        }
        guard let file = FetchArguments.localPath(arguments.url) else {
            return failOffline(arguments.url, "builtins.fetchurl")
        }
        guard let hash = contentHash(file, .flat, .sha256) else { return .error }
        if let expected = arguments.hash, expected != hash {
            return fail(
                .value,
                bytes: Array("hash mismatch in file downloaded from '".utf8) + arguments.url
                    + Array("':\n  specified: ".utf8) + expected.text(.sri) + Array("\n  got:       ".utf8)
                    + hash.text(.sri))
        }
        do throws(StoreError) {
            return done(storePathString(try StorePath.fixed(name: name, hash, .flat)))
        } catch {
            return fail(.value, bytes: error.message)
        }
    }

    /// A tree: one that is in the store already, by its hash, is taken; nothing is downloaded or unpacked.
    fileprivate func fetchSource(_ builtin: String) -> Step {
        var arguments = FetchArguments()
        let step = readFetchArguments(&arguments, builtin)
        if step != .next { return step }
        let name = arguments.name.isEmpty ? Array("source".utf8) : arguments.name
        if let hash = arguments.hash, let path = try? StorePath.fixed(name: name, hash, .nar),
            (try? machine.io.pathExists(path)) == true
        {
            return done(storePathString(path))
        }
        return failOffline(arguments.url, builtin)
    }

    /// Attributes that fetchers do not share are forced by none: what cannot be fetched needs no more than its URL.
    private func readFetchArguments(_ arguments: inout FetchArguments, _ builtin: String) -> Step {
        let value = argument(0)
        if value.isString || value.isPath {
            arguments.url = Array(value.object.byteBuffer)
            return .next
        }
        guard value.isAttributes else { return failExpected("a set", value) }
        for symbol in [Symbols.url, Symbols.path, Symbols.name, Symbols.sha256] {
            guard let slot = lookup(value.object, symbol) else { continue }
            if !isForced(slot) { return .force }
            if symbol != Symbols.name, symbol != Symbols.sha256, slot.pointee.isPath {
                arguments.url = Array(slot.pointee.object.byteBuffer)
                continue
            }
            guard slot.pointee.isString else { return failExpected("a string", slot.pointee) }
            let text = Array(slot.pointee.object.byteBuffer)
            switch symbol {
            case Symbols.name: arguments.name = text
            case Symbols.sha256:
                do throws(StoreError) {
                    arguments.hash = try parseHash(text, .sha256)
                } catch {
                    return fail(.value, bytes: error.message)
                }
            default: arguments.url = text
            }
        }
        if arguments.url.isEmpty { return fail(.value, "'url' argument required by '\(builtin)'") }
        return .next
    }

    private func failOffline(_ url: [UInt8], _ builtin: String) -> Step {
        fail(
            .restricted,
            bytes: Array("'\(builtin)' cannot fetch '".utf8) + url
                + Array(
                    "': this evaluator opens no connection and unpacks no archive; fetch it yourself and pass its path, "
                        .utf8) + Array("with -I, --arg or as a root".utf8))
    }
}

extension FetchArguments {
    /// The path of a `file:` URL or an absolute path; nil for another URL.
    static func localPath(_ url: [UInt8]) -> [UInt8]? {
        for prefix in ["file://", "file:"] where url.starts(with: Array(prefix.utf8)) {
            let rest = Array(url[prefix.utf8.count...])
            return rest.first == CanonPath.separator ? CanonPath.canonicalize(rest) : nil
        }
        return url.first == CanonPath.separator ? CanonPath.canonicalize(url) : nil
    }
}
