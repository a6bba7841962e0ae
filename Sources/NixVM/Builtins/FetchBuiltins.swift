import MessageText
import NixStore

/// `fetchurl`, `fetchTarball` and `fetchClosure`. Without settings for the network they open no connection: files of this
/// machine are read, and anything else is refused with an error that says how to provide it.
extension Builtin {
    static let fetch: [Builtin] = [
        .function(
            "fetchurl", [.checked("url or { url, sha256 }")], since: "1.9", "The store path of a file that is fetched.",
            limits: "`file:` URLs and paths; with `--allow-network` those of `http` and `https`"
        ) { $0.fetchURL() },
        .function(
            "fetchTarball", [.checked("url or { url, sha256 }")], since: "1.9",
            "The store path of the tree in an archive that is fetched.",
            limits:
                "`file:` URLs and paths of tar archives, plain or compressed with gzip, bzip2 or xz; with "
                + "`--allow-network` those of `http` and `https`",
            isGlobal: true
        ) { $0.fetchTarball() },
        .function(
            "fetchClosure", [.checked("{ fromStore, fromPath }")], since: "2.8",
            "A store path that is copied from a binary cache.",
            limits: "refused with an error that says what to do: nothing is copied from a binary cache"
        ) { interpreter in
            interpreter.fail(
                .restricted,
                "'fetchClosure' would copy a closure from a binary cache, and this evaluator opens no connection and "
                    + "writes to no store; copy it yourself (nix copy) and use builtins.storePath")
        },
    ]
}

/// The argument of a download: a URL, or a set with a URL.
private struct DownloadArguments {
    var url: [UInt8] = []
    var name: [UInt8]?
    var hash: Hash?
    /// The hash if its text was empty, for which Nix assumes a hash of zeros and warns.
    var assumedHash: Hash?
    var isSet = false
    /// The bytes of the texts read so far.
    var bytes = 0
}

extension Interpreter {
    /// Fetches a file, and answers with the path of a store object that consists of it.
    fileprivate func fetchURL() -> Step {
        guard reserveStorePath() else { return .collect }
        var arguments = DownloadArguments()
        let step = readDownload(&arguments, "fetchurl")
        if step != .next { return step }
        let name = arguments.name ?? CanonPath.baseName(of: arguments.url)
        if let step = checkDownload(arguments, name: name, "fetchurl") { return step }
        warnOfAssumedHash(arguments.assumedHash)
        if let path = storedDownload(arguments.hash, name: name, .flat) {
            return doneStored(path, arguments.hash, .flat)
        }
        do throws(FetchError) {
            if let error = forbidden(url: arguments.url) { return fail(error) }
            let file = try makeFetcher().file(of: arguments.url)
            guard let path = addToStore(file.path, name: name, method: .flat, io: file.io) else { return .error }
            guard let expected = arguments.hash, (try? StorePath.fixed(name: name, expected, .flat)) != path else {
                return done(storePath: path)
            }
            guard let hash = contentHash(file.path, .flat, .sha256, io: file.io) else { return .error }
            return fail(
                .value,
                bytes: Array("hash mismatch in file downloaded from '".utf8)
                    + MessageText.excerpt(Fetcher.shown(arguments.url)) + Array("':\n  specified: ".utf8)
                    + expected.text(.nix32, withAlgorithm: true) + Array("\n  got:       ".utf8)
                    + hash.text(.nix32, withAlgorithm: true))
        } catch {
            return fail(error)
        }
    }

    /// Fetches an archive, and answers with the store path of the tree in it.
    fileprivate func fetchTarball() -> Step {
        guard reserveStorePath() else { return .collect }
        var arguments = DownloadArguments()
        let step = readDownload(&arguments, "fetchTarball")
        if step != .next { return step }
        let name = arguments.name ?? Array("source".utf8)
        if let step = checkDownload(arguments, name: name, "fetchTarball") { return step }
        warnOfAssumedHash(arguments.assumedHash)
        if let path = storedDownload(arguments.hash, name: name, .nar) { return doneStored(path, arguments.hash, .nar) }
        var attributes: [String: InputAttribute] = [
            "type": .text(Array("tarball".utf8)), "url": .text(arguments.url), "name": .text(name),
        ]
        if let hash = arguments.hash { attributes["narHash"] = .text(hash.text(.sri)) }
        switch fetched(attributes) {
        case .failure(let pending): return pending.step
        case .success(let (_, path)): return done(storePath: path)
        }
    }

    /// Reads the arguments in the order of their names, so that the first failure does not depend on the order of symbols.
    /// The result is `.next` if all were read, and otherwise the step to answer.
    private func readDownload(_ arguments: inout DownloadArguments, _ builtin: String) -> Step {
        let value = argument(0)
        if value.isPath {
            if let step = refuseInput(value.string.count) { return step }
            arguments.url = Array(value.string.bytes)
            return .next
        }
        guard value.isAttributes else {
            guard isPlainString(value) else { return .error }
            if let step = refuseInput(value.string.count) { return step }
            arguments.url = resolvedURL(Array(value.string.bytes), builtin)
            return .next
        }
        arguments.isSet = true
        guard let order = nameOrder(of: value.object) else { return .collect }
        for index in 0..<value.object.field {
            let place = Int(order[index])
            let symbol = value.object.layout.entries[place].symbol
            let step = readDownload(symbol, value.object.attributeValues + place, &arguments, builtin)
            if step != .next { return step }
        }
        if arguments.url.isEmpty { return fail(.value, "'url' argument required") }
        return .next
    }

    private func readDownload(
        _ symbol: UInt32, _ slot: Slot, _ arguments: inout DownloadArguments, _ builtin: String
    ) -> Step {
        let known = Symbols(number: symbol)
        guard known == .url || known == .name || known == .sha256 else {
            return fail(.value, "unsupported argument '\(quoted(symbol))' to '\(builtin)'")
        }
        if !isForced(slot) { return .force }
        if slot.pointee.isPath || slot.pointee.isString {
            arguments.bytes += slot.pointee.object.field
            if let step = refuseInput(arguments.bytes) { return step }
        }
        if known == .url, slot.pointee.isPath {
            arguments.url = Array(slot.pointee.string.bytes)
            return .next
        }
        guard isPlainString(slot.pointee) else { return .error }
        let text = Array(slot.pointee.string.bytes)
        switch known {
        case .url: arguments.url = resolvedURL(text, builtin)
        case .name: arguments.name = text
        default:
            do throws(StoreError) {
                arguments.hash = try parseHash(text, .sha256)
                if text.isEmpty { arguments.assumedHash = arguments.hash }
            } catch {
                return fail(.value, bytes: error.message)
            }
        }
        return .next
    }

    /// The URL that is meant: `channel:NAME` stands for that of an archive.
    private func resolvedURL(_ url: [UInt8], _ builtin: String) -> [UInt8] {
        let prefix = Array("channel:".utf8)
        guard builtin == "fetchTarball", url.starts(with: prefix) else { return url }
        return Array("https://channels.nixos.org/".utf8) + url[prefix.count...] + Array("/nixexprs.tar.xz".utf8)
    }

    /// Refuses a name that a store object cannot have, and in pure evaluation a download without a hash. The result is nil
    /// if neither is the case.
    private func checkDownload(_ arguments: DownloadArguments, name: [UInt8], _ builtin: String) -> Step? {
        do throws(StoreError) {
            try StorePath.check(name: name)
        } catch {
            let advice =
                if arguments.name != nil {
                    "Please change the value for the 'name' attribute passed to '\(builtin)', so that it can create a "
                        + "valid store path."
                } else if arguments.isSet {
                    "Please add a valid 'name' attribute to the argument for '\(builtin)', so that it can create a "
                        + "valid store path."
                } else {
                    "Please pass an attribute set with 'url' and 'name' attributes to '\(builtin)',  so that it can "
                        + "create a valid store path."
                }
            return fail(
                .value,
                bytes: Array("invalid store path name when fetching URL '".utf8) + MessageText.excerpt(arguments.url)
                    + Array("': ".utf8) + error.message + Array(". \(advice)".utf8))
        }
        if requiresHash(isRemote: FetchInput.isRemote(url: arguments.url)), arguments.hash == nil {
            return fail(.restricted, "in pure evaluation mode, '\(builtin)' requires a 'sha256' argument")
        }
        return nil
    }

    /// Whether an input must come with a hash, because its contents could otherwise differ between two evaluations.
    ///
    /// - Parameter isRemote: Whether it is on another machine. Where files are fixed, that is the only input that can
    ///   differ.
    func requiresHash(isRemote: Bool) -> Bool {
        guard machine.settings.pure else { return false }
        return !machine.io.hasFixedContents || isRemote && machine.settings.fetching.network != nil
    }

    /// The store path of a download with a known hash, if the store has it.
    private func storedDownload(_ hash: Hash?, name: [UInt8], _ method: ContentAddressMethod) -> [UInt8]? {
        guard let hash, let path = try? StorePath.fixed(name: name, hash, method),
            (try? machine.io.pathExists(path)) == true
        else { return nil }
        return path
    }

    /// Finishes with what is in this machine's store already, which need not be the store that is written.
    private func doneStored(_ path: [UInt8], _ hash: Hash?, _ method: ContentAddressMethod) -> Step {
        if machine.storeWriter != nil, let hash {
            let object = StoreObject(machine.io.base, root: path, isPlainFile: method == .flat)
            guard keep(object, at: path, ContentAddress(method, hash)) else { return .error }
        }
        return done(storePath: path)
    }

    /// Refuses an input whose texts are too long; nil if they are not. Parsing the texts takes up to a hundred times
    /// their size in small objects that are not counted.
    ///
    /// - Parameter bytes: the bytes of all names and texts of the input.
    func refuseInput(_ bytes: Int) -> Step? {
        if bytes <= Interpreter.longestInput { return nil }
        return fail(
            .value,
            "an input that is told of in \(bytes) bytes cannot be fetched: its URL, path and other texts may have "
                + "\(Interpreter.longestInput) bytes together")
    }

    /// The most bytes of an input's texts. A URL, a path and a few names fit: it is four times the longest path.
    private static var longestInput: Int { 4 * (CanonPath.maximumLength + 1) }

    struct PendingFetch: Error {
        var step: Step
    }

    /// A fetcher for this evaluation. What it reads is charged for; what it downloads is not, because that depends on
    /// what was kept of earlier downloads.
    ///
    /// - Parameter reserve: Called with the bytes that are about to be kept in memory; false stops.
    private func makeFetcher(reserve: @escaping (Int) -> Bool = { _ in true }) -> Fetcher {
        Fetcher(
            machine.fetchIO, network: machine.settings.fetching.network, isStopped: { !poll() }, reserve: reserve
        ) { charge(1 + $0 / 512) }
    }

    /// Fetches an input, once per evaluation, and lets its store path be read.
    func fetched(_ attributes: [String: InputAttribute]) -> Result<(FetchedTree, path: [UInt8]), PendingFetch> {
        do throws(FetchError) {
            let input = try FetchInput(attributes)
            if let known = machine.store.fetched.first(where: { $0.input == input }) {
                return .success((known.tree, known.path))
            }
            if let error = try forbidden(input) { return .failure(PendingFetch(step: fail(error))) }
            var isOverMemory = false
            var kept = 0
            let fetcher = makeFetcher { bytes in
                kept += bytes
                isOverMemory = !hasRoomOutsideHeap(kept)
                return !isOverMemory
            }
            let tree: FetchedTree
            do throws(FetchError) {
                tree = try fetcher.fetch(input)
            } catch {
                if isOverMemory { return .failure(PendingFetch(step: memoryExceeded())) }
                return .failure(PendingFetch(step: fail(error, fetching: input)))
            }
            if let warning = tree.warning {
                guard machine.settings.fetching.allowsDirtyTrees else {
                    return .failure(PendingFetch(step: fail(.dirtyTree(warning), fetching: input)))
                }
                if machine.settings.fetching.warnsOfDirtyTrees { machine.print(Array("warning: ".utf8) + warning) }
            }
            return keep(tree, of: input)
        } catch {
            return .failure(PendingFetch(step: fail(error)))
        }
    }

    /// Why a restricted evaluation must not fetch an input; nil if it may. Paths and `file` URLs pass, because the files
    /// that they lead to are checked as they are read.
    private func forbidden(_ input: FetchInput) throws(FetchError) -> FetchError? {
        guard machine.settings.fetching.allowedURIs != nil else { return nil }
        return forbidden(url: try input.restrictedURL())
    }

    private func forbidden(url: [UInt8]) -> FetchError? {
        if machine.settings.fetching.allows(url) || url.first == UInt8(ascii: "/") { return nil }
        return (try? ParsedURL(url))?.scheme == "file" ? nil : .forbidden(url)
    }

    private func keep(
        _ tree: FetchedTree, of input: FetchInput
    ) -> Result<(FetchedTree, path: [UInt8]), PendingFetch> {
        do throws(StoreError) {
            let path = try tree.storePath()
            guard keep(tree.object, at: path, ContentAddress(.nar, tree.narHash)) else {
                return .failure(PendingFetch(step: .error))
            }
            machine.store.fetched.append((input, tree, path))
            return .success((tree, path))
        } catch {
            return .failure(PendingFetch(step: fail(.value, bytes: error.message)))
        }
    }

    private func fail(_ error: FetchError, fetching input: FetchInput) -> Step {
        let step = fail(error)
        if error.kind != .stopped, let url = try? input.url().text {
            let shown = MessageText.shortened(Fetcher.shown(url))
            machine.notes.append(.text("while fetching the input '\(shown)'"))
        }
        return step
    }

    func fail(_ error: FetchError) -> Step {
        // A limit ended the fetch, and has set `failure`.
        if error.kind == .stopped { return .error }
        return fail(error.kind == .restricted ? .restricted : .value, bytes: error.message)
    }
}
