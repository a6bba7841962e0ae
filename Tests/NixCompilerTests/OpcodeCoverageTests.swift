import NixBytecode
import Testing

@Suite struct OpcodeCoverageTests {
    /// A source for every opcode.
    static let sources: [(Opcode, String)] = [
        (.constant, "1.5"), (.integer, "1"), (.null, "null"), (.true, "true"), (.false, "false"),
        (.closeScope, "(let a = 1; in a) + 1"), (.getLocal, "x: [ x ]"), (.getLocalForce, "x: x"),
        (.getUpvalue, "x: { y = [ x (x 1) ]; }"), (.getUpvalueForce, "x: { y = x + 1; }"), (.closure, "x: x"),
        (.thunk, "x: [ (x 1) ]"), (.lazySelect, "x: [ x.a ]"), (.finalise, "let a = b; b = 1; in a"),
        (.unpackFormals, "{ a }: a"), (.pushWith, "with { }; a"), (.resolveWith, "with { }; a"),
        (.attributes, "{ a = 1; }"), (.dynamicAttributes, "x: { ${x} = 1; }"), (.update, "x: x // x"),
        (.select, "x: x.a.b"), (.selectDynamic, "x: x.${x}"), (.selectOr, "x: x.a or 1"),
        (.selectOrDynamic, "x: x.${x} or 1"), (.hasAttribute, "x: x ? a"), (.hasAttributeDynamic, "x: x ? ${x}"),
        (.list, "[ ]"), (.concatenate, "x: x ++ x"), (.interpolate, "x: \"a${x}\""), (.interpolatePath, "x: ./${x}"),
        (.coerceToString, "x: \"${x}\""), (.homePath, "~/a"), (.add, "x: x + x"), (.subtract, "x: x - x"),
        (.multiply, "x: x * x"), (.divide, "x: x / x"), (.negate, "x: -x"), (.equal, "x: x == x"), (.less, "x: x < x"),
        (.lessOrEqual, "x: x <= 1"), (.greater, "x: x > 1"), (.greaterOrEqual, "x: x >= x"), (.invert, "x: !x"),
        (.assertBool, "x: x && x"), (.jump, "x: 1 + (if x then 1 else 2)"), (.jumpIfFalse, "x: if x then 1 else 2"),
        (.jumpIfTrue, "x: assert x; x"), (.and, "x: x && x"), (.or, "x: x || x"), (.assertFail, "x: assert x; x"),
        (.currentPosition, "__curPos"), (.call, "x: x 1 + 1"), (.tailCall, "x: x 1"), (.return, "1"),
        (.addInteger, "x: x + 1"), (.subtractInteger, "x: x - 1"), (.equalInteger, "x: x == 1"),
        (.lessInteger, "x: x < 1"), (.getLocalSelect, "x: x.a"), (.getUpvalueSelect, "x: { y = x.a + 1; }"),
        (.assertEqual, "x: assert x == 1; x"), (.pop, "x: assert x == 1; x"),
        (.attempt, "x: [ (x + 1) ]"),
    ]

    @Test("Every source emits its opcode", arguments: sources.indices)
    func emitted(index: Int) throws {
        let (opcode, source) = Self.sources[index]
        let names = try listing(compile(source).program).joined(separator: "; ").split(separator: "; ")
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(names.contains(opcode.info.name))
    }

    /// No source needs `force`, because every instruction pushes either a forced value or one that may be a thunk; it
    /// exists for other producers of bytecode. `step` is internal to the machine.
    @Test("No opcode is without a source")
    func complete() {
        let unused: Set<Opcode> = [.force, .step]
        #expect(Set(Self.sources.map(\.0)).union(unused) == Set(Opcode.allCases))
    }
}
