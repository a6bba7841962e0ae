import NixStore
import NixVM
import Testing

@testable import NixEval

/// Which derivations are found in a value, and what of them is evaluated.
@Suite struct DerivationSearchTests {
    private static let start = """
        let d = name: rest: { type = "derivation"; inherit name; } // rest; in
        """

    /// The attribute paths of what is found, or the message of the failure and its trace.
    private static func found(_ source: String, skipsAssertions: Bool = true) throws -> String {
        let result: String? = BigStack.run {
            guard let evaluator = Evaluator(io: LocalIO(), print: { _ in }) else { return "" }
            do throws(EvalFailure) {
                let value = try evaluator.load(
                    source: Array("\(start) \(source)".utf8), name: "«test»", directory: Array("/".utf8))
                let found = try evaluator.derivations(in: value, [], skipsAssertions: skipsAssertions)
                // Each is found again by its path.
                for one in found {
                    let again = try evaluator.derivation(at: one.attributePath, in: value, [])
                    guard try evaluator.text(again, "name") == one.name else { return "another derivation" }
                }
                return found.map { one in
                    one.attributePath.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
                }.joined(separator: " ")
            } catch {
                let failure = evaluator.report(error)
                return ([failure.message] + failure.backtrace.map(\.message)).joined(separator: " | ")
            }
        }
        return try #require(result)
    }

    @Test(arguments: [
        ("d \"a\" { }", ""),
        ("{ a = d \"a\" { }; b = d \"b\" { }; n = 1; }", "a b"),
        ("{ open = { recurseForDerivations = true; x = d \"x\" { }; }; closed = { y = d \"y\" { }; }; }", "open.x"),
        ("{ \"1a\" = d \"a\" { }; \"a.b\" = d \"b\" { }; a-b_c = d \"c\" { }; }", "a-b_c"),
        ("[ (d \"a\" { }) { b = d \"b\" { }; } ({ }: [ (d \"c\" { }) ]) ]", "0 1.b 2.0"),
        ("{ x ? 1 }: { a = d \"a\" { }; f = { }: d \"f\" { }; }", "a"),
        ("{ _combineChannels = [ ]; a = { }: { b = d \"b\" { }; }; c = { }: d \"c\" { }; }", "a.b c"),
    ])
    func derivationsAreFoundWhereNixFindsThem(_ source: String, _ paths: String) throws {
        #expect(try Self.found(source) == paths)
    }

    @Test func aSetIsFoundOnce() throws {
        let source = """
            rec { a = d "x" { }; b = a; c = { inherit a; }.a; e = a // { }; f = a // { n = 1; }; g = d "x" { };
              h = { recurseForDerivations = true; inherit a; }; }
            """
        #expect(try Self.found(source) == "a f g")
    }

    @Test func assertionsArePassedOver() throws {
        let source = """
            { a = throw "a"; b = assert false; 1; c = d "c" { }; e = d (throw "e") { }; g = { type = throw "g"; };
              h = d "h" { drvPath = throw "h"; }; }
            """
        #expect(try Self.found(source) == "c h")
        #expect(try Self.found(source, skipsAssertions: false).hasPrefix("a | "))
    }

    @Test(arguments: [
        ("{ a = abort \"stop\"; }", "evaluation aborted with the following error message: 'stop'"),
        ("{ a = { }.b; }", "attribute 'b' missing"),
        ("{ r = { recurseForDerivations = 1; }; }", "expected a Boolean but found an integer: 1"),
        ("{ r = { recurseForDerivations = throw \"r\"; }; }", "r"),
        ("{ a = { type = \"derivation\"; }; }", "derivation name missing"),
        ("1", "expression does not evaluate to a derivation (or a set or list of those)"),
    ])
    func otherFailuresEndTheSearch(_ source: String, _ message: String) throws {
        let words = try Self.found(source).components(separatedBy: " | ")
        #expect(words.first == message)
    }

    @Test func failuresNameTheAttributesOnTheWay() throws {
        let text = try Self.found("{ a = { recurseForDerivations = true; b = abort \"no\"; }; }")
        let words = text.components(separatedBy: " | ")
        #expect(
            words.suffix(2) == ["while evaluating the attribute 'b'", "while evaluating the attribute 'a'"], "\(words)")
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
