import FirnClient
import FirnCommands
import FirnCoordinator
import FirnProtocol
import FoundationEssentials
import NixStore

/// One job's objects.
extension ClosureReceiver {
    /// An object of a list, as the worker described it and as it must be.
    struct Listed {
        let wire: WireStoreObject
        let expected: ExpectedObject
    }

    func receive(_ job: UInt64, _ summary: WireClosureSummary, takesLocal: Bool = true) async throws {
        guard [UInt8](summary.storeDirectory) == StorePath.directory else {
            throw CommandFailure(
                "the farm's store is \(TerminalText.line(String(decoding: summary.storeDirectory, as: UTF8.self))), "
                    + "and here it is \(String(decoding: StorePath.directory, as: UTF8.self)): set NIX_STORE_DIR alike")
        }
        var order = ListOrder()
        var part: UInt32 = 0
        var objects: UInt64 = 0
        repeat {
            let answer = try await client.closure(job, firstPart: part)
            objects += UInt64(answer.objects.count)
            guard answer.nextPart == 0 || answer.nextPart > part, objects <= summary.objects else {
                throw ClientError.unexpectedReply
            }
            part = answer.nextPart
            for start in stride(from: 0, to: answer.objects.count, by: ProtocolLimits.namedObjects) {
                let end = min(answer.objects.count, start + ProtocolLimits.namedObjects)
                try await add(Array(answer.objects[start..<end]), of: job, &order, takesLocal: takesLocal)
            }
        } while part != 0
    }

    private func add(
        _ objects: [WireStoreObject], of job: UInt64, _ order: inout ListOrder, takesLocal: Bool
    ) async throws {
        var missing: [Listed] = []
        for wire in objects {
            let expected = try Self.reporting { () throws(StoreWriteError) in try Self.expected(wire) }
            try order.pass(expected.path)
            if !written.contains(expected.path) { missing.append(Listed(wire: wire, expected: expected)) }
        }
        let paths = missing.map(\.expected.path)
        written.formUnion(
            try writing { (writer, isStopped) throws(StoreWriteError) in
                try writer.present(paths, isStopped: isStopped)
            })
        missing.removeAll { written.contains($0.expected.path) }
        // Sources refer to nothing, so they may be added before everything else.
        let named = missing.filter(\.wire.hasSource)
        if takesLocal {
            try await addLocal(named)
        } else if let first = named.first {
            throw CommandFailure("the farm does not send \(Self.text(first.expected.path))")
        }
        var waiting = missing.filter { !$0.wire.hasSource }[...]
        try await fetch(&waiting, of: job, &order)
    }

    private static func expected(_ wire: WireStoreObject) throws(StoreWriteError) -> ExpectedObject {
        do {
            return try ExpectedObject(wire)
        } catch {
            throw error as? StoreWriteError ?? StoreWriteError("\(error)")
        }
    }

    /// Reads objects from the farm and adds them in their order.
    private func fetch(_ waiting: inout ArraySlice<Listed>, of job: UInt64, _ order: inout ListOrder) async throws {
        var receiver: ObjectReceiver?
        while !waiting.isEmpty {
            let names = waiting.map(\.wire.name)
            let pieces = try await client.objects(job, names, offset: UInt64(receiver?.count ?? 0))
            guard !pieces.isEmpty else { throw ClientError.unexpectedReply }
            for piece in pieces {
                guard let listed = waiting.first else { throw ClientError.unexpectedReply }
                var current = receiver ?? Self.receiver(listed.expected)
                guard piece.name == listed.wire.name, piece.offset == UInt64(current.count),
                    piece.last || !piece.bytes.isEmpty
                else { throw ClientError.unexpectedReply }
                try Self.reporting { () throws(StoreWriteError) in try Self.append(piece.bytes, to: &current) }
                receiver = piece.last ? nil : current
                guard piece.last else { continue }
                let addition = try Self.reporting { () throws(StoreWriteError) in try current.finish() }
                order.refer(addition.object.references)
                try add(addition)
                waiting.removeFirst()
            }
        }
    }

    private static func receiver(_ expected: ExpectedObject) -> ObjectReceiver {
        ObjectReceiver(expected, directory: scratchDirectory, maximumBytes: maximumObjectBytes)
    }

    private static func append(_ bytes: Data, to receiver: inout ObjectReceiver) throws(StoreWriteError) {
        let copy = [UInt8](bytes)
        var failure: StoreWriteError?
        unsafe copy.withUnsafeBytes { bytes in
            do throws(StoreWriteError) { unsafe try receiver.append(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Where large objects lie until they are verified. It is not in memory, as /tmp often is.
    private static var scratchDirectory: [UInt8] {
        LocalIO().environmentVariable(Array("TMPDIR".utf8)) ?? Array("/var/tmp".utf8)
    }

    func add(_ addition: StoreAddition) throws {
        try writing { (writer, isStopped) throws(StoreWriteError) in try writer.add(addition, isStopped: isStopped) }
        written.insert(addition.path)
    }

    static func text(_ path: [UInt8]) -> String { TerminalText.line(String(decoding: path, as: UTF8.self)) }
}

/// Checks that a list has every object after those that it refers to. What is in no place of the list may be in the
/// store, which says so itself.
struct ListOrder {
    private var passed: Set<[UInt8]> = []
    private var referred: Set<[UInt8]> = []

    /// The next object of the list.
    mutating func pass(_ path: [UInt8]) throws {
        passed.insert(path)
        guard !referred.contains(path) else {
            throw CommandFailure(
                "refused what the farm gives: \(ClosureReceiver.text(path)) comes after an object that refers to it")
        }
    }

    /// An object that was passed refers to these.
    mutating func refer(_ paths: [[UInt8]]) {
        for path in paths where !passed.contains(path) { referred.insert(path) }
    }
}
