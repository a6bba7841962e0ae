import Testing

@testable import NixStore

@Suite struct CommandTests {
    private func output(_ command: Command) throws(CommandError) -> [UInt8] {
        var result: [UInt8] = []
        try unsafe LocalIO().run(command) { piece in
            unsafe result.append(contentsOf: piece)
            return true
        }
        return result
    }

    /// Why a command gives no result; nil if it gives one.
    private func failure(
        _ command: Command, _ io: any EvalIO = LocalIO(), goesOn: Bool = true
    ) -> CommandError? {
        do throws(CommandError) {
            try unsafe io.run(command) { _ in goesOn }
            return nil
        } catch {
            return error
        }
    }

    private func words(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    /// The data exceeds the capacity of any pipe, in both directions at once.
    @Test func feedsAndReadsAtOnce() throws {
        let input = [UInt8](repeating: 0x61, count: 1 << 21)
        #expect(try output(Command("cat", [], input: input)) == input)
    }

    @Test func survivesAProgramThatDoesNotRead() throws {
        let input = [UInt8](repeating: 0x61, count: 1 << 21)
        #expect(try output(Command("true", [], input: input)) == [])
    }

    @Test func tellsHowAProgramFailed() {
        let error = failure(Command("sh", words("-c", "echo wrong >&2; exit 3")))
        guard case .failed(3, let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message == Array("wrong\n".utf8))
    }

    @Test func tellsThatThereIsNoProgram() {
        let error = failure(Command("no-such-program-anywhere", []))
        guard case .notFound = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func endsAProgramThatSaysTooMuch() {
        let error = failure(Command("yes", []), goesOn: false)
        guard case .stopped = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func isRefusedWhereOnlyRootsAreRead() throws {
        let error = failure(Command("true", []), try RootedIO(roots: []))
        guard case .notAllowed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
