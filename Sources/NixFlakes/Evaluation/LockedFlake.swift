import NixEval
import NixFormats
import NixStore
import NixVM
import Platform

/// A flake with its lock file: what `firn flake` shows, and what evaluations call.
///
///     let installable = try FlakeInstallable("./site#packages", relativeTo: directory, io: LocalIO())
///     let flake = try LockedFlake.lock(installable.reference, evaluator, options, registries)
///     let value = try flake.select(installable.fragment, system: "x86_64-linux")
///
/// The functions run on a thread with a large stack, and use the evaluator that the flake was locked with.
package struct LockedFlake {
    /// The flake as the reference on the command line names it, without what its lock file says.
    let flake: Flake
    package let lock: LockFile
    let evaluator: Evaluator
    /// Where the nodes lie that were fetched in order to lock them, by index.
    private let places: [Int: FlakePlace]

    /// Fetches a flake and locks its inputs. The lock file is written if the options want it and it changed.
    ///
    /// - Parameters:
    ///   - reference: the flake.
    ///   - evaluator: evaluates the flakes, and prints warnings.
    ///   - options: how the lock file is made and kept.
    ///   - registries: what the names of flakes stand for.
    /// - Throws: why the flake or an input cannot be fetched or locked, or why the lock file cannot be written.
    package static func lock(
        _ reference: FlakeReference, _ evaluator: Evaluator, _ options: LockOptions = LockOptions(),
        _ registries: FlakeRegistries = FlakeRegistries()
    ) throws(EvalFailure) -> LockedFlake {
        let reader = FlakeReader(evaluator: evaluator, registries: registries)
        var flake = try reader.flake(reference, options.usesRegistries ? .all : .none, at: [])
        do throws(EvalFailure) {
            let old: LockFile
            if let (text, path) = options.reference {
                old = try LockFile(text, name: path)
            } else {
                old = try reader.lockFile(of: flake)
            }
            let locker = FlakeLocker(reader: reader, options: options)
            try locker.lock(flake, old: old)
            for warning in locker.warnings { evaluator.machine.printWarning(Array(warning.utf8)) }
            var places = locker.places
            if options.output != nil || locker.lock.text() != old.text() {
                let keeper = LockFileKeeper(reader: reader, options: options, old: old, new: locker.lock)
                try keeper.keep(&flake)
                places[0] = flake.place
            }
            return LockedFlake(flake: flake, lock: locker.lock, evaluator: evaluator, places: places)
        } catch {
            throw error.during("while updating the lock file of flake '\(flake.locked.shown)'")
        }
    }

    /// The value of the flake: its outputs, inputs and source, as `getFlake` gives it.
    package func value() throws(EvalFailure) -> ValueHandle {
        let machine = evaluator.machine
        let (document, keys) = lock.document()
        var sources: [(name: [UInt8], value: ValueHandle)] = []
        // The places are in the order of their nodes, so that equal flakes make equal values in equal order.
        for (index, place) in places.sorted(by: { $0.key < $1.key }) {
            guard let key = keys[index] else { continue }
            if let locked = lock.nodes[index].locked, locked.isRelative { continue }
            let isForcedDirty = index == 0 && flake.isForcedDirty
            let info = isForcedDirty ? try withoutRevision(place.source.value) : place.source.value
            let source = machine.makeAttributes([
                (Array("dir".utf8), machine.makeString(place.below)), (Array("sourceInfo".utf8), info),
            ])
            sources.append((key, source))
        }
        let lockValue = try evaluator.call(builtin: "fromJSON", [machine.makeString(document.compactText)])
        let arguments = machine.makeAttributes([
            (Array("fail".utf8), machine.failFunction), (Array("fetch".utf8), machine.fetchInputFunction),
            (Array("lock".utf8), lockValue), (Array("sources".utf8), machine.makeAttributes(sources)),
        ])
        return try evaluator.call(core: CorePackages.callFlake, [arguments])
    }

    /// A tree with a lock file that it does not have is no longer that of its commit.
    private func withoutRevision(_ info: ValueHandle) throws(EvalFailure) -> ValueHandle {
        let machine = evaluator.machine
        let names = ["rev", "revCount", "shortRev"].map { machine.makeString(Array($0.utf8)) }
        return try evaluator.call(builtin: "removeAttrs", [info, machine.makeList(names)])
    }

    /// Where a node of the lock file lies, after fetching it if that was not necessary before.
    func place(of index: Int) throws(EvalFailure) -> FlakePlace {
        if let place = places[index] { return place }
        let node = lock.nodes[index]
        guard let locked = node.locked else { return flake.place }
        let reader = FlakeReader(evaluator: evaluator, registries: FlakeRegistries())
        return try reader.fetch(locked)
    }
}

/// Decides what becomes of a lock file that differs from the flake's.
private struct LockFileKeeper {
    let reader: FlakeReader
    let options: LockOptions
    let old: LockFile
    let new: LockFile

    private func warn(_ text: String) { reader.evaluator.machine.printWarning(Array(text.utf8)) }

    /// Writes the lock file, or says why it is not written. A flake that was changed is fetched again.
    func keep(_ flake: inout Flake) throws(EvalFailure) {
        let difference = String(new.difference(from: old).dropLast())
        let shown = flake.original.shown
        guard options.isWritten else {
            warn("not writing modified lock file of flake '\(shown)':\n\(difference)")
            flake.isForcedDirty = true
            return
        }
        let source = flake.original.sourcePath
        guard source != nil || options.output != nil else {
            throw .flake(
                "cannot write modified lock file of flake '\(shown)' (use '--no-write-lock-file' to ignore)")
        }
        if let unlocked = new.unlockedInput {
            warn("not writing lock file of flake '\(shown)' because it has an unlocked input ('\(unlocked.shown)')")
            return
        }
        guard options.mayChange else {
            throw .flake(
                "flake '\(shown)' requires lock file changes but they're not allowed due to '--no-update-lock-file'")
        }
        if let output = options.output { return try write(to: Array(output.utf8)) }
        guard let source else { return }
        try write(flake, in: source, difference)
        reader.evaluator.machine.forget(flake.resolved.input)
        reader.evaluator.machine.forget(flake.original.input)
        flake = try reader.flake(flake.original, options.usesRegistries ? .all : .none, at: [])
    }

    private func write(_ flake: Flake, in source: [UInt8], _ difference: String) throws(EvalFailure) {
        let directory = CanonPath.absolute(flake.original.directory, relativeTo: source)
        let path = directory + Array("/flake.lock".utf8)
        let name = String(decoding: path, as: UTF8.self)
        let exists = (try? LocalIO().pathExists(path)) == true
        warn((exists ? "updating lock file '\(name)':\n" : "creating lock file '\(name)':\n") + difference)
        try write(to: path)
        guard flake.original.input.scheme == .git else { return }
        do throws(FetchError) {
            // Git shows the evaluation only files that it knows.
            try Fetcher(reader.evaluator.machine.io.base) { _ in true }.track(path, inRepository: source)
        } catch {
            throw EvalFailure(error)
        }
    }

    private func write(to path: [UInt8]) throws(EvalFailure) {
        let name = String(decoding: path, as: UTF8.self)
        do throws(WriteFailure) {
            try WholeFile.write(new.text() + [UInt8(ascii: "\n")], to: name, .replacing)
        } catch {
            throw EvalFailure(kind: .io, message: Array(error.description.utf8))
        }
    }
}

extension FlakeReference {
    /// The directory of this machine that the reference names, in which files can be changed; nil if there is none.
    fileprivate var sourcePath: [UInt8]? {
        switch input.scheme {
        case .path:
            guard !isRelative, case .text(let path) = input.attributes["path"] else { return nil }
            return CanonPath.canonicalize(path)
        case .git where input.attributes["ref"] == nil && input.attributes["rev"] == nil:
            guard let url = try? input.url(), url.transport == "file", let path = try? url.filePath() else {
                return nil
            }
            return CanonPath.canonicalize(path)
        default: return nil
        }
    }
}
