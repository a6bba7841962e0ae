import Testing

@testable import NixFormats

@Suite struct TOMLTests {
    /// A textual form of a document's value for comparisons.
    private func read(_ text: String, byteLimit: Int = .max, budget: TestBudget = TestBudget()) throws -> String {
        try [UInt8](text).withView { view in
            try budget.run(byteLimit: byteLimit) { meter in
                let document = try TOMLReader.read(view, &meter)
                return shown(document, 0)
            }.result
        }
    }

    private func shown(_ document: borrowing TOMLDocument, _ index: Int) -> String {
        var members: [String] = []
        var member = document.firstMember(of: index)
        let value = document.value(index)
        while member >= 0 {
            let text = shown(document, member)
            if case .table = value {
                let key = String(decoding: document.key(document.keyNumber(of: member)).array, as: UTF8.self)
                members.append("\(key)=\(text)")
            } else {
                members.append(text)
            }
            member = document.next(after: member)
        }
        switch value {
        case .boolean(let value): return "\(value)"
        case .integer(let value): return "\(value)"
        case .float(let value): return "\(value)"
        case .string(let bytes): return "'\(String(decoding: bytes.array, as: UTF8.self))'"
        case .timestamp(let bytes): return String(decoding: bytes.array, as: UTF8.self)
        case .array: return "[\(members.joined(separator: ","))]"
        case .table: return "{\(members.joined(separator: ","))}"
        }
    }

    @Test func readsTables() throws {
        #expect(
            try read("a = 1\n[b.c]\nd = \"x\\u00e9\"\n[[e]]\nf = [1, {g.h = 2.5}]\n[[e]]\n")
                == "{a=1,b={c={d='xé'}},e=[{f=[1,{g={h=2.5}}]},{}]}")
        #expect(try read("'k' = '''a\nb'''\n\"k2\" = 1979-05-27 07:32:00Z") == "{k='a\nb',k2=1979-05-27T07:32:00Z}")
        #expect(try read("") == "{}")
    }

    @Test(arguments: [
        "a", "a = ", "a = 1\na = 2", "[a]\n[a]", "a = {b = 1}\n[a.c]", "a = [1", "a = {b = 1", "a = \"x", "= 1",
        "a = 1 b", "a = 01", "[[a]]\n[a]", "a.b = 1\n[a]", "a = '\u{1}'",
    ])
    func refuses(_ text: String) {
        #expect {
            _ = try read(text)
        } throws: { error in
            guard let error = error as? TOMLError else { return false }
            return error.stop == nil && error.message.contains("fromTOML")
        }
    }

    /// Many tables and keys are found in hash tables that grow.
    @Test func findsEveryKey() throws {
        let text = (0..<3_000).map { "[t\($0)]\nk\($0) = \($0)\n" }.joined()
        let whole = try read(text)
        #expect(whole.hasPrefix("{t0={k0=0},t1={k1=1}"))
        #expect(whole.hasSuffix("t2999={k2999=2999}}"))
        for number in [0, 1, 1_500, 2_999] {
            #expect(throws: TOMLError.self) { try read(text + "[t\(number)]\n") }
            #expect(try read(text + "[t\(number).x]\n").contains("t\(number)={k\(number)=\(number),x={}}"))
        }
    }

    @Test(arguments: ["a=[", "[[a]]\n", "a = \"", "# x", " ", "\n", "{", "é", "a.", "[a.b]\n"])
    func chargesForEveryByte(_ unit: String) throws {
        for text in [String(repeating: unit, count: 20_000), "x = [" + String(repeating: unit, count: 20_000)] {
            #expect {
                _ = try read(text, budget: TestBudget(10))
            } throws: { error in
                (error as? TOMLError)?.stop == .interrupted
            }
            let budget = TestBudget()
            _ = try? read(text, budget: budget)
            #expect(budget.polls >= budget.granted / TestBudget.grant)
        }
    }

    /// The memory for nodes, keys, strings and nesting is counted before it is allocated.
    @Test func countsItsMemory() {
        let texts = [
            (0..<20_000).map { "k\($0)=1\n" }.joined(), "a = [" + String(repeating: "1,", count: 50_000) + "]",
            "a = " + String(repeating: "[", count: 50_000), "a = \"" + String(repeating: "x", count: 500_000) + "\"",
            String(repeating: "[[a]]\n", count: 20_000), String(repeating: "a.", count: 50_000) + "b = 1",
        ]
        for text in texts {
            #expect {
                _ = try read(text, byteLimit: 200_000)
            } throws: { error in
                guard case .needsMemory(let bytes)? = (error as? TOMLError)?.stop else { return false }
                return bytes > 200_000
            }
        }
    }

    /// An error only shows the part of a long line that is near its mark.
    @Test func errorsShowLongLinesInPart() {
        let text =
            "a = 1\nb = [" + String(repeating: "1,", count: 100_000) + "x" + String(repeating: "1,", count: 100_000)
        #expect {
            _ = try read(text)
        } throws: { error in
            guard let error = error as? TOMLError else { return false }
            return error.message.utf8.count < 10_000 && error.message.contains("2 | ...1,1,")
        }
    }
}
