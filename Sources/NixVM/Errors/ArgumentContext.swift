/// What a backtrace says about an argument of a builtin.
struct ArgumentContext: Sendable {
    var text: String
    /// Whether it is said of any failure while the argument is evaluated, or only when its type is wrong. Nix says it of
    /// scalars and functions always, of lists, sets and what is coerced only for the type.
    var wrapsEvaluation: Bool

    static func scalar(_ text: String) -> ArgumentContext { ArgumentContext(text: text, wrapsEvaluation: true) }
    static func container(_ text: String) -> ArgumentContext { ArgumentContext(text: text, wrapsEvaluation: false) }

    private static let ordinals = ["first", "second", "third"]

    /// "while evaluating the first argument passed to builtins.NAME"; `s` stands for a scalar or function, `c` for a
    /// container or what is coerced, `-` for what is not forced.
    private static func ordinary(_ name: String, _ kinds: String) -> (String, [ArgumentContext]) {
        let contexts = zip(kinds, ordinals).map { kind, ordinal in
            ArgumentContext(
                text: kind == "-" ? "" : "while evaluating the \(ordinal) argument passed to builtins.\(name)",
                wrapsEvaluation: kind == "s")
        }
        return (name, contexts)
    }

    private static func single(_ name: String, isScalar: Bool = false) -> (String, [ArgumentContext]) {
        (
            name,
            [
                ArgumentContext(
                    text: "while evaluating the argument passed to builtins.\(name)", wrapsEvaluation: isScalar)
            ]
        )
    }

    private static func operation(_ name: String, _ noun: String) -> (String, [ArgumentContext]) {
        (name, ["first", "second"].map { .container("while evaluating the \($0) argument of the \(noun)") })
    }

    /// For a builtin that has no texts of its own.
    static func standard(_ name: String) -> [ArgumentContext] { ordinary(name, "ccc").1 }

    /// By name of the builtin; the words are those of Nix, with their irregularities.
    static let table: [String: [ArgumentContext]] = Dictionary(
        uniqueKeysWithValues: regular + quoted + irregular)

    private static let regular: [(String, [ArgumentContext])] =
        [
            ("all", "sc"), ("any", "sc"), ("bitAnd", "ss"), ("bitOr", "ss"), ("bitXor", "ss"), ("ceil", "s"),
            ("floor", "s"), ("catAttrs", "sc"), ("compareVersions", "ss"), ("concatLists", "c"), ("concatMap", "sc"),
            ("elem", "-c"), ("filter", "sc"), ("fromJSON", "s"), ("fromTOML", "s"),
            ("functionArgs", "c"), ("genList", "ss"), ("genericClosure", "c"), ("getAttr", "sc"), ("getEnv", "s"),
            ("groupBy", "sc"), ("hasAttr", "sc"), ("hashString", "ss"), ("hashFile", "sc"), ("intersectAttrs", "cc"),
            ("length", "c"), ("map", "sc"), ("mapAttrs", "-c"), ("match", "ss"), ("parseDrvName", "s"),
            ("partition", "sc"), ("placeholder", "s"), ("removeAttrs", "cc"), ("replaceStrings", "ccs"),
            ("sort", "sc"), ("split", "ss"), ("splitVersion", "s"), ("toPath", "c"), ("toString", "c"),
            ("unsafeGetAttrPos", "sc"), ("zipAttrsWith", "sc"), ("baseNameOf", "c"), ("scopedImport", "cc"),
            ("toFile", "ss"), ("findFile", "cs"), ("convertHash", "c"), ("appendContext", "sc"),
        ].map { ordinary($0.0, $0.1) }

    /// What is said of what a builtin finds in its arguments (elements of a list), or of what a function that it calls
    /// returns. Only one of the two occurs in each of them.
    static let inner: [String: ArgumentContext] = [
        "all": .container("while evaluating the return value of the function passed to builtins.all"),
        "any": .container("while evaluating the return value of the function passed to builtins.any"),
        "filter": .container("while evaluating the return value of the filtering function passed to builtins.filter"),
        "partition": .container(
            "while evaluating the return value of the partition function passed to builtins.partition"),
        "groupBy": .container("while evaluating the return value of the grouping function passed to builtins.groupBy"),
        "sort": .container("while evaluating the return value of the sorting function passed to builtins.sort"),
        "catAttrs": .container(
            "while evaluating an element in the list passed as second argument to builtins.catAttrs"),
        "concatLists": .container("while evaluating a value of the list passed to builtins.concatLists"),
        "concatStringsSep": .container(
            "while evaluating one element of the list of strings to concat passed to builtins.concatStringsSep"),
        "listToAttrs": .container("while evaluating an element of the list passed to builtins.listToAttrs"),
        "removeAttrs": .scalar(
            "while evaluating the values of the second argument passed to builtins.removeAttrs"),
        "replaceStrings": .scalar(
            "while evaluating one of the strings to replace passed to builtins.replaceStrings"),
        "zipAttrsWith": .container(
            "while evaluating a value of the list passed as second argument to builtins.zipAttrsWith"),
        "findFile": .container("while evaluating an element of the list passed to builtins.findFile"),
    ]

    /// Those whose name stands in quotes.
    private static let quoted: [(String, [ArgumentContext])] = [
        (
            "filterSource",
            [
                .scalar("while evaluating the first argument passed to builtins.filterSource"),
                .container(
                    "while evaluating the second argument (the path to filter) passed to 'builtins.filterSource'"),
            ]
        ),
        (
            "elemAt",
            [
                .container("while evaluating the first argument passed to 'builtins.elemAt'"),
                .scalar("while evaluating the second argument passed to 'builtins.elemAt'"),
            ]
        ),
        ("head", [.container("while evaluating the first argument passed to 'builtins.head'")]),
        ("tail", [.container("while evaluating the first argument passed to 'builtins.tail'")]),
        ("dirOf", [.container("while evaluating the first argument passed to 'builtins.dirOf'")]),
        ("storePath", [.container("while evaluating the first argument passed to 'builtins.storePath'")]),
        ("path", [.container("while evaluating the argument passed to 'builtins.path'")]),
    ]

    private static let irregular: [(String, [ArgumentContext])] =
        [
            operation("add", "addition"), operation("sub", "subtraction"), operation("mul", "multiplication"),
            (
                "div",
                [
                    .container("while evaluating the first operand of the division"),
                    .container("while evaluating the second operand of the division"),
                ]
            ),
            single("attrNames"), single("attrValues"), single("listToAttrs"), single("stringLength"),
            single("unsafeDiscardStringContext"), single("unsafeDiscardOutputDependency"),
            single("addDrvOutputDependencies"), single("hasContext", isScalar: true),
            single("getContext", isScalar: true),
            single("derivationStrict"),
            ("abort", [.container("while evaluating the error message passed to builtins.abort")]),
            ("throw", [.container("while evaluating the error message passed to builtin.throw")]),
            ("warn", [.scalar("while evaluating the first argument; the message passed to builtins.warn")]),
            (
                "foldl'",
                [
                    .scalar("while evaluating the first argument passed to builtins.foldlStrict"),
                    .container(""),
                    .container("while evaluating the third argument passed to builtins.foldlStrict"),
                ]
            ),
            (
                "substring",
                [
                    .scalar("while evaluating the first argument (the start offset) passed to builtins.substring"),
                    .scalar("while evaluating the second argument (the substring length) passed to builtins.substring"),
                    .container("while evaluating the third argument (the string) passed to builtins.substring"),
                ]
            ),
            (
                "concatStringsSep",
                [
                    .scalar(
                        "while evaluating the first argument (the separator string) passed to builtins.concatStringsSep"
                    ),
                    .container(
                        "while evaluating the second argument (the list of strings to concat) passed to builtins.concatStringsSep"
                    ),
                ]
            ),
        ]
        + ["import", "readFile", "readDir", "readFileType", "pathExists"].map {
            ($0, [.container("while realising the context of a path")])
        }
}
