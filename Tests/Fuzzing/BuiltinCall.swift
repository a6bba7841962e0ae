/// The intended type of an expression in a hostile source. Occasionally, an expression has another one.
public enum Sort: CaseIterable, Sendable {
    case integer, float, boolean, string, path, list, set, function, anything
    // Arguments whose contents a builtin examines.
    case predicate, comparator, pattern, json, toml, version, names, pairs, graph, derivation, date, hash, url, folder
    case joiner, updater, zipper
}

/// A builtin with the sorts of its arguments.
public struct BuiltinCall: Sendable {
    public var name: String
    var arguments: [Sort]

    init(_ name: String, _ arguments: Sort...) {
        self.name = name
        self.arguments = arguments
    }

    /// The functions of `builtins` by the sort of their result. Those without a row are called with arbitrary
    /// arguments.
    public static let rows: [(result: Sort, calls: [BuiltinCall])] = [
        (
            .integer,
            [
                .init("add", .integer, .integer), .init("sub", .integer, .integer), .init("mul", .integer, .integer),
                .init("div", .integer, .integer), .init("bitAnd", .integer, .integer),
                .init("bitOr", .integer, .integer), .init("bitXor", .integer, .integer), .init("ceil", .float),
                .init("floor", .float), .init("length", .list), .init("stringLength", .string),
                .init("compareVersions", .version, .version), .init("foldl'", .joiner, .integer, .list),
            ]
        ),
        (
            .boolean,
            [
                .init("lessThan", .integer, .integer), .init("lessThan", .string, .string),
                .init("lessThan", .list, .list), .init("all", .predicate, .list), .init("any", .predicate, .list),
                .init("elem", .anything, .list), .init("hasAttr", .string, .set), .init("hasContext", .string),
                .init("isAttrs", .anything), .init("isBool", .anything), .init("isFloat", .anything),
                .init("isFunction", .anything), .init("isInt", .anything), .init("isList", .anything),
                .init("isNull", .anything), .init("isPath", .anything), .init("isString", .anything),
                .init("pathExists", .path),
            ]
        ),
        (
            .string,
            [
                .init("toString", .anything), .init("toJSON", .anything), .init("toXML", .anything),
                .init("substring", .integer, .integer, .string), .init("concatStringsSep", .string, .names),
                .init("replaceStrings", .names, .names, .string), .init("hashString", .hash, .string),
                .init("baseNameOf", .path), .init("dirOf", .string), .init("typeOf", .anything),
                .init("placeholder", .string), .init("toFile", .string, .string), .init("readFile", .path),
                .init("unsafeDiscardStringContext", .string), .init("appendContext", .string, .set),
                .init("unsafeDiscardOutputDependency", .string), .init("addDrvOutputDependencies", .string),
                .init("getEnv", .string), .init("flakeRefToString", .set), .init("convertHash", .set),
                .init("hashFile", .hash, .path), .init("readFileType", .path), .init("storePath", .path),
                .init("outputOf", .string, .string), .init("toPath", .string),
            ]
        ),
        (
            .list,
            [
                .init("map", .function, .list), .init("filter", .predicate, .list),
                .init("sort", .comparator, .list), .init("genList", .function, .integer),
                .init("concatLists", .list), .init("concatMap", .function, .list), .init("tail", .list),
                .init("attrNames", .set), .init("attrValues", .set), .init("catAttrs", .string, .list),
                .init("genericClosure", .graph), .init("match", .pattern, .string), .init("split", .pattern, .string),
                .init("splitVersion", .version), .init("catAttrs", .string, .pairs),
            ]
        ),
        (
            .set,
            [
                .init("listToAttrs", .pairs), .init("mapAttrs", .joiner, .set), .init("removeAttrs", .set, .names),
                .init("intersectAttrs", .set, .set), .init("functionArgs", .function),
                .init("groupBy", .updater, .list), .init("partition", .predicate, .list),
                .init("zipAttrsWith", .zipper, .list), .init("parseDrvName", .version),
                .init("tryEval", .anything), .init("fromTOML", .toml), .init("getContext", .string),
                .init("derivationStrict", .derivation), .init("readDir", .path),
                .init("unsafeGetAttrPos", .string, .set), .init("parseFlakeRef", .url), .init("getFlake", .url),
                .init("fetchTree", .set), .init("fetchGit", .url), .init("fetchMercurial", .url),
                .init("fetchClosure", .set), .init("zipAttrsWith", .zipper, .pairs),
            ]
        ),
        (
            .anything,
            [
                .init("head", .list), .init("elemAt", .list, .integer), .init("getAttr", .string, .set),
                .init("fromJSON", .json), .init("seq", .anything, .anything), .init("deepSeq", .anything, .anything),
                .init("trace", .anything, .anything), .init("traceVerbose", .anything, .anything),
                .init("warn", .string, .anything), .init("throw", .string), .init("abort", .string),
                .init("addErrorContext", .string, .anything), .init("foldl'", .joiner, .anything, .list),
                .init("import", .path), .init("scopedImport", .set, .path), .init("break", .anything),
                .init("findFile", .pairs, .string),
            ]
        ),
        (
            .path,
            [
                .init("path", .set), .init("filterSource", .joiner, .path), .init("fetchTarball", .url),
                .init("fetchurl", .url), .init("dirOf", .path),
            ]
        ),
    ]

    /// The names of all builtins with a row.
    public static var names: Set<String> { Set(rows.flatMap { $0.calls.map(\.name) }) }
}
