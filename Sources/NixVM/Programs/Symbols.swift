/// The names that the machine itself looks up. They are interned first, in this order, so that their symbols are
/// constants. The raw value is the name.
enum Symbols: String, CaseIterable {
    case functor = "__functor"
    case toString = "__toString"
    case outPath, success, value, name, file, line, column
    case sortKey = "__sortKey"
    case startSet, `operator`, key, type, derivation, drvPath, right, wrong, path, prefix
    case findFile = "__findFile"
    case nixPath = "__nixPath"
    case functionArgs = "__functionArgs"
    case version, hash, toHashFormat, hashAlgo, builtins, outputs, outputName, meta, system, allOutputs
    case builder, args, outputHash, outputHashAlgo, outputHashMode
    case structuredAttrs = "__structuredAttrs"
    case ignoreNulls = "__ignoreNulls"
    case contentAddressed = "__contentAddressed"
    case impure = "__impure"
    case requiredSystemFeatures
    case filter, recursive, sha256, url, regular, directory, symlink, unknown
    case kind = "_type"
    case timestamp
    // The results of `typeOf`, except "path".
    case int, float, string, bool, null, list, set, lambda

    /// The symbol: the number of the case, by which Swift represents an enumeration without payloads.
    @inline(__always) var number: UInt32 { UInt32(unsafeBitCast(self, to: UInt8.self)) }

    /// The name with a symbol; nil for a symbol of another name.
    @inline(__always)
    init?(number: UInt32) {
        guard number <= Symbols.lambda.number else { return nil }
        self = unsafeBitCast(UInt8(truncatingIfNeeded: number), to: Symbols.self)
    }

    @inline(__always)
    static func == (symbol: UInt32, known: Symbols) -> Bool { known.number == symbol }
}

extension Interpreter {
    @inline(__always)
    func lookup(_ attributes: Object, _ known: Symbols) -> Slot? { lookup(attributes, known.number) }

    @inline(__always)
    func lookup(_ set: AttributesRef, _ known: Symbols) -> Slot? { lookup(set.object, known.number) }
}
