import TestSupport

/// Generates sources that are likely to cause trouble: all builtins with extreme arguments, deep and wide values,
/// functions that do not terminate, and failures at any point. Equal seeds give equal sources.
public struct HostileSource {
    var random: SeededGenerator
    /// The number of expressions that may still be generated.
    private var budget: Int
    /// Whether values may be so large that only time and memory limits end the evaluation.
    let isHeavy: Bool
    /// The names in scope, outermost first.
    private var scope: [String] = ["s", "l", "t"]

    /// - Parameters:
    ///   - seed: the seed of the generator.
    ///   - size: the number of expressions.
    ///   - isHeavy: whether values may be so large that only time and memory limits end the evaluation.
    public static func make(seed: UInt64, size: Int = 24, isHeavy: Bool = false) -> String {
        var generator = HostileSource(random: SeededGenerator(seed: seed), budget: size, isHeavy: isHeavy)
        return generator.source()
    }

    /// A call of one builtin with generated arguments.
    public static func call(of call: BuiltinCall, seed: UInt64, size: Int = 6) -> String {
        var generator = HostileSource(random: SeededGenerator(seed: seed), budget: size, isHeavy: false)
        return prelude + generator.text(of: call, count: call.arguments.count)
    }

    private init(random: SeededGenerator, budget: Int, isHeavy: Bool) {
        self.random = random
        self.budget = budget
        self.isHeavy = isHeavy
    }

    /// The definitions that the expressions use: texts and lists that double, and some values of each type.
    private static let prelude = """
        with builtins; let
          rep = n: s: if n <= 0 then s else rep (n - 1) (s + s);
          dbl = n: l: if n <= 0 then l else dbl (n - 1) (l ++ l);
          nest = n: x: if n <= 0 then x else nest (n - 1) [ x ];
          nestSet = n: x: if n <= 0 then x else nestSet (n - 1) { a = x; };
          lst = n: genList (i: i) n;
          attrs = n: listToAttrs (genList (i: { name = "k${toString (i * 7919)}"; value = i; }) n);
          grown = foldl' (set: i: set // { ${"g${toString i}"} = i; }) (attrs 150) (lst 40);
          count = n: if n == 0 then 0 else 1 + count (n - 1);
          drv = n: derivation { name = n; builder = "/b"; system = "x"; outputs = [ "out" "dev" ]; args = [ n ]; };
          fix = f: let x = f x; in x;
          s = { a = 1; b = "x"; c = [ 1 2 ]; d = { e = 2.5; }; __toString = self: self.b; };
          l = [ 1 2 "a" { a = 1; } [ ] ./x ];
          t = "text";
        in

        """

    private mutating func source() -> String {
        Self.prelude + expression([.anything, .string, .list, .set].randomElement(using: &random) ?? .anything)
    }

    mutating func pick(_ choices: [String]) -> String { choices[random.below(choices.count)] }

    mutating func expression(_ sort: Sort) -> String {
        budget -= 1
        guard budget > 0 else { return leaf(sort) }
        if random.chance(4) { return expression(Sort.allCases[random.below(Sort.allCases.count)]) }
        switch random.below(10) {
        case 0, 1: return leaf(sort)
        case 2: return structure(sort)
        case 3: return form(sort)
        default: return call(sort) ?? structure(sort)
        }
    }

    /// A call of a builtin that is likely to return the wanted sort of value.
    private mutating func call(_ sort: Sort) -> String? {
        let rows = BuiltinCall.rows.filter { $0.result == sort || sort == .anything }
        guard let row = rows.isEmpty ? nil : rows[random.below(rows.count)] else { return nil }
        let call = row.calls[random.below(row.calls.count)]
        // A builtin with a missing argument is a function.
        return text(of: call, count: random.chance(3) ? random.below(call.arguments.count) : call.arguments.count)
    }

    private mutating func text(of call: BuiltinCall, count: Int) -> String {
        var text = random.chance(10) ? "(builtins.\(call.name)" : "(\(call.name)"
        for argument in call.arguments.prefix(count) { text += " \(expression(argument))" }
        return text + ")"
    }

    /// A syntactic form that can contain any expression.
    private mutating func form(_ sort: Sort) -> String {
        switch random.below(13) {
        case 0: return "(if \(expression(.boolean)) then \(expression(sort)) else \(expression(sort)))"
        case 1:
            let name = "v\(scope.count)"
            let bound = expression(.anything)
            scope.append(name)
            defer { scope.removeLast() }
            return "(let \(name) = \(bound); in \(expression(sort)))"
        case 2: return "(with \(expression(.set)); \(expression(sort)))"
        case 3: return "(assert \(expression(.boolean)); \(expression(sort)))"
        case 4:
            let name = "v\(scope.count)"
            let argument = expression(.anything)
            scope.append(name)
            defer { scope.removeLast() }
            return "((\(name): \(expression(sort))) \(argument))"
        case 5: return "(\(expression(.set)).\(pick(["a", "b", "d.e", "${\"a\"}", "value"])) or \(expression(sort)))"
        case 6: return "(({ a ? \(expression(sort)), ... }@v: a) \(expression(.set)))"
        case 7: return "(\(expression(.function)) \(expression(.anything)))"
        case 8: return "(tryEval \(expression(sort))).value"
        case 9: return "(deepSeq \(expression(sort)) \(expression(sort)))"
        case 10: return "(addErrorContext \(expression(.string)) \(expression(sort)))"
        case 11: return "(head (map (x: \(expression(sort))) \(expression(.list))))"
        default: return pick(scope)
        }
    }

    /// A list, set or other structure of further expressions.
    private mutating func structure(_ sort: Sort) -> String {
        switch sort {
        case .integer: "(\(expression(.integer)) \(pick(["+", "-", "*", "/"])) \(expression(.integer)))"
        case .float: "(\(expression(.float)) \(pick(["+", "-", "*", "/"])) \(expression(.integer)))"
        case .boolean: comparison()
        case .string: strings()
        case .path: "(\(expression(.path)) + \(expression(.string)))"
        case .list: lists()
        case .set: sets()
        case .function: "(x: \(inside("x", .anything)))"
        case .predicate: "(x: \(inside("x", .boolean)))"
        case .comparator: "(x: y: \(inside("x", .boolean)))"
        case .joiner: "(x: y: \(inside("y", .anything)))"
        case .updater: "(x: \(inside("x", .string)))"
        case .zipper: "(n: vs: \(inside("vs", .anything)))"
        case .names: "[ \(expression(.string)) \(expression(.string)) ]"
        case .pairs: "[ { name = \(expression(.string)); value = \(expression(.anything)); } ]"
        case .graph:
            "{ startSet = [ { key = \(expression(.anything)); } ]; operator = x: \(inside("x", .list)); }"
        case .derivation:
            "{ name = \(expression(.string)); builder = \(expression(.string)); system = \"x\"; "
                + "a = \(expression(.anything)); }"
        case .version, .pattern, .json, .toml, .date, .hash, .url: "(\(expression(.string)) + \(leaf(sort)))"
        case .folder: leaf(sort)
        case .anything: expression([.integer, .string, .list, .set, .float].randomElement(using: &random) ?? .list)
        }
    }

    /// An expression in the scope of a name.
    private mutating func inside(_ name: String, _ sort: Sort) -> String {
        scope.append(name)
        defer { scope.removeLast() }
        return random.chance(30) ? "(seq \(name) \(expression(sort)))" : expression(sort)
    }

    private mutating func comparison() -> String {
        let sort: Sort = [.integer, .string, .list, .set, .float, .anything].randomElement(using: &random) ?? .integer
        let sign = pick(["==", "!=", "<", "<=", ">", ">="])
        return "(\(expression(sort)) \(sign) \(expression(sort)))"
    }

    private mutating func strings() -> String {
        switch random.below(5) {
        case 0: "(\(expression(.string)) + \(expression(.string)))"
        case 1: "\"\(pick(["", "a", "${\"\"}"]))${\(expression(.string))}${\(expression(.path))}\""
        case 2: "(rep \(random.below(18)) \(expression(.string)))"
        case 3: "\"${drv \(expression(.string))}\""
        default: "(toString \(expression(.list)))"
        }
    }

    private mutating func lists() -> String {
        switch random.below(6) {
        case 0: "(\(expression(.list)) ++ \(expression(.list)))"
        case 1: "[ \(expression(.anything)) \(expression(.anything)) \(expression(.anything)) ]"
        case 2: "(dbl \(random.below(14)) \(expression(.list)))"
        case 3: "(nest \(pick(["1", "10", "1000", "20000"])) \(expression(.anything)))"
        case 4: "(genList (x: \(inside("x", .anything))) \(pick(["0", "1", "2", "3", "40", "3000"])))"
        default: "(map (x: \(inside("x", .anything))) \(expression(.list)))"
        }
    }

    private mutating func sets() -> String {
        switch random.below(8) {
        case 0: "(\(expression(.set)) // \(expression(.set)))"
        case 1: "{ a = \(expression(.anything)); b = \(expression(.anything)); }"
        case 2: "rec { a = \(expression(.anything)); c = a; ${\(expression(.string))} = \(expression(.anything)); }"
        case 3: "{ __functor = self: \(expression(.function)); }"
        case 4: "{ __toString = self: \(expression(.string)); }"
        case 5: "{ outPath = \(expression(.string)); }"
        case 6: "(nestSet \(pick(["1", "10", "1000", "20000"])) \(expression(.anything)))"
        default: "{ type = \"derivation\"; name = \(expression(.string)); drvPath = \(expression(.string)); }"
        }
    }
}
