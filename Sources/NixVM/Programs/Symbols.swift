/// Names the machine itself looks up, interned first so that their symbols are constants.
enum Symbols {
    static let names: [StaticString] = [
        "__functor", "__toString", "outPath", "success", "value", "name", "file", "line", "column", "__sortKey",
        "startSet", "operator", "key", "type", "derivation", "drvPath", "right", "wrong", "path", "prefix",
        "__findFile", "__nixPath", "__functionArgs", "version", "hash", "toHashFormat", "hashAlgo", "builtins",
        "outputs", "outputName", "meta", "system", "allOutputs",
        "builder", "args", "outputHash", "outputHashAlgo", "outputHashMode", "__structuredAttrs", "__ignoreNulls",
        "__contentAddressed", "__impure", "filter", "recursive", "sha256",
        "url",
        "regular", "directory", "symlink", "unknown", "_type", "timestamp",
        // What `typeOf` answers, beside "path".
        "int", "float", "string", "bool", "null", "list", "set", "lambda",
    ]
    static let functor: UInt32 = 0
    static let toString: UInt32 = 1
    static let outPath: UInt32 = 2
    static let success: UInt32 = 3
    static let value: UInt32 = 4
    static let name: UInt32 = 5
    static let file: UInt32 = 6
    static let line: UInt32 = 7
    static let column: UInt32 = 8
    static let startSet: UInt32 = 10
    static let `operator`: UInt32 = 11
    static let key: UInt32 = 12
    static let type: UInt32 = 13
    static let derivation: UInt32 = 14
    static let drvPath: UInt32 = 15
    static let right: UInt32 = 16
    static let wrong: UInt32 = 17
    static let path: UInt32 = 18
    static let prefix: UInt32 = 19
    static let version: UInt32 = 23
    static let hash: UInt32 = 24
    static let toHashFormat: UInt32 = 25
    static let hashAlgo: UInt32 = 26
    static let outputs: UInt32 = 28
    static let outputName: UInt32 = 29
    static let system: UInt32 = 31
    static let allOutputs: UInt32 = 32
    static let builder: UInt32 = 33
    static let args: UInt32 = 34
    static let outputHash: UInt32 = 35
    static let outputHashAlgo: UInt32 = 36
    static let outputHashMode: UInt32 = 37
    static let structuredAttrs: UInt32 = 38
    static let ignoreNulls: UInt32 = 39
    static let contentAddressed: UInt32 = 40
    static let impure: UInt32 = 41
    static let filter: UInt32 = 42
    static let recursive: UInt32 = 43
    static let sha256: UInt32 = 44
    static let url: UInt32 = 45
    static let regular: UInt32 = 46
    static let directory: UInt32 = 47
    static let symlink: UInt32 = 48
    static let unknown: UInt32 = 49
    static let kind: UInt32 = 50
    static let timestamp: UInt32 = 51
}
