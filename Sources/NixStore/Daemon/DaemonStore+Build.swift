/// Builds in the daemon's store, which substitutes what it can.
extension DaemonStore: DerivationBuilder {
    /// How long a build may be silent. The daemon ends a build by its own settings (`max-silent-time`, `timeout`), and the
    /// evaluation by its deadline.
    private static let buildPatience = Duration.seconds(7 * 86_400)
    /// The most objects that the outputs of one request may refer to.
    private static let maximumClosure = 1 << 17

    public func existing(
        _ outputs: [NeededOutput], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> [BuiltObject]? {
        var closure: [BuiltObject]?
        try request(Self.action("'", outputs, "' was looked for"), isStopped) { () throws(StoreWriteError) in
            try hold(outputs.map(\.path))
            closure = try self.closure(of: outputs.map(\.path))
        }
        return closure
    }

    public func build(
        _ outputs: [NeededOutput], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> [NeededOutput: [UInt8]] {
        try flush(isStopped: isStopped)
        var failures: [NeededOutput: [UInt8]] = [:]
        let usual = transport.patience
        transport.patience = Self.buildPatience
        defer { transport.patience = usual }
        for output in outputs { log(Array("building '".utf8) + output.derivation + Array("'...\n".utf8)) }
        if connection.minor >= WorkerProtocol.Minor.buildResults {
            try request(Self.action("'", outputs, "' was built"), isStopped) { () throws(StoreWriteError) in
                failures = try buildTogether(outputs)
            }
        } else {
            for output in outputs { failures[output] = try buildAlone(output, isStopped) }
        }
        return failures
    }

    private static func action(_ before: String, _ outputs: [NeededOutput], _ after: String) -> [UInt8] {
        let others = outputs.count == 1 ? "" : " with \(outputs.count - 1) others"
        return Array(before.utf8) + (outputs.first?.text ?? []) + Array("\(after)\(others)".utf8)
    }

    /// Builds all outputs in one request, whose answer has a result for each.
    private func buildTogether(_ outputs: [NeededOutput]) throws(StoreWriteError) -> [NeededOutput: [UInt8]] {
        try connection.send(Self.request(.buildPathsWithResults, outputs))
        try connection.receiveMessages()
        let byName = Dictionary(outputs.map { ($0.installable, $0) }) { first, _ in first }
        var failures: [NeededOutput: [UInt8]] = [:]
        for _ in 0..<(try connection.count(atMost: outputs.count, of: "results of builds")) {
            let name = try connection.text()
            let failure = try receiveResult()
            guard let output = byName[name] else {
                throw connection.malformed("the result of a build that was not asked for")
            }
            failures[output] = failure
        }
        return failures
    }

    /// Builds one output with a daemon that answers a failed build by an error.
    private func buildAlone(
        _ output: NeededOutput, _ isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> [UInt8]? {
        connection.action = Self.action("'", [output], "' was built")
        connection.isStopped = isStopped
        do throws(StoreWriteError) {
            try connection.send(Self.request(.buildPaths, [output]))
            try receiveDone()
            return nil
        } catch {
            // Behind a complete error the connection can be used again.
            if let reason = error.refusal { return Self.withoutColors(reason) }
            connection.close()
            throw error
        }
    }

    private static func request(_ operation: WorkerProtocol.Operation, _ outputs: [NeededOutput]) -> [UInt8] {
        var request = WireWriter()
        request.operation(operation)
        request.texts(outputs.map(\.installable))
        // The mode: neither repair nor check.
        request.number(0)
        return request.bytes
    }

    /// Reads the result of a build: nil if it succeeded, otherwise why it failed.
    private func receiveResult() throws(StoreWriteError) -> [UInt8]? {
        let status = try connection.number()
        let message = try connection.text()
        // How often it was built, whether it differed, and when it began and ended.
        for _ in 0..<4 { _ = try connection.number() }
        if connection.minor >= WorkerProtocol.Minor.buildTimes {
            // The processor time of user and system, each with whether it is known.
            for _ in 0..<2 where try connection.flag() { _ = try connection.number() }
        }
        for _ in 0..<(try connection.count(atMost: WorkerProtocol.Bound.items, of: "outputs")) {
            for _ in 0..<2 { _ = try connection.text() }
        }
        if WorkerProtocol.successes.contains(status) { return nil }
        return message.isEmpty
            ? Array("the build failed with the status \(status)".utf8) : Self.withoutColors(message)
    }

    /// A message of Nix, which colours some words although nobody asked for that.
    static func withoutColors(_ message: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        var rest = message[...]
        while let escape = rest.firstIndex(of: 0x1B) {
            text += rest[..<escape]
            rest = rest[(escape + 1)...]
            guard rest.first == UInt8(ascii: "["),
                let end = rest.firstIndex(where: {
                    (UInt8(ascii: "@")...UInt8(ascii: "~")).contains($0) && $0 != UInt8(ascii: "[")
                })
            else { continue }
            rest = rest[(end + 1)...]
        }
        return text + rest
    }

    /// Names paths temporary roots, so that they cannot be collected while this connection is open.
    private func hold(_ paths: [[UInt8]]) throws(StoreWriteError) {
        for path in paths {
            var request = WireWriter()
            request.operation(.addTempRoot)
            request.text(path)
            try connection.send(request.bytes)
            try receiveDone()
        }
    }

    /// The objects that can be reached from paths; nil if one of the paths is not in the store.
    private func closure(of paths: [[UInt8]]) throws(StoreWriteError) -> [BuiltObject]? {
        var found: [BuiltObject] = []
        var known = Set(paths)
        var pending = paths
        while let path = pending.popLast() {
            guard let references = try references(of: path) else { return nil }
            found.append(BuiltObject(path: path, location: path, references: references))
            for reference in references where known.insert(reference).inserted { pending.append(reference) }
            guard known.count <= Self.maximumClosure else {
                throw connection.malformed(
                    "more than \(Self.maximumClosure) objects that '\(paths.count)' outputs refer to")
            }
        }
        return found
    }

    /// The store paths that an object refers to; nil if the object is not in the store.
    private func references(of path: [UInt8]) throws(StoreWriteError) -> [[UInt8]]? {
        var request = WireWriter()
        request.operation(.queryPathInfo)
        request.text(path)
        try connection.send(request.bytes)
        try connection.receiveMessages()
        guard try connection.flag() else { return nil }
        return try receiveInfo(references: Self.maximumClosure)
    }
}
