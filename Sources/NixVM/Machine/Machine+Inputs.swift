import NixStore

/// Fetching for the host, which locks the inputs of flakes.
extension Machine {
    /// Begins to fetch an input, whether or not it is locked. The result is the set of `fetchTree`.
    public func startFetch(_ input: FetchInput) {
        let pairs = input.attributes.map { name, value in (Array(name.utf8), handle(value)) }
        let set = makeAttributes(pairs)
        startStep(.fetchInput, [state.pointee.roots[set.root]])
    }

    private func handle(_ attribute: InputAttribute) -> ValueHandle {
        switch attribute {
        case .text(let text): makeString(text)
        case .number(let number): makeInteger(Int64(truncatingIfNeeded: number))
        case .flag(let flag): makeBool(flag)
        }
    }

    /// What is known of an input that was fetched, and its store path; nil for any other.
    public func fetched(_ input: FetchInput) -> (tree: FetchedTree, path: [UInt8])? {
        store.fetched.first { $0.input == input }.map { ($0.tree, $0.path) }
    }

    /// Forgets that an input was fetched, because its files were changed. Its store object stays.
    public func forget(_ input: FetchInput) { store.fetched.removeAll { $0.input == input } }

    /// The function that fetches an input whether or not it is locked. No program can name it.
    public var fetchInputFunction: ValueHandle { ValueHandle(root: addRoot(.builtin(.fetchInput))) }

    /// The function that ends the evaluation with its argument as the message.
    public var failFunction: ValueHandle { ValueHandle(root: addRoot(.builtin(.fail))) }

    /// Makes an integer value.
    public func makeInteger(_ value: Int64) -> ValueHandle {
        makeRoom(Size.number)
        return ValueHandle(root: addRoot(interpreter.makeInteger(value)))
    }

    /// Prints a line where warnings go.
    public func printWarning(_ text: [UInt8]) { print(Array("warning: ".utf8) + text) }
}
