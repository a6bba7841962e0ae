import NixFormats
import NixStore

/// Builtins that compute hashes, and that convert hashes between formats.
extension Builtin {
    static let hashes: [Builtin] = [
        .function(
            "hashString", [.evaluated("algorithm"), .evaluated("string")], since: "1.4",
            "The hash of a string in base 16: `md5`, `sha1`, `sha256` or `sha512`.", early: { $0.knowsAlgorithm() }
        ) { interpreter in
            guard let name = interpreter.expectPlainString(0), let text = interpreter.expectString(1) else {
                return .error
            }
            return interpreter.hash(text.bytes, named: name)
        },
        .frame(
            "hashFile", [.evaluated("algorithm"), .checked("path", isLazy: true)], slots: 2, since: "2.3",
            "The hash of a file's contents, as `hashString` has it."
        ) { interpreter in
            guard let name = interpreter.expectPlainString(0) else { return .error }
            return interpreter.coercedPath(1, marker: 2) { interpreter.hashFile(named: name) }
        },
        .function(
            "convertHash", [.checked("{ hash, hashAlgo, toHashFormat }")], since: "2.19",
            "A hash in another format: `base16`, `nix32`, `base64` or `sri`."
        ) { $0.convertHash() },
    ]
}

extension Interpreter {
    private func algorithm(named name: StringRef) throws(HashError) -> HashAlgorithm {
        // No algorithm has a long name, so that of a program is not copied to find out.
        if name.count > Interpreter.longestHashText { throw .unknownAlgorithm(excerpt(name)) }
        return try HashAlgorithm(name: Array(name.bytes))
    }

    /// Checks, before the second argument is forced, that the first one names a hash algorithm. The result is false, and
    /// `failure` is set, if it does not.
    fileprivate func knowsAlgorithm() -> Bool {
        guard let name = expectPlainString(0) else { return false }
        do {
            _ = try algorithm(named: name)
            return true
        } catch {
            _ = fail(.value, bytes: error.message)
            return false
        }
    }

    fileprivate func hash(_ bytes: UnsafeBufferPointer<UInt8>, named name: StringRef) -> Step {
        do throws(HashError) {
            let algorithm = try algorithm(named: name)
            guard reserve(Size.string(algorithm.size * 2)) else { return .collect }
            var stream = HashStream(algorithm)
            guard charge(1) else { return .error }
            let isRead = inBlocks(bytes.count, bytesPerUnit: 32) { block in
                stream.update(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[block])))
                return true
            }
            guard isRead else { return .error }
            return done(makeString(stream.finish().text(.base16)))
        } catch { return fail(.value, bytes: error.message) }
    }

    /// Hashes a file of any size: it is read block by block, and only one block is in memory.
    fileprivate func hashFile(named name: StringRef) -> Step {
        do throws(HashError) {
            let algorithm = try algorithm(named: name)
            guard reserve(Size.string(algorithm.size * 2)) else { return .collect }
            let path = CanonPath.canonicalize(Array(argument(1).string.bytes))
            guard let hash = contentHash(path, .flat, algorithm) else { return .error }
            return done(makeString(hash.text(.base16)))
        } catch { return fail(.value, bytes: error.message) }
    }

    /// More bytes than the text of a hash takes: SHA-512 in base 16, preceded by its algorithm, takes 135.
    private static var longestHashText: Int { 256 }

    fileprivate func convertHash() -> Step {
        guard let set = expectSet(0) else { return .error }
        let slots = [Symbols.hash, .hashAlgo, .toHashFormat].map { (known: $0, slot: lookup(set, $0)) }
        for (known, slot) in slots {
            guard let slot else {
                if known == .hashAlgo { continue }
                return failMissingAttribute(argument(0), known.number)
            }
            if !isForced(slot) { return .force }
            guard isPlainString(slot.pointee) else { return .error }
        }
        for (_, slot) in slots {
            if let slot, !reserveCopies(6, of: slot.pointee.object) { return .collect }
        }
        let texts = slots.map { $0.slot.map { Array($0.pointee.string.bytes) } }
        do {
            let algorithm = try texts[1].map { (name) throws(HashError) in try HashAlgorithm(name: name) }
            let format = try HashFormat(name: texts[2] ?? [])
            guard reserve(Size.string(Interpreter.longestHashText)) else { return .collect }
            guard charge(16) else { return .error }
            if texts[2] == Array("base32".utf8) {
                machine.print(Array("warning: \"base32\" is a deprecated alias for hash format \"nix32\".".utf8))
            }
            let text = try Hash(parsing: texts[0] ?? [], algorithm).text(format)
            return done(makeString(text))
        } catch { return fail(.value, bytes: error.message) }
    }
}
