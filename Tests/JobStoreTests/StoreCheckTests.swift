import Foundation
import GRDB
import Testing

@testable import JobStore

/// Whether damage is found, and a backup is a store from which a coordinator can go on.
@Suite struct StoreCheckTests {
    let place = StoreDirectory()
    let first = JobID(rawValue: 1)
    let second = JobID(rawValue: 2)

    /// A store with a finished job with value and trace, a leased one and one that waits, and store objects.
    private func fill() throws {
        let store = try place.open()
        var job = NewJob.sample("1", key: "k")
        job.closure = .own
        var outcome = NewOutcome.sample()
        outcome.value = Data(repeating: 7, count: 100_000)
        outcome.traceSegments = 1
        _ = try store.apply([
            .insert(job), .insert(.sample("2")), .insert(.sample("3", tenant: "red")),
            .lease(first, attempt: 1, worker: "w", at: 1, begins: true),
            .lose(first, attempt: 1, worker: "w", cause: "killed", at: 2),
            .lease(first, attempt: 2, worker: "w", at: 3, begins: true), .finish(first, attempt: 2, outcome),
            .lease(second, attempt: 1, worker: "w", at: 4, begins: true),
        ])
        store.appendTraces([TraceSegment(job: first, attempt: 2, number: 0, bytes: Data("trace".utf8))]) { _ in }
        let object = ObjectBytes(name: Data("o".utf8), bytes: Data("object".utf8), length: 6)
        store.upload(.append([object]), job: first, attempt: 2) { _ in }
        try store.close()
    }

    /// Changes rows without the rules that hold for a coordinator's connection.
    private func change(_ sql: String) throws {
        let database = try DatabaseQueue(path: "\(place.path)/jobs.sqlite")
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA foreign_keys = OFF; \(sql)") }
        try database.close()
    }

    @Test func aSoundStoreHasNoFaults() throws {
        try fill()
        let report = try JobStore.check(directory: place.path)
        #expect(report == StoreReport(jobs: 3, finished: 1, traceFiles: 1, objectFiles: 1))
        // Also while a coordinator uses it.
        let store = try place.open()
        #expect(try JobStore.check(directory: place.path).faults.isEmpty)
        try store.close()
    }

    @Test(arguments: [
        ("UPDATE job SET tenant = 77 WHERE id = 1", "unknown tenant"),
        ("UPDATE totals SET nextJob = 2", "still to be given"),
        ("UPDATE tenant SET nextNumber = 1 WHERE name = 'blue'", "number that is still to be given"),
        ("DELETE FROM job WHERE id = 2", "leases of unknown jobs"),
        ("DELETE FROM job WHERE id = 1", "outcomes of unknown jobs"),
        ("UPDATE lease SET held = 2 WHERE job = 2", "neither held nor free"),
        ("UPDATE lease SET attempt = 3 WHERE job = 1", "attempt that does not hold the lease"),
        ("UPDATE lease SET held = 0 WHERE job = 1", "attempt that does not hold the lease"),
        ("UPDATE loss SET attempt = 9", "never leased"),
        ("INSERT INTO value VALUES (3, x'00')", "values without an outcome"),
        ("UPDATE value SET bytes = x'00'", "another size"),
        ("UPDATE outcome SET body = x'0000'", "another size"),
        ("UPDATE jobRun SET run = 5", "unknown run"),
        ("UPDATE totals SET finished = 0", "finished jobs"),
        ("UPDATE totals SET resultBytes = 1", "bytes of results"),
        ("UPDATE totals SET traceBytes = 1", "bytes of traces"),
        ("UPDATE totals SET objectBytes = 1", "bytes of store objects"),
    ])
    func rowsThatContradictEachOtherAreRefused(sql: String, fault: String) throws {
        try fill()
        try change(sql)
        let faults = try JobStore.check(directory: place.path).faults
        #expect(faults.contains { $0.contains(fault) }, "\(faults)")
        #expect(throws: JobStoreError.damaged(path: place.path, faults: faults)) { _ = try place.open() }
    }

    /// Whatever page is overwritten or cut off, the store is refused, or the page had nothing.
    @Test(arguments: 0..<40) func pagesThatAreDamagedAreRefused(page: Int) throws {
        try fill()
        try change("PRAGMA wal_checkpoint(TRUNCATE)")
        let path = "\(place.path)/jobs.sqlite"
        var bytes = try #require(FileManager.default.contents(atPath: path))
        let start = page * 4096
        guard start < bytes.count else { return }
        for index in start..<start + 4096 { bytes[index] = UInt8(truncatingIfNeeded: index &* 31 &+ 7) }
        try bytes.write(to: URL(filePath: path))
        #expect(try !JobStore.check(directory: place.path).faults.isEmpty)
        #expect(throws: JobStoreError.self) { _ = try place.open() }
        try bytes.prefix(start + 100).write(to: URL(filePath: path))
        #expect(throws: JobStoreError.self) { _ = try place.open() }
    }

    @Test func aMissingFileOfObjectsIsAFaultAndThatOfATraceIsNone() throws {
        try fill()
        try FileManager.default.removeItem(atPath: "\(place.path)/traces/0/1-2.trace")
        var report = try JobStore.check(directory: place.path)
        #expect(report.faults.isEmpty && report.notes.count == 1)
        let file = "\(place.path)/objects/1/1-2"
        try Data("obj".utf8).write(to: URL(filePath: file))
        report = try JobStore.check(directory: place.path)
        #expect(report.faults == ["objects/1/1-2 has fewer than 6 bytes: objects of job 1 are lost"])
    }

    @Test func aDirectoryWithoutAStoreIsNamed() throws {
        #expect(throws: JobStoreError.self) { _ = try JobStore.check(directory: place.path) }
        #expect(throws: JobStoreError.self) { _ = try JobStore.backUp(place.path, to: place.path + "-backup") }
    }

    @Test func aBackupOfAStoreInUseIsAStore() throws {
        try fill()
        let store = try place.open()
        let copy = StoreDirectory()
        let report = try JobStore.backUp(place.path, to: copy.path)
        #expect(report == BackupReport(jobs: 3, files: 2, bytes: 11))
        #expect(try JobStore.check(directory: copy.path).faults.isEmpty)
        // The original goes on.
        #expect(try store.apply([.insert(.sample("4"))]) == [.inserted(JobID(rawValue: 4), number: 3)])
        try store.close()

        let restored = try copy.open()
        let record = try #require(try restored.job(.id(first)))
        #expect(record.summary.state == .finished(code: 1) && record.lost.count == 1)
        #expect(try restored.value(of: first, from: 0, count: 10)?.size == 100_000)
        #expect(try restored.traceSegment(job: first, attempt: 2, number: 0) == Data("trace".utf8))
        #expect(try restored.object(Data("o".utf8), of: first, from: 0, count: 9)?.part == Data("object".utf8))
        #expect(try restored.openJobs().map(\.id) == [second, JobID(rawValue: 3)])
        try restored.close()
    }

    /// What the original gave after the backup must not be given again, or a worker's result of one job could be
    /// published as that of another.
    @Test func aRestoredStoreGivesNothingThatItsOriginalGave() throws {
        try fill()
        let copy = StoreDirectory()
        _ = try JobStore.backUp(place.path, to: copy.path)
        let store = try place.open()
        let given = try store.apply([
            .insert(.sample("4")), .requeue(second, attempt: 1),
            .lease(second, attempt: 2, worker: "w", at: 9, begins: true),
        ])
        #expect(given == [.inserted(JobID(rawValue: 4), number: 3), .applied, .applied])
        let restored = try copy.open()
        let open = try #require(try restored.openJobs().first { $0.id == second })
        #expect(open.holder == nil && open.attempt == 1 + JobStore.backupAttempts)
        // The original's lease and result mean nothing here.
        #expect(try restored.apply([.finish(second, attempt: 2, .sample())]) == [.refused])
        guard case .inserted(let id, let number) = try restored.apply([.insert(.sample("5"))])[0] else {
            return #expect(Bool(false))
        }
        #expect(id.rawValue == 4 + JobStore.backupNumbers && number == 3 + JobStore.backupNumbers)
        try restored.close()
        try store.close()
    }

    @Test func aBackupReplacesNothing() throws {
        try fill()
        #expect(throws: JobStoreError.self) { _ = try JobStore.backUp(place.path, to: place.path) }
    }
}
