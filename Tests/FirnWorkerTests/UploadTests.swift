import FirnProtocol
import Foundation
import NixStore
import Synchronization
import Testing

@testable import FirnWorker

/// A coordinator's end of an upload channel, which replies to every upload at once.
private final class Receiver: Sendable {
    struct State {
        var channel: UploadChannel?
        var uploads: [WireUpload] = []
        /// The states with which the objects of the next offers are answered, by their names; the others are wanted.
        var states: [[Data: UInt8]] = []
        var refusal: WireError?
        /// Whether nothing is replied.
        var isSilent = false
    }

    let state = Mutex(State())

    /// A channel whose uploads arrive here.
    func channel(windowBytes: Int = 1 << 20) -> UploadChannel {
        let channel = UploadChannel(key: LeaseKey(job: 1, attempt: 1), windowBytes: windowBytes) { [weak self] in
            self?.receive()
        }
        state.withLock { $0.channel = channel }
        return channel
    }

    private func receive() {
        guard let channel = state.withLock({ $0.channel }) else { return }
        for frames in channel.take() {
            guard let envelope = try? Envelope<WorkerMessage>(frames: frames),
                case .upload(let upload) = envelope.content
            else {
                Issue.record("no upload")
                continue
            }
            guard let reply = state.withLock({ Self.take(upload, &$0) }) else { continue }
            channel.deliver(reply)
        }
    }

    private static func take(_ upload: WireUpload, _ state: inout State) -> WireUploadReply? {
        #expect(upload.fault == nil && Int(upload.number) == state.uploads.count)
        state.uploads.append(upload)
        if state.isSilent { return nil }
        var reply = WireUploadReply()
        reply.stored = UInt32(state.uploads.count)
        if let refusal = state.refusal { reply.refused = refusal }
        if case .offer(let offer) = upload.content {
            let known = state.states.isEmpty ? [:] : state.states.removeFirst()
            reply.answer.number = upload.number
            reply.answer.states = Data(offer.objects.map { known[$0.name] ?? ($0.hasSource ? 0 : 1) })
        }
        return reply
    }

    var offers: [WireObjectOffer] {
        state.withLock { $0.uploads.compactMap { if case .offer(let offer) = $0.content { offer } else { nil } } }
    }

    /// The contents of each object, put together from its pieces.
    var contents: [Data: Data] {
        var contents: [Data: Data] = [:]
        for upload in state.withLock({ $0.uploads }) {
            guard case .segment(let segment) = upload.content else { continue }
            for piece in segment.pieces {
                #expect(piece.offset == UInt64(contents[piece.name]?.count ?? 0))
                contents[piece.name, default: Data()] += piece.bytes
            }
        }
        return contents
    }
}

@Suite struct UploadTests {
    private let receiver = Receiver()

    private func writer(
        _ roots: [String] = [], windowBytes: Int = 1 << 20, segmentBytes: Int = 1 << 20
    ) -> UploadWriter {
        UploadWriter(
            .with { $0.localRoots = roots }, channel: receiver.channel(windowBytes: windowBytes),
            roots: ["lib"], segmentBytes: segmentBytes)
    }

    private func text(_ name: String, _ text: String, references: [[UInt8]] = []) throws -> StoreAddition {
        let hash = Hash(of: Array(text.utf8), .sha256)
        return StoreAddition(
            path: try StorePath.text(name: Array(name.utf8), sha256: hash.bytes, references: references),
            address: ContentAddress(.text, hash), StoreObject(text: Array(text.utf8), references: references))
    }

    private func name(_ addition: StoreAddition) -> Data { Data(CanonPath.baseName(of: addition.path)) }

    /// A directory with a file of that size, and the object that it is at a path that the evaluation saw.
    private func source(_ bytes: Int, at path: String = "/roots/lib/tree", accepted: Bool = false) throws
        -> StoreAddition
    {
        var tree = MemoryTree()
        try tree.putFile(
            CanonPath.components(Array("\(path)/file".utf8)), [UInt8](repeating: 7, count: bytes), isExecutable: true)
        let io = StoreView(tree)
        let hash = try NarStream.hash(Array(path.utf8), .sha256, io: io, proceed: { _ in true })
        return StoreAddition(
            path: try StorePath.fixed(name: Array("tree".utf8), hash, .nar), address: ContentAddress(.nar, hash),
            StoreObject(io, root: Array(path.utf8), accepted: accepted ? [Array("\(path)/file".utf8)] : nil))
    }

    @Test func smallObjectsShareASegment() throws {
        let writer = writer()
        let texts = try (0..<100).map { try text("t\($0)", "text \($0)") }
        for addition in texts { try writer.add(addition, isStopped: { false }) }
        #expect(receiver.offers.isEmpty, "they are offered together")
        #expect(writer.byteCount > 1 << 20)
        try writer.finish(isStopped: { false })
        #expect(receiver.state.withLock { $0.uploads.count } == 2)
        #expect(
            receiver.contents
                == Dictionary(uniqueKeysWithValues: try texts.map { (name($0), Data(try #require($0.object.text))) }))
        #expect(writer.summary.parts == 1 && writer.summary.objects == 100)
        #expect(writer.summary.uploadedBytes == UInt64(receiver.contents.values.reduce(0) { $0 + $1.count }))
        #expect(writer.summary.storeDirectory == Data("/nix/store".utf8))
    }

    @Test func aLargeSourceGoesInManySegments() throws {
        let writer = writer(windowBytes: 1 << 20, segmentBytes: 100_000)
        let source = try source(1_000_000)
        try writer.add(source, isStopped: { false })
        try writer.finish(isStopped: { false })
        #expect(receiver.state.withLock { $0.uploads.count } > 10)
        let archive = try #require(receiver.contents[name(source)])
        #expect(Hash(of: [UInt8](archive), .sha256) == source.address.hash)
        let object = try #require(receiver.offers.first?.objects.first)
        #expect(
            object.method == .nar && object.algorithm == "sha256" && [UInt8](object.hash) == source.address.hash.bytes)
        #expect(!object.hasSource)
    }

    @Test func emptyTextsArriveToo() throws {
        let writer = writer()
        let empty = try text("empty", "")
        try writer.add(empty, isStopped: { false })
        try writer.finish(isStopped: { false })
        #expect(receiver.contents == [name(empty): Data()])
    }

    @Test func whatTheRunHasIsNotSent() throws {
        let (known, wanted) = (try text("known", "1"), try text("wanted", "2"))
        receiver.state.withLock { $0.states = [[name(known): 0]] }
        let writer = writer()
        for addition in [known, wanted] { try writer.add(addition, isStopped: { false }) }
        try writer.finish(isStopped: { false })
        #expect(Set(receiver.contents.keys) == [name(wanted)])
        #expect(writer.summary.objects == 2 && writer.summary.uploadedBytes == 1)
    }

    @Test func whatAnotherJobSendsIsOfferedAgain() throws {
        let (claimed, wanted) = (try text("claimed", "1"), try text("wanted", "2"))
        receiver.state.withLock { $0.states = [[name(claimed): 2], [name(claimed): 2], [:]] }
        let writer = writer()
        for addition in [claimed, wanted] { try writer.add(addition, isStopped: { false }) }
        try writer.finish(isStopped: { false })
        #expect(receiver.offers.map(\.again) == [false, true, true])
        #expect(receiver.contents.count == 2, "in the end nobody else has sent it")
        #expect(writer.summary.parts == 1 && writer.summary.objects == 2)
    }

    @Test func sourcesInALocalRootAreNamed() throws {
        let writer = writer(["lib", "other"])
        let additions = [
            try source(1), try source(2, at: "/roots/lib"), try source(3, accepted: true),
            try source(4, at: "/job/tree"),
        ]
        for addition in additions { try writer.add(addition, isStopped: { false }) }
        try writer.finish(isStopped: { false })
        let objects = try #require(receiver.offers.first).objects
        #expect(objects.map(\.source.root) == ["lib", "lib", "", ""])
        #expect(objects.map(\.source.path) == ["tree", "", "", ""])
        #expect(Set(receiver.contents.keys) == Set(additions.suffix(2).map(name)), "filtered, and in no root")
    }

    @Test func referencesAreNamedUnlessATextNamesThem() throws {
        let writer = writer()
        let note = try text("note", "note")
        for addition in [
            note, try text("text", "x", references: [note.path]), try text("d.drv", "x", references: [note.path]),
        ] {
            try writer.add(addition, isStopped: { false })
        }
        try writer.finish(isStopped: { false })
        #expect(receiver.offers.first?.objects.map(\.references) == [[], [name(note)], []])
    }

    @Test func aRefusalEndsTheJob() throws {
        receiver.state.withLock { $0.refusal = .with { ($0.code, $0.message) = (.quotaExceeded, "too much") } }
        let writer = writer()
        try writer.add(try text("a", "1"), isStopped: { false })
        #expect(throws: StoreWriteError.self) { try writer.finish(isStopped: { false }) }
        #expect(writer.refusal?.message == "too much")
        #expect(throws: StoreWriteError.self) { try writer.add(try text("b", "2"), isStopped: { false }) }
        #expect(receiver.state.withLock { $0.uploads.count } == 1, "nothing follows")
        var result = WireJobResult.with { ($0.outcome, $0.value) = (.ok, Data("x".utf8)) }
        result.refuseUpload(try #require(writer.refusal))
        #expect(result.outcome == .resultTooLarge && result.value.isEmpty && result.failure.kind == "closure-refused")
    }

    @Test func filesThatChangedAreNotSentAsAnothers() throws {
        let source = try source(1)
        let other = try self.source(2)
        let writer = writer()
        try writer.add(StoreAddition(path: source.path, address: source.address, other.object), isStopped: { false })
        #expect(throws: StoreWriteError.self) { try writer.finish(isStopped: { false }) }
    }

    @Test func aWaitEndsWhenTheJobIsStopped() throws {
        receiver.state.withLock { $0.isSilent = true }
        let writer = writer()
        try writer.add(try text("a", "1"), isStopped: { false })
        var polls = 0
        do throws(StoreWriteError) {
            try writer.finish {
                polls += 1
                return polls > 3
            }
            Issue.record("nothing was answered")
        } catch {
            #expect(error.isStopped && polls == 4)
        }
    }

    @Test func whatIsOnItsWayIsBounded() throws {
        receiver.state.withLock { $0.isSilent = true }
        let channel = receiver.channel(windowBytes: 2_000)
        let object = name(try text("a", ""))
        let segment = WireUpload.OneOf_Content.segment(
            .with {
                $0.pieces = [
                    .with {
                        $0.name = object
                        $0.bytes = Data(repeating: 0, count: 700)
                    }
                ]
            })
        for number in 0..<2 { #expect(try channel.send(segment, isStopped: { true }) == UInt32(number)) }
        #expect(throws: StoreWriteError.self) { try channel.send(segment, isStopped: { true }) }
        channel.deliver(.with { $0.stored = 1 })
        #expect(try channel.send(segment, isStopped: { true }) == 2)
        channel.deliver(.with { $0.stored = 3 })
        try channel.drain(isStopped: { true })
    }
}

/// Uploads in the worker's state machine.
@Suite struct UploadStateTests {
    private let key = LeaseKey(job: 7, attempt: 1)

    private func ready() -> WorkerStateMachine {
        var machine = WorkerStateMachine(WorkerProfile(hello: .with { $0.name = "w" }), now: 0)
        greet(&machine)
        _ = machine.receive(
            Envelope(
                WorkerCommand.dispatch(.with { $0.assignments = [.with { ($0.job, $0.attempt) = (7, 1) }] })
            ).frames(), now: 0)
        return machine
    }

    private func greet(_ machine: inout WorkerStateMachine) {
        _ = machine.handle(.handshakeSucceeded, now: 0)
        _ = machine.receive(
            Envelope(WorkerCommand.welcome(.with { ($0.heartbeatMs, $0.uploadWindowBytes) = (1_000, 1 << 20) }))
                .frames(),
            now: 0)
    }

    private func messages(_ numbers: Range<UInt32>) -> [[[UInt8]]] {
        numbers.map { number in
            Envelope(WorkerMessage.upload(.with { ($0.job, $0.attempt, $0.number) = (7, 1, number) })).frames()
        }
    }

    private func sent(_ machine: inout WorkerStateMachine) throws -> [UInt32] {
        var numbers: [UInt32] = []
        while let frames = machine.nextBulk() {
            guard case .upload(let upload) = try Envelope<WorkerMessage>(frames: frames).content else { continue }
            numbers.append(upload.number)
        }
        return numbers
    }

    private func reply(stored: UInt32) -> [[UInt8]] {
        Envelope(WorkerCommand.uploadReply(.with { ($0.job, $0.attempt, $0.stored) = (7, 1, stored) })).frames()
    }

    @Test func theyAreKeptUntilTheyAreStored() throws {
        var machine = ready()
        #expect(machine.uploadWindowBytes == 1 << 20)
        machine.upload(key, messages(0..<3))
        #expect(try sent(&machine) == [0, 1, 2])
        #expect(try sent(&machine) == [])
        let actions = machine.receive(reply(stored: 2), now: 1)
        #expect(actions.contains { if case .uploadReply(key, _) = $0 { true } else { false } })
        machine.upload(key, messages(3..<4))
        _ = machine.handle(.disconnected, now: 2)
        #expect(try sent(&machine) == [])
        greet(&machine)
        #expect(try sent(&machine) == [2, 3], "those that may be lost are sent again")
    }

    @Test func theyEndWithTheLease() throws {
        var machine = ready()
        machine.upload(key, messages(0..<2))
        _ = machine.receive(
            Envelope(WorkerCommand.stale(.with { $0.leases = [.with { ($0.job, $0.attempt) = (7, 1) }] })).frames(),
            now: 1)
        #expect(try sent(&machine) == [])
        machine.upload(key, messages(2..<3))
        #expect(try sent(&machine) == [], "the evaluator has not stopped yet")
        #expect(machine.receive(reply(stored: 3), now: 2).count == 1, "its channel hears what it waits for")
        machine.completed(key, WireJobResult(), now: 3)
        #expect(machine.receive(reply(stored: 3), now: 4).isEmpty)
    }

    @Test func whatIsLeftOfAFailedJobIsDropped() throws {
        var machine = ready()
        machine.upload(key, messages(0..<2))
        machine.completed(key, .with { $0.outcome = .evalError }, now: 1)
        #expect(try sent(&machine) == [])
    }
}
