import Foundation
import NixEval
import NixStore
import NixVM
import Synchronization
import Testing

/// Evaluated heaps that are kept as files, and evaluations that continue from them.
@Suite(.serialized) struct ImageTests {
    /// A temporary folder, which is removed after the test.
    final class Scratch {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)").path
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        /// Writes a file whose times lie in the past, as those of most files do.
        func write(_ name: String, _ text: String) throws {
            let url = URL(fileURLWithPath: "\(path)/\(name)")
            try Data(text.utf8).write(to: url)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: url.path)
        }
    }

    private static let identities = Atomic<UInt64>(0)

    /// A digest whose image no other test has in its place.
    static func newIdentity() -> [UInt8] {
        let number = identities.add(1, ordering: .relaxed).newValue
        return (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64($0))) }
            + [UInt8](repeating: 7, count: 24)
    }

    /// Evaluates a source and writes its value, not forced in depth, to an image.
    static func write(
        _ source: String, to path: String, identity: [UInt8] = newIdentity(),
        settings: MachineSettings = MachineSettings(),
        directory: String = "/", forces: [String] = []
    ) throws {
        let result = BigStack.run { () -> Result<Void, any Error> in
            Result {
                let options = EvaluatorOptions(settings: settings)
                let evaluator = try #require(
                    Evaluator(
                        io: LocalIO(), options: options, region: ImageRegion(identity: identity), print: { _ in }))
                let value = try evaluator.force(
                    evaluator.load(source: Array(source.utf8), name: "«base»", directory: Array(directory.utf8)))
                for path in forces { _ = try evaluator.deepForce(evaluator.select(value, path: path, [])) }
                _ = try evaluator.writeImage(to: path, identity: identity, handles: [value], host: [])
            }
        }
        try #require(result).get()
    }

    /// The printed result of a function, given as a source, of the value of an image; or the error.
    static func apply(
        _ function: String, to image: HeapImage, settings: MachineSettings = MachineSettings(),
        inspect: @escaping @Sendable (Evaluator) -> Void = { _ in }
    ) -> String {
        BigStack.run {
            let options = EvaluatorOptions(settings: settings)
            guard let evaluator = Evaluator(io: LocalIO(), options: options, image: image, print: { _ in }) else {
                return "no room"
            }
            defer { inspect(evaluator) }
            do throws(EvalFailure) {
                let loaded = try evaluator.load(
                    source: Array(function.utf8), name: "«test»", directory: Array("/".utf8))
                let value = try evaluator.call(evaluator.force(loaded), [evaluator.machine.imageHandles[0]])
                return String(
                    decoding: try evaluator.machine.printResult(evaluator.deepForce(value)), as: UTF8.self)
            } catch {
                return String(decoding: evaluator.report(error).text(showTrace: true), as: UTF8.self)
            }
        } ?? "no thread"
    }

    static let base = """
        let
          fix = f: let x = f x; in x;
          packages = self: {
            a = { name = "a"; version = "1.${toString self.number}"; };
            b = derivation { name = "b"; system = "x"; builder = "/bin/sh"; args = [ self.c ]; };
            c = derivation { name = "c"; system = "x"; builder = "/bin/sh"; outputs = [ "out" "dev" ]; };
            number = 40 + 2;
            numbers = builtins.genList (n: n * n) 100;
            later = builtins.map (n: n + self.number) self.numbers;
            text = builtins.toFile "text" "contents";
            failing = throw "it fails";
            caught = map (v: (builtins.tryEval v).success) [ self.failing self.failingBelow self.failingInContext ];
            down = n: if n == 0 then throw "the end" else 1 + self.down (n - 1);
            tail = n: if n == 0 then self.down 2 else self.tail (n - 1);
            failingBelow = (map self.tail [ 3 ]) == [ { a = self.failing; } ] || builtins.head (map self.tail [ 4 ]);
            failingInContext = builtins.addErrorContext "about ${toString self.number}" "${self.tail 1}";
            function = { x, y ? x + self.number, ... }@all: x + y + builtins.length (builtins.attrNames all);
            big = builtins.listToAttrs (builtins.genList (n: { name = "k${toString n}"; value = n; }) 3000);
            chain = builtins.foldl' (a: n: a // { "x${toString n}" = n; }) self.big (builtins.genList (n: n) 40);
            float = 1.5;
            large = 4611686018427387904 + 1;
            path = /etc;
            with' = with self; x: number + x;
          };
        in fix packages
        """

    private func image(_ scratch: Scratch, forces: [String] = ["b.drvPath", "caught", "numbers", "big", "chain.x1"])
        throws
        -> HeapImage
    {
        try Self.write(Self.base, to: scratch.path + "/base", forces: forces)
        return try HeapImage(opening: scratch.path + "/base")
    }

    /// Functions of the base, whose results must be those that they have without an image.
    private static let functions = [
        "s: s.a", "s: s.b.drvPath", "s: s.b.outPath", "s: builtins.getContext s.b.outPath", "s: s.c.dev.outPath",
        "s: s.later", "s: s.numbers ++ s.numbers", "s: builtins.readFile s.text", "s: s.caught", "s: s.failing",
        "s: s.failingBelow", "s: s.failingInContext", "s: [ s.failingBelow ]",
        "s: builtins.tryEval s.failing", "s: s.function { x = 1; z = 2; }", "s: builtins.functionArgs s.function",
        "s: s.function { y = 1; }", "s: s.big.k2999 + s.big.k0", "s: builtins.attrNames (s.big // { z = 1; })",
        "s: (s.chain // { z = [ 1 ]; }).x3 + builtins.length (s.chain // { y = [ 2 s.numbers ]; }).y",
        "s: let grow = n: a: if n == 0 then a else grow (n - 1) (a // { \"y${toString n}\" = [ n ]; }); in "
            + "map (n: (grow n s.chain).y1 ++ (grow 9 s.chain).y9) [ 1 5 20 60 ]",
        "s: s.float + s.large", "s: s.path", "s: s.with' 1", "s: s.a.version", "s: s // { number = 1; }.number",
        "s: builtins.unsafeGetAttrPos \"number\" s", "s: builtins.unsafeGetAttrPos \"k1\" s.big", "s: s.nothing",
        "s: derivation { name = \"d\"; system = \"x\"; builder = s.b; inherit (s.c) dev; }",
        "s: (derivation { name = \"d\"; system = \"x\"; builder = s.b; inherit (s.c) dev; }).drvPath",
        "s: builtins.toJSON (s.numbers == s.later)", "s: builtins.seq s.large (builtins.typeOf s.with')",
        "s: builtins.sort (a: b: a > b) s.later", "s: builtins.foldl' (a: b: a + b) s.number s.later",
        "s: map (n: s.big.\"k${toString n}\") s.numbers", "s: builtins.hasContext s.b.name",
    ]

    @Test(arguments: functions)
    func functionsAgree(_ function: String) throws {
        let scratch = try Scratch()
        let image = try image(scratch)
        // Without an image, the base is evaluated where the function asks for it.
        let whole = BigStack.run { () -> String in
            guard let evaluator = Evaluator(io: LocalIO(), print: { _ in }) else { return "no room" }
            do throws(EvalFailure) {
                let base = try evaluator.load(
                    source: Array(Self.base.utf8), name: "«base»", directory: Array("/".utf8))
                let loaded = try evaluator.load(
                    source: Array(function.utf8), name: "«test»", directory: Array("/".utf8))
                let value = try evaluator.call(evaluator.force(loaded), [base])
                return String(
                    decoding: try evaluator.machine.printResult(evaluator.deepForce(value)), as: UTF8.self)
            } catch {
                return String(decoding: evaluator.report(error).text(showTrace: true), as: UTF8.self)
            }
        }
        let expected = try #require(whole)
        for settings in [
            MachineSettings(), MachineSettings(stress: true),
            MachineSettings(checks: MachineChecks(wholeHeapInterval: 64)),
        ] {
            #expect(Self.apply(function, to: image, settings: settings) == expected, "\(function)")
        }
    }

    /// What one evaluation does to the image's pages, the next one must not see.
    @Test func evaluationsLeaveNothing() throws {
        let scratch = try Scratch()
        let image = try image(scratch)
        let before = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/base"))
        let first = Self.apply("s: [ s.later s.a s.failing ]", to: image)
        #expect(first.contains("it fails"))
        #expect(Self.apply("s: s.later", to: image) == Self.apply("s: s.later", to: image))
        #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/base")) == before)
    }

    /// Jobs of a worker use the mapping of an image in turn.
    @Test func memoryIsRestored() async throws {
        let scratch = try Scratch()
        try scratch.write("default.nix", Self.base)
        let io = try RootedIO(roots: [RootedIO.Root(name: "set", directory: Array(scratch.path.utf8))])
        let specification = ImageSpecification(file: Array("/roots/set/default.nix".utf8))
        let summary = try HeapImage.build(
            specification, identity: Self.newIdentity(), io: io, limits: EvaluationLimits(), to: scratch.path + "/image"
        )
        // What throws has no value, and the function lacks its argument.
        #expect(summary.attributes > 10 && summary.failures == 4)
        let machine = try VirtualMachine(programCacheBytes: 1 << 20)
        let image = try HeapImage(opening: scratch.path + "/image")
        func report(_ source: String) async -> EvaluationReport {
            var job = EvaluationJob(
                .source(Array(source.utf8), name: "(string)", directory: RootedIO.bundlePath), io: io)
            job.image = image
            job.isStrict = true
            return await machine.evaluate(job, cancellation: Cancellation())
        }
        let sources = ["s: s.later", "s: s.big // { a = s.later; }", "s: s.failing", "s: map (x: s.numbers) s.numbers"]
        var first: [String] = []
        for round in 0..<3 {
            for (index, source) in sources.enumerated() {
                let report = await report(source)
                let text = "\(report.outcome) \(report.statistics.fuel) \(report.statistics.memoryPeakBytes)"
                if round == 0 { first.append(text) } else { #expect(text == first[index], "\(source)") }
            }
        }
        // A file as the input stands for the set itself.
        var job = EvaluationJob(.file(path: specification.file), io: io)
        job.image = image
        job.attribute = "number"
        guard case .value(let text) = await machine.evaluate(job, cancellation: Cancellation()).outcome else {
            Issue.record("the set has no number")
            return
        }
        #expect(text == Array("42".utf8))
    }

    @Test func imagesAreDeterministic() throws {
        let scratch = try Scratch()
        let identity = Self.newIdentity()
        for name in ["first", "second"] {
            try Self.write(
                Self.base, to: "\(scratch.path)/\(name)", identity: identity,
                forces: ["b.drvPath", "big", "later", "a"])
        }
        let contents = try ["first", "second"].map {
            try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/\($0)"))
        }
        #expect(contents[0] == contents[1])
    }

    /// An image can be written from an evaluation that began with one.
    @Test func imagesGrow() throws {
        let scratch = try Scratch()
        let image = try image(scratch, forces: [])
        let grown = scratch.path + "/grown"
        let isWritten = BigStack.run { () -> Bool in
            guard let evaluator = Evaluator(io: LocalIO(), image: image, print: { _ in }) else { return false }
            let base = evaluator.machine.imageHandles[0]
            do {
                for name in ["later", "b.drvPath", "big", "caught"] {
                    _ = try evaluator.deepForce(evaluator.select(base, path: name, []))
                }
                _ = try evaluator.writeImage(to: grown, identity: image.identity, handles: [base], host: [])
                return true
            } catch { return false }
        }
        #expect(isWritten == true)
        let second = try HeapImage(opening: grown)
        for function in Self.functions {
            let checked = MachineSettings(checks: MachineChecks(wholeHeapInterval: 256))
            #expect(
                Self.apply(function, to: second, settings: checked) == Self.apply(function, to: image), "\(function)")
        }
    }

    /// A damaged file is refused, wherever the damage is.
    @Test func damageIsRefused() throws {
        let scratch = try Scratch()
        _ = try image(scratch)
        let url = URL(fileURLWithPath: scratch.path + "/base")
        let whole = try Data(contentsOf: url)
        for offset in Array(stride(from: 0, to: whole.count, by: 4093)) + [8, 17, 4095, whole.count - 1] {
            var bytes = whole
            bytes[offset] ^= 0x20
            try bytes.write(to: url)
            #expect(throws: ImageError.self, "a change at \(offset)") { try HeapImage(opening: url.path) }
        }
        for count in [0, 100, 4096, whole.count / 2, whole.count - 1] {
            try whole.prefix(count).write(to: url)
            #expect(throws: ImageError.damaged) { try HeapImage(opening: url.path) }
        }
        try whole.write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: url.path)
        #expect(throws: ImageError.untrusted) { try HeapImage(opening: url.path) }
        #expect(throws: ImageError.absent) { try HeapImage(opening: scratch.path + "/nothing") }
    }

    /// Two machines cannot have the same image at the same time; the second one is told so.
    @Test func aPlaceIsTakenOnce() throws {
        let scratch = try Scratch()
        let image = try image(scratch)
        let first = try #require(Evaluator(io: LocalIO(), image: image, print: { _ in }))
        #expect(Evaluator(io: LocalIO(), image: image, print: { _ in }) == nil)
        withExtendedLifetime(first) {}
    }

    /// An evaluation that has read the clock leaves no image; one that could have does.
    @Test func theClockIsNotKept() throws {
        let scratch = try Scratch()
        #expect(throws: ImageError.self) {
            try Self.write("{ now = builtins.currentTime; }", to: scratch.path + "/a", forces: ["now"])
        }
        #expect(throws: ImageError.self) {
            try Self.write("[ __currentTime ]", to: scratch.path + "/b", forces: ["\"0\""])
        }
        try Self.write("{ now = builtins.currentTime; }", to: scratch.path + "/c")
        let image = try HeapImage(opening: scratch.path + "/c")
        let now = Int(Date().timeIntervalSince1970)
        let found = try #require(Int(Self.apply("s: s.now", to: image)))
        #expect(found >= now && found < now + 600)
    }
}
