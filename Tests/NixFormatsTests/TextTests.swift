import Testing

@testable import NixFormats

@Suite struct TextTests {
    private func compare(_ a: [UInt8], _ b: [UInt8], budget: TestBudget = TestBudget()) throws -> Int {
        try a.withView { a in
            try b.withView { b in try budget.run { meter in try Version.compare(a, b, &meter) }.result }
        }
    }

    @Test(arguments: [
        ("1.0", "2.3", -1), ("2.1", "2.3", -1), ("2.3", "2.3", 0), ("2.5", "2.3", 1), ("3.1", "2.3", 1),
        ("2.3.1", "2.3", 1), ("2.3.1", "2.3a", 1), ("2.3pre1", "2.3", -1), ("2.3pre3", "2.3pre12", -1),
        ("2.3a", "2.3c", -1), ("2.3pre1", "2.3c", -1), ("2.3pre1", "2.3q", -1), ("", "", 0), ("", "1", -1),
        ("", "a", -1), ("", "pre", 1), ("01", "1", 0), ("99999999999", "1", -1), ("a", "99999999999", 1),
    ])
    func versions(_ a: String, _ b: String, _ order: Int) throws {
        #expect(try compare([UInt8](a), [UInt8](b)) == order)
        #expect(try compare([UInt8](b), [UInt8](a)) == -order)
    }

    /// Fuel is charged for the bytes of all components.
    @Test(arguments: ["1", "0", "a", ".", "1.", "a1"])
    func longVersionsAreCharged(_ unit: String) throws {
        let text = [UInt8](String(repeating: unit, count: 300_000))
        let budget = TestBudget()
        #expect(try compare(text, text, budget: budget) == 0)
        #expect(budget.granted >= text.count / 32)
        #expect(budget.polls >= budget.granted / TestBudget.grant)
        #expect(throws: WorkStop.interrupted) { try compare(text, text, budget: TestBudget(100)) }
    }

    @Test func checksUTF8InBlocks() {
        let texts: [[UInt8]] = [
            [], [0x61], [0xC3, 0xA9], [0xC3], [0xC3, 0x61], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF0, 0x9F, 0x98, 0x80], [0xFF], [0x80], [0xF5],
        ]
        for text in texts {
            for before in 0..<10 {
                let bytes = [UInt8](repeating: 0x61, count: before) + text
                bytes.withView { view in
                    let whole = UTF8Check.problem(view)
                    #expect((whole == nil) == (String(validating: bytes, as: UTF8.self) != nil))
                    var check = UTF8Check(view)
                    var problem: String?
                    for end in 0...view.count where problem == nil { problem = check.problem(upTo: end) }
                    #expect(problem == whole)
                }
            }
        }
    }

    @Test func writesXML() throws {
        let written = try TestBudget().run { meter in
            var text = try XMLText(indent: 2, &meter)
            try text.element("<string", [UInt8]("a<b>&\"\nc"), &meter)
            var bytes = [UInt8](repeating: 0, count: text.count)
            unsafe bytes.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                text.copy(0..<text.count, to: unsafe MutableByteView(base, count: text.count))
            }
            return bytes
        }.result
        #expect(String(decoding: written, as: UTF8.self) == "    <string value=\"a&lt;b&gt;&amp;&quot;&#xA;c\" />\n")
    }

    /// Output outside of the heap is counted and charged.
    @Test func xmlIsCounted() {
        let value = [UInt8](repeating: UInt8(ascii: "<"), count: 100_000)
        func write(_ byteLimit: Int, _ budget: TestBudget) throws {
            _ = try budget.run(byteLimit: byteLimit) { meter in
                var text = try XMLText(indent: 0, &meter)
                try text.element("<string", value, &meter)
            }
        }
        #expect(throws: WorkStop.self) { try write(300_000, TestBudget()) }
        #expect(throws: WorkStop.interrupted) { try write(.max, TestBudget(1_000)) }
        #expect(throws: Never.self) { try write(.max, TestBudget()) }
    }
}
