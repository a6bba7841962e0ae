import Testing

@testable import NixStore

@Suite struct CommandTests {
    private func output(_ command: Command, _ io: any EvalIO = LocalIO()) throws(CommandError) -> [UInt8] {
        var result: [UInt8] = []
        try unsafe io.run(command) { piece in
            unsafe result.append(contentsOf: piece)
            return true
        }
        return result
    }

    private func words(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    /// More than any pipe holds, in both directions at once.
    @Test func feedsAndReadsAtOnce() throws {
        let input = [UInt8](repeating: 0x61, count: 1 << 21)
        #expect(try output(Command("cat", [], input: input)) == input)
    }

    @Test func survivesAProgramThatDoesNotRead() throws {
        let input = [UInt8](repeating: 0x61, count: 1 << 21)
        #expect(try output(Command("true", [], input: input)) == [])
    }

    @Test func tellsHowAProgramFailed() {
        do throws(CommandError) {
            _ = try output(Command("sh", words("-c", "echo wrong >&2; exit 3")))
            Issue.record("the program succeeded")
        } catch {
            guard case .failed(3, let message) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(message == Array("wrong\n".utf8))
        }
    }

    @Test func tellsThatThereIsNoProgram() {
        do throws(CommandError) {
            _ = try output(Command("no-such-program-anywhere", []))
            Issue.record("the program was found")
        } catch {
            guard case .notFound = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test func endsAProgramThatSaysTooMuch() {
        do throws(CommandError) {
            try unsafe LocalIO().run(Command("yes", [])) { _ in false }
            Issue.record("the program ended")
        } catch {
            guard case .stopped = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test func isRefusedWhereOnlyRootsAreRead() throws {
        let io = try RootedIO(roots: [])
        do throws(CommandError) {
            _ = try output(Command("true", []), io)
            Issue.record("a program was run")
        } catch {
            guard case .notAllowed = error else {
                Issue.record("\(error)")
                return
            }
        }
    }
}
