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
        #expect(derivation.inputs[0].outputs.count == 2)
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

    /// What is assembled for a path is what the file would say.
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
