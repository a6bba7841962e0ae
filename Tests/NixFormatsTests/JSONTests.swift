import Testing

@testable import NixFormats

@Suite struct JSONTests {
    /// The result of measuring a text: its tokens and extent.
    private func read(
        _ text: [UInt8], byteLimit: Int = .max, budget: TestBudget = TestBudget()
    ) throws -> (kinds: [JSONReader.Token.Kind], extent: JSONExtent, units: Int) {
        try text.withView { view in
            var kinds: [JSONReader.Token.Kind] = []
            let (extent, units, _) = try budget.run(byteLimit: byteLimit) { meter in
                var reader = JSONReader(view)
                let extent = try reader.measure(&meter)
                try unsafe reader.withTokens { tokens in kinds = unsafe tokens.map { $0.kind } }
                return extent
            }
            return (kinds, extent, units)
        }
    }

    private func syntaxError(_ text: [UInt8], budget: TestBudget = TestBudget()) throws -> String? {
        try text.withView { view in
            try budget.run { meter in try JSONSyntaxError.message(view, &meter) }.result
        }
    }

    @Test func readsTokensInOrder() throws {
        let (kinds, extent, _) = try read([UInt8](#" { "a" : [1, 2.5, true, null], "b\n": "x", "c": {} } "#))
        #expect(
            kinds == [.key, .integer, .float, .true, .null, .list, .escapedKey, .string, .key, .object, .object])
        #expect(extent.objects == 1 && extent.objectMembers == 3 && extent.listMembers == 4)
        #expect(extent.largestObject == 3 && extent.longestEscapedKey == 3)
        // At most, three keys and the values of the list and the object are pending.
        #expect(extent.maximumPending == 6)
    }

    @Test(arguments: [
        "", "[", "[1", "{\"a\"", "{\"a\":1,}", "01", "1.", "-", "\"\\x\"", "\"\u{1}\"", "\"\\ud800\"", "tru", "[1 2]",
    ])
    func refuses(_ text: String) throws {
        #expect(throws: JSONError.self) { try read([UInt8](text)) }
        #expect(try syntaxError([UInt8](text)) != nil)
    }

    @Test func refusesWhatIsNotUTF8() throws {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] {
            #expect(throws: JSONError.self) { try read(bytes) }
        }
    }

    /// Fuel is proportional to the size of any text, and does not depend on the grants.
    @Test(arguments: ["[1,", "[", "\"a", " ", "[\"\\u00e9\",", "{\"a\":", "12345678", "\"é"])
    func chargesForEveryByte(_ unit: String) throws {
        let text = [UInt8](String(repeating: unit, count: 40_000))
        let budget = TestBudget()
        _ = try? read(text, budget: budget)
        _ = try? syntaxError(text, budget: budget)
        #expect(budget.granted >= text.count / 8)
        #expect(budget.polls >= budget.granted / TestBudget.grant)
        #expect(throws: JSONError.self) { try read(text, budget: TestBudget(10)) }
    }

    /// The memory for tokens and nesting is counted before it is allocated.
    @Test func countsItsMemory() {
        for unit in ["[", "[1,", "{\"a\":"] {
            let text = [UInt8](String(repeating: unit, count: 100_000))
            #expect {
                _ = try read(text, byteLimit: 100_000)
            } throws: { error in
                guard case .stopped(.needsMemory(let bytes))? = error as? JSONError else { return false }
                return bytes > 100_000
            }
        }
    }

    /// Numbers of any length are read like short ones.
    @Test func readsLongNumbers() throws {
        let zeros = String(repeating: "0", count: 5_000)
        func value(_ text: String) throws -> Double? {
            try [UInt8](text).withView { view in
                try TestBudget().run { meter in try DecimalText.double(view, &meter) }.result
            }
        }
        #expect(try value("1" + zeros + "e-5000") == 1)
        #expect(try value("-0." + zeros + "25e5000") == -0.25)
        #expect(try value("0." + zeros) == 0)
        #expect(try value("1" + zeros) == .infinity)
        // Halfway between two doubles, and slightly more far behind the point.
        #expect(try value("9007199254740993." + zeros) == 9_007_199_254_740_992)
        #expect(try value("9007199254740993." + zeros + "1") == 9_007_199_254_740_994)
        #expect(try value("1e" + zeros + "2") == 100)
    }

    @Test func messagesShowLongTextsInPart() throws {
        let text = [UInt8]("\"" + String(repeating: "a", count: 100_000) + "\u{1}")
        let message = try #require(try syntaxError(text))
        #expect(message.utf8.count < 3 * ByteView.excerptBytes)
        #expect(message.contains("control character U+0001 (SOH)"))
    }

    @Test func escapesAndBack() throws {
        let texts = ["", "plain", "\"\\\u{8}\t\n\u{c}\r\u{1}\u{1f}", "é\"é\"é", String(repeating: "a\n", count: 500)]
        for text in texts {
            let bytes = [UInt8](text)
            var quoted: [UInt8] = []
            JSONText.quote(bytes, into: &quoted)
            #expect(quoted.count == bytes.withView { JSONText.quotedLength($0) })
            let content = Array(quoted.dropFirst().dropLast())
            var back = [UInt8](repeating: 0, count: content.count)
            var (position, written) = (0, 0)
            content.withView { view in
                unsafe back.withUnsafeMutableBufferPointer { buffer in
                    guard let base = buffer.baseAddress else { return }
                    let output = unsafe MutableByteView(base, count: view.count)
                    // In two blocks, the first of which may end within an escape.
                    JSONText.unescape(view, from: &position, upTo: view.count / 2, to: output, at: &written)
                    JSONText.unescape(view, from: &position, upTo: view.count, to: output, at: &written)
                }
            }
            #expect(Array(back.prefix(written)) == bytes)
        }
    }

    /// Each byte alone and among others: searching by words finds the same bytes as searching one by one.
    @Test func findsSpecialBytes() {
        for byte in UInt8.min...UInt8.max {
            for position in 0..<20 {
                var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 20)
                bytes[position] = byte
                let isSpecial = byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                let found = bytes.withView { JSONText.firstSpecial($0, from: 0, upTo: 20) }
                #expect(found == (isSpecial ? position : 20))
            }
        }
    }
}
