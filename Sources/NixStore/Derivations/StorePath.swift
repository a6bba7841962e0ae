import MessageText

/// Names and paths of the Nix store, whose directory is always `/nix/store`.
///
/// A store path is `/nix/store/`, 32 digits of base 32 that stand for 160 bits of hash, `-`, and a name.
public enum StorePath {
    public static let directory = Array("/nix/store".utf8)
    /// Bytes before the name: directory, slash, hash and dash.
    public static let prefixLength = 11 + hashLength + 1
    static let hashLength = 32
    /// The longest name (`StorePath::MaxPathLen`).
    public static let maximumNameLength = 211
    public static let derivationSuffix = Array(".drv".utf8)

    /// Throws unless a store object may have this name.
    public static func check(name: [UInt8]) throws(StoreError) {
        if name.isEmpty { throw StoreError("name must not be empty") }
        if name.count <= maximumNameLength, name[0] != CanonPath.dot, name.allSatisfy(isNameByte) { return }
        if name.count > maximumNameLength {
            throw StoreError("name '", name, "' must be no longer than \(maximumNameLength) characters")
        }
        for first in [[CanonPath.dot], [CanonPath.dot, CanonPath.dot]] where name.starts(with: first) {
            if name.count == first.count { throw StoreError("name '", name, "' is not valid") }
            if name[first.count] == UInt8(ascii: "-") {
                let shown = String(decoding: first, as: UTF8.self)
                throw StoreError(
                    "name '", name, "' is not valid: first dash-separated component must not be '\(shown)'")
            }
        }
        for byte in name where !isNameByte(byte) {
            throw StoreError("name '", name, "' contains illegal character '", [byte], "'")
        }
    }

    @inline(__always)
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "?"), UInt8(ascii: "="):
            true
        default: false
        }
    }

    /// Whether this is the path of a store object itself, not of something in it.
    public static func isStorePath(_ path: [UInt8]) -> Bool {
        path.count > prefixLength && top(of: path).map { $0.count == path.count } ?? false
    }

    /// The store object that a canonical path is or lies in; nil when it is not in the store.
    public static func top(of path: [UInt8]) -> [UInt8]? {
        guard path.count > directory.count + 1, path.starts(with: directory), path[directory.count] == CanonPath.slash
        else { return nil }
        let rest = path[(directory.count + 1)...]
        let top = Array(path[..<(rest.firstIndex(of: CanonPath.slash) ?? path.count)])
        guard top.count > prefixLength, top[prefixLength - 1] == UInt8(ascii: "-"),
            top[(directory.count + 1)..<(prefixLength - 1)].allSatisfy({ Nix32.digits.contains($0) }),
            (try? check(name: Array(top[prefixLength...]))) != nil
        else { return nil }
        return top
    }

    /// Whether a path or name is that of a store derivation.
    public static func isDerivation(_ path: [UInt8]) -> Bool {
        let start = path.count - derivationSuffix.count
        return start >= 0 && path[start] == CanonPath.dot && path[start...] == derivationSuffix[...]
    }

    /// The 32 digits of a store path.
    public static func hashPart(_ path: [UInt8]) -> [UInt8] { Array(path[(directory.count + 1)..<(prefixLength - 1)]) }

    /// The name in a store path.
    public static func name(_ path: [UInt8]) -> [UInt8] { Array(path[prefixLength...]) }

    /// The name of a derivation's output: the derivation's own for `out`.
    public static func outputName(_ derivation: [UInt8], _ output: [UInt8]) -> [UInt8] {
        output == Array("out".utf8) ? derivation : derivation + [UInt8(ascii: "-")] + output
    }

    /// The path for a type (`text:...`, `source`, `output:out`), the SHA-256 of what identifies the object, and a name.
    public static func make(type: [UInt8], sha256 hash: [UInt8], name: [UInt8]) throws(StoreError) -> [UInt8] {
        try checkInPath(name)
        var text: [UInt8] = []
        text.reserveCapacity(type.count + hashMark.count + 2 * hash.count + directoryMark.count + name.count)
        text += type
        text += hashMark
        text += Base16.encode(hash)
        text += directoryMark
        text += name
        var path: [UInt8] = []
        path.reserveCapacity(prefixLength + name.count)
        path += directory
        path.append(CanonPath.slash)
        path += Nix32.encode(compress(Hash(of: text, .sha256).bytes, to: 20))
        path.append(UInt8(ascii: "-"))
        path += name
        return path
    }

    private static let hashMark = Array(":sha256:".utf8)
    private static let directoryMark = Array(":/nix/store:".utf8)

    /// As `check(name:)`, where the name comes with a path that is being made.
    private static func checkInPath(_ name: [UInt8]) throws(StoreError) {
        do throws(StoreError) {
            try check(name: name)
        } catch {
            throw StoreError("path '", name, "' is not a valid store path: ", because: error)
        }
    }

    /// Folds a hash to fewer bytes, each the XOR of those that fall on it.
    public static func compress(_ hash: [UInt8], to size: Int) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: size)
        for (index, byte) in hash.enumerated() { result[index % size] ^= byte }
        return result
    }

    /// The path of a text (`toFile`, derivations) with the SHA-256 of its bytes and the store paths it refers to, which
    /// must be sorted and each there once.
    public static func text(
        name: [UInt8], sha256 hash: [UInt8], references: some Sequence<[UInt8]>
    ) throws(StoreError) -> [UInt8] {
        var type = Array("text".utf8)
        for reference in references {
            type.append(UInt8(ascii: ":"))
            type += reference
        }
        return try make(type: type, sha256: hash, name: name)
    }

    /// The path of an object that is known by the hash of its contents.
    public static func fixed(
        name: [UInt8], _ hash: Hash, _ method: ContentAddressMethod
    ) throws(StoreError) -> [UInt8] {
        switch method {
        case .text:
            guard hash.algorithm == .sha256 else { throw StoreError("text-hashed outputs must use SHA-256") }
            return try text(name: name, sha256: hash.bytes, references: [])
        case .nar where hash.algorithm == .sha256:
            return try make(type: Array("source".utf8), sha256: hash.bytes, name: name)
        case .git where hash.algorithm != .sha1 && hash.algorithm != .sha256:
            throw StoreError(
                "Git file ingestion must use SHA-1 or SHA-256 hash, but instead using: \(hash.algorithm.rawValue)")
        case .flat, .nar, .git:
            let payload =
                Array("fixed:out:\(method.prefix)".utf8) + hash.text(.base16, withAlgorithm: true)
                + [UInt8(ascii: ":")]
            return try make(
                type: Array("output:out".utf8), sha256: Hash(of: payload, .sha256).bytes, name: name)
        }
    }

    /// What a build writes in place of the path of one of its own outputs (`builtins.placeholder`).
    public static func placeholder(output: [UInt8]) -> [UInt8] {
        [CanonPath.slash] + Nix32.encode(Hash(of: Array("nix-output:".utf8) + output, .sha256).bytes)
    }

    /// What stands for an output whose path is known only once it is built.
    public static func upstreamPlaceholder(derivation: [UInt8], output: [UInt8]) -> Hash {
        let name = Array(name(derivation).dropLast(derivationSuffix.count))
        let text =
            Array("nix-upstream-output:".utf8) + hashPart(derivation) + [UInt8(ascii: ":")] + outputName(name, output)
        return Hash(of: text, .sha256)
    }

    /// What stands for an output of a derivation that is itself an output still to be built, `placeholder` being what
    /// stands for the derivation.
    public static func computedPlaceholder(_ placeholder: Hash, output: [UInt8]) -> Hash {
        let text =
            Array("nix-computed-output:".utf8) + Nix32.encode(compress(placeholder.bytes, to: 20))
            + [UInt8(ascii: ":")] + output
        return Hash(of: text, .sha256)
    }
}

/// How contents become the hash that a path is made of.
public enum ContentAddressMethod: String, Sendable {
    /// The bytes of one file.
    case flat
    /// The archive of a tree.
    case nar
    /// The bytes of one file that may refer to store paths.
    case text
    /// Git's hash of a tree.
    case git

    /// What precedes the algorithm where a derivation names both.
    public var prefix: String {
        switch self {
        case .flat: ""
        case .nar: "r:"
        case .text: "text:"
        case .git: "git:"
        }
    }

    /// The method of a name as `outputHashMode` gives it; nil when there is none. `recursive` is the older name of
    /// `nar`.
    public init?(mode: [UInt8]) {
        let text = String(decoding: mode, as: UTF8.self)
        guard let method = text == "recursive" ? .nar : ContentAddressMethod(rawValue: text) else { return nil }
        self = method
    }
}

/// Why there is no such store path or derivation.
public struct StoreError: Error, Sendable, Equatable {
    /// Worded as Nix words it, without `error: `. Bytes, because names need not be UTF-8.
    public let message: [UInt8]

    public init(_ message: String) { self.message = Array(message.utf8) }

    /// A message about one or two names, which it quotes.
    init(_ first: String, _ name: [UInt8], _ second: String, _ other: [UInt8] = [], _ third: String = "") {
        let quoted = MessageText.excerpt(name) + Array(second.utf8) + MessageText.excerpt(other)
        message = Array(first.utf8) + quoted + Array(third.utf8)
    }

    /// A message about a name, with the reason that another error gives.
    init(_ first: String, _ name: [UInt8], _ second: String, because reason: StoreError) {
        message = Array(first.utf8) + MessageText.excerpt(name) + Array(second.utf8) + reason.message
    }
}
