import Foundation
import NixEval
import Synchronization
import Testing

/// The evaluator as a program uses that embeds it: with no other module, and from a thread with a small stack.
@Suite struct FacadeTests {
    private static func options(_ change: (inout EvaluatorOptions) -> Void = { _ in }) -> EvaluatorOptions {
        var options = EvaluatorOptions()
        options.files = .none
        options.limits.fuel = 10_000_000
        change(&options)
        return options
    }

    private func error(_ source: String, _ options: EvaluatorOptions = options()) throws -> EvaluationError? {
        let evaluator = try Evaluator(options)
        do throws(EvaluationError) {
            let value = try evaluator.evaluate(source: source)
            Issue.record("it has a value: \(try evaluator.print(value))")
            return nil
        } catch {
            return error
        }
    }

    @Test func valuesArePrintedInEachFormat() throws {
        let evaluator = try Evaluator(Self.options())
        let value = try evaluator.evaluate(source: #"{ b = "é"; a = [ (1 + 1) ]; }"#)
        #expect(try evaluator.print(value) == #"{ a = [ 2 ]; b = "é"; }"#)
        #expect(try evaluator.print(value, as: .json) == #"{"a":[2],"b":"é"}"#)
        #expect(try evaluator.print(value, as: .xml).contains(#"<string value="é" />"#))
        #expect(try evaluator.print(evaluator.select("a.0", from: value)) == "2")
    }

    @Test func functionsAreCalled() throws {
        let evaluator = try Evaluator(Self.options())
        let function = try evaluator.evaluate(source: "name: \"hello ${name}\"")
        #expect(try evaluator.print(evaluator.call(function, with: evaluator.string("world"))) == #""hello world""#)
    }

    /// The compiler recurses as deep as this source nests, which overflows the stack of a test's thread.
    @Test func deepSourcesNeedNoThreadOfTheCaller() throws {
        let depth = 5_000
        let source = String(repeating: "(x: ", count: depth) + "1" + String(repeating: ")", count: depth)
        let evaluator = try Evaluator(Self.options())
        #expect(try evaluator.print(evaluator.evaluate(source: source)) == "<LAMBDA>")
    }

    @Test func anErrorReadsLikeThatOfTheCommandLine() throws {
        let error = try #require(try error("let\n  f = x: x + null;\nin f 1"))
        #expect(error.kind == .type && error.location?.line == 2 && error.location?.source == "«string»")
        let lines = error.description.split(separator: "\n").prefix(4)
        #expect(
            lines == [
                "error: cannot add null to an integer", "       at «string»:2:14:", "            1| let",
                "            2|   f = x: x + null;",
            ])
        #expect(!error.description.hasSuffix("\n"))
        #expect(error.backtrace.contains { $0.message.contains("while calling") })
        let misspelt = try #require(try self.error("{ hello = 1; }.helo"))
        #expect(misspelt.kind == .missingAttribute && misspelt.suggestions == ["hello"])
        #expect(misspelt.description.hasSuffix("       Did you mean hello?"), "\(misspelt)")
        #expect(try self.error("{ a = ; }")?.kind == .parse)
    }

    @Test func limitsEndEvaluations() throws {
        let endless = "let f = n: f (n + 1); in f 0"
        #expect(try error(endless)?.kind == .fuelExhausted)
        #expect(try error("let f = n: 1 + f n; in f 0", Self.options { $0.limits.depth = 100 })?.kind == .depthExceeded)
        let large = "builtins.length (builtins.genList (x: x) 9000000)"
        #expect(try error(large, Self.options { $0.limits.memory = 16 << 20 })?.kind == .memoryExceeded)
        let unlimited = Self.options {
            $0.limits.fuel = nil
            $0.timeout = .milliseconds(1)
        }
        #expect(try error(endless, unlimited)?.kind == .deadlineExceeded)
        let cancellation = Evaluator.Cancellation()
        cancellation.cancel()
        #expect(try error(endless, Self.options { $0.cancellation = cancellation })?.kind == .cancelled)
    }

    @Test func onlyAllowedFilesAreRead() throws {
        #expect(try error("builtins.readFile /proc/self/environ")?.kind == .restricted)
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Data("{ a = import ./b.nix; }".utf8).write(to: URL(fileURLWithPath: "\(directory)/default.nix"))
        try Data("throw \"no\"".utf8).write(to: URL(fileURLWithPath: "\(directory)/b.nix"))
        let evaluator = try Evaluator(Self.options { $0.files = .below([directory]) })
        let value = try evaluator.evaluate(file: directory)
        let error = #expect(throws: EvaluationError.self) { try evaluator.print(value) }
        #expect(error?.kind == .thrown && error?.location?.source == "\(directory)/b.nix")
    }

    @Test func outputIsReceived() throws {
        let lines = Lines()
        let evaluator = try Evaluator(Self.options { $0.output = { lines.add($0) } })
        #expect(try evaluator.print(evaluator.evaluate(source: "builtins.trace \"seen\" 1")) == "1")
        #expect(lines.all == ["trace: seen"])
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }
}
