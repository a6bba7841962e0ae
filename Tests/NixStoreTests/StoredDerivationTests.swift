import Testing

@testable import NixStore

/// Reading and writing the text of derivations.
@Suite struct StoredDerivationTests {
    private static let text = #"""
        Derive([("dev","/nix/store/x-dev","",""),("out","","r:sha256","ab")],[("/nix/store/a.drv",["dev","out"])],\#
        ["/nix/store/s"],"x86_64-linux","/bin/sh",["-c","echo \"\\\n\r\t"],[("k",""),("name","v")])
        """#

    @Test func readsAndWrites() throws {
        let derivation = try StoredDerivation(parsing: Array(Self.text.utf8))
        #expect(derivation.outputs.map { String(decoding: $0.name, as: UTF8.self) } == ["dev", "out"])
        #expect(derivation.outputs[1].algorithm == Array("r:sha256".utf8))
        #expect(derivation.inputs[0].outputs.names.count == 2)
        #expect(derivation.arguments[1] == Array("echo \"\\\n\r\t".utf8))
        #expect(derivation.environment.count == 2)
        #expect(String(decoding: derivation.text, as: UTF8.self) == Self.text)
    }

    @Test func refusesWhatIsCutOrContinued() {
        let bytes = Array(Self.text.utf8)
        for count in 0..<bytes.count {
            #expect(throws: StoreError.self) { try StoredDerivation(parsing: Array(bytes[..<count])) }
        }
        #expect(throws: StoreError.self) { try StoredDerivation(parsing: bytes + [0]) }
    }

    private static let dynamicText = #"""
        DrvWithVersion("xp-dyn-drv",[("out","","","")],[("/nix/store/a.drv",["out"]),("/nix/store/b.drv",(["dev"],\#
        [("lib",[]),("out",(["dev","out"],[("out",["out"])]))]))],[],"s","/b",[],[("out","")])
        """#

    @Test func readsAndWritesOutputsOfOutputs() throws {
        let derivation = try StoredDerivation(parsing: Array(Self.dynamicText.utf8))
        let out = Array("out".utf8)
        #expect(derivation.isDynamic)
        #expect(derivation.inputs[0].outputs == InputOutputs(names: [out]))
        #expect(derivation.inputs[1].outputs.inner.map { $0.output } == [Array("lib".utf8), out])
        #expect(derivation.inputs[1].outputs.inner[1].outputs.inner[0].outputs == InputOutputs(names: [out]))
        #expect(String(decoding: derivation.text, as: UTF8.self) == Self.dynamicText)
        let bytes = Array(Self.dynamicText.utf8)
        for count in 0..<bytes.count {
            #expect(throws: StoreError.self) { try StoredDerivation(parsing: Array(bytes[..<count])) }
        }
    }

    @Test func refusesOtherVersionsAndForms() {
        func message(_ text: String, allowsDynamic: Bool = true) -> String {
            do throws(StoreError) {
                _ = try StoredDerivation(parsing: Array(text.utf8), allowsDynamic: allowsDynamic)
                return ""
            } catch {
                return String(decoding: error.message, as: UTF8.self)
            }
        }
        let plain = Self.dynamicText.replacing(#"DrvWithVersion("xp-dyn-drv","#, with: "Derive(")
        #expect(message(plain).contains("expected string '['"))
        #expect(message(Self.dynamicText.replacing("xp-dyn-drv", with: "x")).contains("format version 'x'"))
        #expect(message(Self.dynamicText, allowsDynamic: false).contains("'dynamic-derivations' is disabled"))
        let nested = String(repeating: #"([],[("out","#, count: 100_000)
        let deep = #"DrvWithVersion("xp-dyn-drv",[],[("/nix/store/a.drv","# + nested
        #expect(message(deep).contains("too deeply"))
    }

    /// Outputs are kept sorted and distinct.
    @Test func insertsOutputs() {
        func bytes(_ names: [String]) -> [[UInt8]] { names.map { Array($0.utf8) } }
        var outputs = InputOutputs()
        for path in [["out", "b"], ["out"], ["dev"], ["out", "a"], ["out"], ["dev", "out"], ["out", "b", "c"]] {
            outputs.insert(bytes(path)[...])
        }
        var writer = ATermWriter()
        writer.outputs(outputs)
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"(["dev","out"],[("dev",["out"]),("out",(["a","b"],[("b",["c"])]))])"#)
    }

    private static func withText<Result>(_ text: String, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows
        -> Result
    {
        try unsafe Array(text.utf8).withUnsafeBufferPointer { try unsafe body($0) }
    }

    /// Assembles a derivation with outputs `dev` and `out`, whose inputs and sources are added by `addInputs`.
    private static func assemble(
        _ name: String, in table: DerivationTable, _ addInputs: (inout DerivationAssembly) -> Void = { _ in }
    ) throws -> (record: Int, text: [UInt8]) {
        try table.assemble { assembly in
            addInputs(&assembly)
            try unsafe withText("dev") { dev in
                try unsafe withText("out") { out in
                    try unsafe withText(name) { name in
                        try unsafe assembly.plan(name: name, outputs: [dev, out], .inputs, in: table)
                    }
                }
            }
            unsafe withText("s") { text in
                unsafe assembly.start(system: text, builder: text, capacity: 0)
                unsafe assembly.argument(text)
                assembly.startEnvironment()
                assembly.outputVariable(0)
                assembly.outputVariable(1)
                unsafe assembly.variable(text, text)
            }
            assembly.finishText()
            let record = try unsafe withText("s") {
                try unsafe assembly.finish(system: $0, requiredFeatures: [Array("kvm".utf8)], in: table)
            }
            return (record, assembly.text)
        }
    }

    /// An assembled derivation equals the one that is read from its file.
    @Test func assemblesWhatItReads() throws {
        let table = DerivationTable()
        let (index, text) = try Self.assemble("a", in: table)
        let record = table.record(index)
        let read = try StoredDerivation(parsing: text)
        #expect(read.text == text)
        #expect(read.outputs.map { $0.path } == record.outputs.map { $0.path ?? [] })
        #expect(read.environment.map { $0.value }.dropLast() == read.outputs.map { $0.path }[...])
        #expect(record.requiredFeatures == [Array("kvm".utf8)])
        #expect(record.system == Array("s".utf8))
        let hash = Hash(of: text, .sha256).bytes
        #expect(record.path == (try StorePath.text(name: Array("a.drv".utf8), sha256: hash, references: [])))
    }

    /// Inputs and sources are sorted and distinct in the text, the record and the path, in whatever order they come.
    @Test func ordersInputsAndSources() throws {
        let table = DerivationTable()
        let records = try ["a", "b", "c"].map { try Self.assemble($0, in: table).record }
        let sources = ["/nix/store/z-source", "/nix/store/0-source"]
        let (index, text) = try Self.assemble("d", in: table) { assembly in
            for record in records + records.reversed() {
                for output in ["out", "dev", "out"] {
                    unsafe Self.withText(output) { unsafe assembly.addInput(record, output: $0, in: table) }
                }
            }
            for source in sources + sources { unsafe Self.withText(source) { unsafe assembly.addSource($0) } }
        }
        let read = try StoredDerivation(parsing: text)
        let record = table.record(index)
        let names = ["dev", "out"].map { Array($0.utf8) }
        #expect(read.inputs.map(\.path) == records.map { table.path($0) }.sorted { $0.lexicographicallyPrecedes($1) })
        #expect(read.inputs.allSatisfy { $0.outputs == InputOutputs(names: names) })
        #expect(read.sources == sources.reversed().map { Array($0.utf8) })
        #expect(record.inputs.map { table.path($0.record) } == read.inputs.map(\.path))
        #expect(record.inputs.allSatisfy { $0.outputs.names == names })
        #expect(record.sources == read.sources)
        #expect(table.references(index) == read.references)
        #expect(record.path == (try read.path(name: Array("d".utf8))))
        // What is read from the file has the same hash as what was assembled.
        let other = DerivationTable()
        for index in records { _ = other.insert(table.record(index)) }
        #expect(table.modulo(index) == other.modulo(try other.insert(read, path: record.path)))
    }

    /// Escapes are the same at every place of a word of eight bytes.
    @Test func escapesAtEveryPlace() {
        for length in 0..<20 {
            for place in 0..<length {
                for (byte, escaped) in [("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\"", "\\\""), ("\\", "\\\\")] {
                    let before = String(repeating: "a", count: place)
                    let after = String(repeating: "z", count: length - place - 1)
                    var writer = ATermWriter()
                    writer.string(Array((before + byte + after).utf8))
                    #expect(writer.bytes == Array(("\"" + before + escaped + after + "\"").utf8))
                }
            }
        }
    }

    /// The records of many derivations are found by their paths, and added once.
    @Test func findsRecordsByPath() throws {
        let table = DerivationTable()
        let paths = (0..<1000).map { number in
            Array("/nix/store/\(String(repeating: "0", count: 28))\(1000 + number)-n\(number).drv".utf8)
        }
        for (index, path) in paths.enumerated() {
            #expect(table.index(path) == nil)
            #expect(table.insert(path: path, outputs: [], modulo: .deferred) == index)
        }
        for (index, path) in paths.enumerated() {
            #expect(table.index(path) == index)
            #expect(table.insert(path: path, outputs: [], modulo: .deferred) == index)
            #expect(table.path(index) == path)
        }
        #expect(table.count == paths.count)
        #expect(table.precedes(0, 1) && !table.precedes(1, 0))
    }
}
