import NixEval
import NixStore
import NixVM
import Testing

/// Deeply nested sources, on the thread that evaluates jobs.
@Suite struct DeepSourceTests {
    /// The text before, inside, and after the nesting.
    static let forms: [(open: String, inner: String, close: String)] = [
        ("(", "1", ")"), ("[ ", "", " ]"), ("{ a = ", "1", "; }"), ("rec { a = ", "1", "; }"), ("x: ", "1", ""),
        ("{ x }: ", "1", ""), ("{ x ? ", "1", " }: x"), ("if true then ", "1", " else 2"),
        ("if ", "true", " then 1 else 2"),
        ("let a = ", "1", "; in a"), ("let a = 1; in ", "a", ""), ("let { body = ", "1", "; }"),
        ("with { }; ", "1", ""),
        ("assert true; ", "1", ""), ("!", "true", ""), ("-", "1", ""), ("1 + (", "1", ")"), ("", "1", " + 1"),
        ("", "1", " // { }"), ("(", "{ }", ").a"), ("", "{ }", ".a"), ("(x: x) (", "1", ")"), ("\"${", "\"\"", "}\""),
        ("''${", "\"\"", "}''"), ("{ ${", "\"a\"", "} = 1; }"), ("{ }.${", "\"a\"", "}"), ("{ }.a or (", "1", ")"),
        ("{ } ? ${", "\"a\"", "}"), ("/a/${", "\"a\"", "}"), ("[ ", "1", " ] ++ [ ]"), ("true -> ", "true", ""),
        ("{ inherit (", "{ }", ") a; }"), ("1 == (", "1", ")"), ("", "true", " && true"), ("a.", "b", ""),
        ("a.b.c = ", "", ""),
    ]

    static func source(_ form: (open: String, inner: String, close: String), _ levels: Int) -> [UInt8] {
        var source: [UInt8] = []
        let open = Array(form.open.utf8)
        let close = Array(form.close.utf8)
        source.reserveCapacity(levels * (open.count + close.count) + 16)
        for _ in 0..<levels { source += open }
        source += Array(form.inner.utf8)
        for _ in 0..<levels { source += close }
        return source
    }

    @Test("Two hundred thousand levels end in an outcome", arguments: forms.indices)
    func veryDeep(index: Int) async throws {
        let machine = try VirtualMachine(programCacheBytes: 0)
        let source = Self.source(Self.forms[index], 200_000)
        let job = try SuitePrograms.job(.source(source, name: "deep", directory: SuitePrograms.directory))
        let report = await machine.evaluate(job, cancellation: Cancellation())
        if case .internalError(let text) = report.outcome { Issue.record("\(text)") }
    }

    @Test("What is refused for its depth is told so", arguments: ["[ ", "!", "x: ", "(x: x) ("])
    func refused(open: String) async throws {
        let machine = try VirtualMachine(programCacheBytes: 0)
        let form = (open: open, inner: "", close: open == "[ " ? "]" : open.hasSuffix("(") ? ")" : "")
        let source = Self.source((open: form.open, inner: "1", close: form.close), 200_000)
        var job = try SuitePrograms.job(.source(source, name: "deep", directory: SuitePrograms.directory))
        // Enough memory for the number of tokens; with less, that limit would be exceeded first.
        job.limits.memoryBytes = 256 << 20
        guard case .failed(let failure) = await machine.evaluate(job, cancellation: Cancellation()).outcome else {
            Issue.record("accepted")
            return
        }
        #expect(failure.kind == .parse)
        #expect(failure.message.contains("nested too deeply"))
    }
}
