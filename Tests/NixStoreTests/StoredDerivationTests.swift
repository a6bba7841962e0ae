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

    /// An assembled derivation equals the one that is read from its file.
    @Test func assemblesWhatItReads() throws {
        let table = DerivationTable()
        let assembly = try DerivationAssembly(
            name: Array("a".utf8), outputs: [Array("dev".utf8), Array("out".utf8)], .inputs, inputs: [], sources: [],
            in: table)
        var body = DerivationBody(capacity: 64)
        unsafe Array("s".utf8).withUnsafeBufferPointer { text in
            unsafe body.start(sources: [], system: text, builder: text)
            unsafe body.argument(text)
            body.startEnvironment()
            assembly.writeOutput(0, into: &body)
            assembly.writeOutput(1, into: &body)
            unsafe body.variable(text, text)
        }
        body.finish()
        let (record, text) = try assembly.finish(body, in: table, wantsText: true)
        let read = try StoredDerivation(parsing: text)
        #expect(read.text == text)
        #expect(read.outputs.map { $0.path } == table.records[record].outputs.map { $0.path ?? [] })
        #expect(read.environment.map { $0.value }.dropLast() == read.outputs.map { $0.path }[...])
        let hash = Hash(of: text, .sha256).bytes
        #expect(
            table.records[record].path == (try StorePath.text(name: Array("a.drv".utf8), sha256: hash, references: [])))
    }
}
