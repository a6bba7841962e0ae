import Foundation
import GRDB
import Testing

@testable import JobStore

@Suite struct JobStoreTests {
    let place = StoreDirectory()

    @Test func numbersJobsFromOneAndKeepsTheirBodies() throws {
        let store = try place.open()
        let replies = try store.apply([.insert(.sample("a")), .insert(.sample("b"))])
        #expect(replies == [.inserted(JobID(rawValue: 1), number: 1), .inserted(JobID(rawValue: 2), number: 2)])
        #expect(try store.openJobs().map(\.job.body) == [Data("a".utf8), Data("b".utf8)])
        let record = try #require(try store.job(.id(JobID(rawValue: 2))))
        #expect(record.summary.state == .queued)
        #expect(record.outcome == nil)
        #expect(try store.job(.id(JobID(rawValue: 3))) == nil)
    }

    @Test func aFileThatIsNoDatabaseIsNamed() throws {
        try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
        try Data("not a database, whatever its name says".utf8).write(to: URL(filePath: "\(place.path)/jobs.sqlite"))
        let faults = ["jobs.sqlite: file is not a database"]
        #expect(throws: JobStoreError.damaged(path: place.path, faults: faults)) {
            _ = try place.open()
        }
    }

    @Test func aDatabaseOfANewerVersionIsLeftAlone() throws {
        let store = try place.open()
        try store.pool.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('999-later')") }
        try store.close()
        #expect(throws: JobStoreError.newerSchema(path: place.path)) { _ = try place.open() }
    }

    @Test func idempotencyKeyGivesTheFirstJobOfTheTenant() throws {
        let store = try place.open()
        let first = JobID(rawValue: 1)
        #expect(try store.apply([.insert(.sample(key: "k"))]) == [.inserted(first, number: 1)])
        let again = try store.apply([
            .insert(.sample("other", key: "k")), .insert(.sample(key: "k")), .insert(.sample(tenant: "red", key: "k")),
            .insert(.sample()),
        ])
        #expect(
            again == [
                .exists(first, number: 1, finished: false, sameBody: false),
                .exists(first, number: 1, finished: false, sameBody: true),
                .inserted(JobID(rawValue: 2), number: 1), .inserted(JobID(rawValue: 3), number: 2),
            ])
        try finish(store, first, attempt: 1)
        #expect(
            try store.apply([.insert(.sample(key: "k"))])
                == [.exists(first, number: 1, finished: true, sameBody: true)])
    }

    @Test func onlyTheCurrentAttemptFinishesAndOnlyOnce() throws {
        let store = try place.open()
        let job = JobID(rawValue: 1)
        let replies = try store.apply([
            .insert(.sample()),
            .finish(job, attempt: 1, .sample()),
            .lease(job, attempt: 1, worker: "w1", at: 1, begins: true),
            .requeue(job, attempt: 1),
            .finish(job, attempt: 1, .sample()),
            .lease(job, attempt: 1, worker: "w1", at: 1, begins: true),
            .lease(job, attempt: 2, worker: "w2", at: 2, begins: true),
            .finish(job, attempt: 1, .sample("stale")),
            .finish(job, attempt: 2, .sample("good")),
            .finish(job, attempt: 2, .sample("twice")),
            .conclude(job, .sample("thrice")),
            .lease(job, attempt: 3, worker: "w3", at: 3, begins: true),
            .requeue(job, attempt: 2),
        ])
        #expect(
            replies == [
                .inserted(job, number: 1), .refused, .applied, .applied, .refused, .refused, .applied, .refused,
                .applied,
                .repeated, .refused, .refused, .refused,
            ])
        #expect(try store.outcomes(of: [job]) == [job: Data("good".utf8)])
        #expect(try store.openJobs().isEmpty)
    }

    @Test func unknownJobsAreRefused() throws {
        let store = try place.open()
        let job = JobID(rawValue: 9)
        let replies = try store.apply([
            .lease(job, attempt: 1, worker: "w", at: 1, begins: true), .finish(job, attempt: 1, .sample()),
            .conclude(job, .sample()), .lose(job, attempt: 1, worker: "w", cause: "gone", at: 1),
            .requeue(job, attempt: 1),
        ])
        #expect(replies == [.refused, .refused, .refused, .refused, .refused])
    }

    @Test func lostWorkersAreKeptWithTheirCauses() throws {
        let store = try place.open()
        let job = JobID(rawValue: 1)
        _ = try store.apply([.insert(.sample())])
        for attempt: Int64 in 1...3 {
            let replies = try store.apply([
                .lease(job, attempt: attempt, worker: "w\(attempt)", at: 5, begins: true),
                .lose(job, attempt: attempt, worker: "w\(attempt)", cause: "connection lost", at: 6),
            ])
            #expect(replies == [.applied, .applied])
        }
        #expect(try store.apply([.conclude(job, .sample("quarantined", code: 9))]) == [.applied])
        let record = try #require(try store.job(.id(job)))
        #expect(record.lost.map(\.worker) == ["w1", "w2", "w3"])
        #expect(record.lost.allSatisfy { $0.cause == "connection lost" && $0.at == 6 })
        #expect(record.summary.state == .finished(code: 9))
    }

    @Test func reopeningFindsOpenJobsWithTheirLeases() throws {
        var store = try place.open()
        _ = try store.apply([
            .insert(.sample("queued")), .insert(.sample("running", key: "k")), .insert(.sample("done")),
            .insert(.sample("lost")),
            .lease(JobID(rawValue: 2), attempt: 1, worker: "w1", at: 4, begins: true),
            .lease(JobID(rawValue: 3), attempt: 1, worker: "w1", at: 4, begins: true),
            .lease(JobID(rawValue: 4), attempt: 1, worker: "w2", at: 4, begins: true),
            .finish(JobID(rawValue: 3), attempt: 1, .sample()),
            .lose(JobID(rawValue: 4), attempt: 1, worker: "w2", cause: "killed", at: 5),
        ])
        try close(&store)
        let open = try store.openJobs()
        #expect(open.map(\.id.rawValue) == [1, 2, 4])
        #expect(open.map(\.holder) == [nil, "w1", nil])
        #expect(open.map(\.attempt) == [0, 1, 1])
        #expect(open[1].job.idempotencyKey == Data("k".utf8))
        #expect(open[2].lost == [LostWorker(attempt: 1, worker: "w2", cause: "killed", at: 5)])
        #expect(try store.apply([.insert(.sample())]) == [.inserted(JobID(rawValue: 5), number: 5)])
    }

    @Test func aSecondOwnerIsRefused() throws {
        let store = try place.open()
        #expect(throws: JobStoreError.locked(path: place.path)) { try place.open() }
        #expect(try store.apply([]).isEmpty)
    }

    @Test func aDirectoryThatCannotBeMadeIsNamedWithTheReason() {
        let error = #expect(throws: JobStoreError.self) { try JobStore(directory: "/dev/null/store") }
        #expect(error?.description == "cannot use /dev/null/store: Not a directory")
    }

    @Test func commitsAreFlushedToDisk() throws {
        let store = try place.open()
        let modes = try store.pool.writeWithoutTransaction { database in
            (
                try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                try String.fetchOne(database, sql: "PRAGMA journal_mode")
            )
        }
        #expect(modes.0 == 2)
        #expect(modes.1 == "wal")
    }

    @Test func listsNewestFirstByTenantStateAndCursor() throws {
        let store = try place.open()
        _ = try store.apply((1...6).map { .insert(.sample(tenant: $0 % 2 == 0 ? "even" : "odd")) })
        _ = try store.apply([.lease(JobID(rawValue: 4), attempt: 1, worker: "w", at: 1, begins: true)])
        try finish(store, JobID(rawValue: 2), attempt: 1)
        #expect(try store.jobs(JobFilter()).map(\.id.rawValue) == [6, 5, 4, 3, 2, 1])
        #expect(try store.jobs(JobFilter(tenant: "even")).map(\.state) == [.queued, .running, .finished(code: 1)])
        #expect(try store.jobs(JobFilter(states: [.running, .finished])).map(\.id.rawValue) == [4, 2])
        #expect(try store.jobs(JobFilter(before: .id(JobID(rawValue: 4)), limit: 2)).map(\.id.rawValue) == [3, 2])
        let before = JobKey.number(3, tenant: "even")
        #expect(try store.jobs(JobFilter(tenant: "even", before: before)).map(\.number) == [2, 1])
        #expect(try store.jobs(JobFilter(tenant: "odd", before: .id(JobID(rawValue: 5)))).map(\.number) == [2, 1])
        #expect(try store.jobs(JobFilter(tenant: "nobody")).isEmpty)
    }

    @Test func aHeldJobIsNoRunningOneUntilItBegins() throws {
        var store = try place.open()
        let (held, begun, over) = (JobID(rawValue: 1), JobID(rawValue: 2), JobID(rawValue: 3))
        let replies = try store.apply([
            .insert(.sample()), .insert(.sample()), .insert(.sample()),
            .lease(held, attempt: 1, worker: "w", at: 5, begins: false),
            .lease(begun, attempt: 1, worker: "w", at: 5, begins: false),
            .lease(over, attempt: 1, worker: "w", at: 5, begins: false),
            .begin(begun, attempt: 1, at: 7), .begin(begun, attempt: 2, at: 7), .requeue(over, attempt: 1),
            .begin(over, attempt: 1, at: 7),
        ])
        #expect(replies.suffix(4) == [.applied, .refused, .applied, .refused])
        #expect(try store.jobs(JobFilter()).map(\.state) == [.queued, .running, .held])
        #expect(try store.jobs(JobFilter()).map(\.started) == [5, 7, 5])
        #expect(try store.jobs(JobFilter(states: [.held])).map(\.id) == [held])
        #expect(try store.jobs(JobFilter(states: [.running])).map(\.id) == [begun])
        try close(&store)
        #expect(try store.openJobs().map(\.hasBegun) == [false, true, false])
        // The new attempt has not begun just because the previous one had.
        _ = try store.apply([
            .requeue(begun, attempt: 1), .lease(begun, attempt: 2, worker: "w", at: 9, begins: false),
        ])
        #expect(try store.job(.id(begun))?.summary.state == .held)
    }

    /// It is unknown whether leases of a store of the first version had begun.
    @Test func aStoreOfTheFirstVersionIsBroughtUpToDate() throws {
        try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
        let pool = try DatabasePool(path: "\(place.path)/jobs.sqlite")
        try JobStoreSchema.migrator.migrate(pool, upTo: "1-jobs")
        try pool.write { database in
            try database.execute(
                sql: """
                    INSERT INTO tenant VALUES (1, 'blue');
                    INSERT INTO job VALUES (1, 1, 0, 1000, 0, 0, NULL, '', x'31');
                    INSERT INTO lease VALUES (1, 3, 1, 2000, 'w');
                    UPDATE totals SET nextJob = 2;
                    """)
        }
        try pool.close()
        let open = try place.open().openJobs()
        #expect(open.map(\.attempt) == [3] && open.map(\.holder) == ["w"] && open.map(\.hasBegun) == [false])
    }

    @Test func delayedJobsAndOutcomesCanBeListed() throws {
        let store = try place.open()
        var late = NewJob.sample()
        late.notBefore = 5000
        late.label = "late"
        _ = try store.apply([.insert(late), .insert(.sample()), .conclude(JobID(rawValue: 2), .sample(code: 7))])
        let delayed = try store.jobs(JobFilter(states: [.delayed], now: 4999))
        #expect(delayed.map(\.label) == ["late"])
        #expect(try store.jobs(JobFilter(states: [.queued], now: 5000)).map(\.label) == ["late"])
        #expect(try store.jobs(JobFilter(code: 7)).map(\.id.rawValue) == [2])
        #expect(try store.jobs(JobFilter(code: 8)).isEmpty)
    }

    @Test func probesSeeOnlyTheTenantsJobs() throws {
        let store = try place.open()
        let job = JobID(rawValue: 1)
        let replies = try store.apply([
            .probe(.id(job)), .insert(.sample(tenant: "blue")), .probe(.number(1, tenant: "blue")),
            .probe(.number(1, tenant: "red")), .conclude(job, .sample()), .probe(.id(job)),
        ])
        #expect(
            replies == [
                .standing(.unknown), .inserted(job, number: 1), .standing(.open), .standing(.unknown), .applied,
                .standing(.finished(code: 1)),
            ])
    }

    @Test func largeValuesAreReadInParts() throws {
        let store = try place.open()
        let job = JobID(rawValue: 1)
        var outcome = NewOutcome.sample()
        outcome.value = Data("0123456789".utf8)
        _ = try store.apply([.insert(.sample()), .conclude(job, outcome)])
        let part = try #require(try store.value(of: job, from: 7, count: 5))
        #expect(part.part == Data("789".utf8))
        #expect(part.size == 10)
        #expect(try store.value(of: job, from: 2, count: 3)?.part == Data("234".utf8))
        #expect(try store.value(of: job, from: 10, count: 5)?.part == Data())
        #expect(try store.value(of: job, from: .max, count: .max)?.part == Data())
        #expect(try store.value(of: job, from: .min, count: .max)?.part == Data("0123456789".utf8))
        #expect(try store.value(of: JobID(rawValue: 2), from: 0, count: 5) == nil)
    }

    /// A number that counts all jobs would tell each tenant how many the others have.
    @Test func everyTenantCountsItsOwnJobs() throws {
        var store = try place.open()
        let first = try store.apply(["red", "blue", "red"].map { .insert(.sample(tenant: $0)) })
        #expect(
            first == [
                .inserted(JobID(rawValue: 1), number: 1), .inserted(JobID(rawValue: 2), number: 1),
                .inserted(JobID(rawValue: 3), number: 2),
            ])
        try close(&store)
        #expect(
            try store.apply([.insert(.sample(tenant: "blue"))]) == [.inserted(JobID(rawValue: 4), number: 2)])
        #expect(try store.job(.number(2, tenant: "blue"))?.summary.id == JobID(rawValue: 4))
        #expect(try store.job(.number(3, tenant: "blue")) == nil)
        #expect(try store.openJobs().map(\.number) == [1, 1, 2, 2])
    }

    /// Tenants know the jobs of an older store by their ids. Those stay valid, and later numbers are above them.
    @Test func jobsOfAnOlderStoreKeepTheirNumbers() throws {
        var store = try place.open()
        _ = try store.apply(["red", "blue", "red"].map { .insert(.sample(tenant: $0)) })
        try store.pool.write { database in
            try database.execute(
                sql: """
                    DROP INDEX jobNumber;
                    ALTER TABLE job DROP COLUMN number;
                    ALTER TABLE tenant DROP COLUMN nextNumber;
                    CREATE INDEX jobTenant ON job(tenant, id);
                    DELETE FROM grdb_migrations WHERE identifier = '3-numbers';
                    """)
        }
        try close(&store)
        #expect(try store.job(.number(2, tenant: "blue"))?.summary.id == JobID(rawValue: 2))
        let next = try store.apply([.insert(.sample(tenant: "blue"))])
        #expect(next == [.inserted(JobID(rawValue: 4), number: 4)])
    }

    private func finish(_ store: JobStore, _ job: JobID, attempt: Int64) throws {
        let replies = try store.apply([
            .lease(job, attempt: attempt, worker: "w", at: 1, begins: true), .finish(job, attempt: attempt, .sample()),
        ])
        #expect(replies == [.applied, .applied])
    }

    private func close(_ store: inout JobStore) throws {
        try store.close()
        store = try place.open()
    }
}
