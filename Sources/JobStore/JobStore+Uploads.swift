import Foundation
import GRDB

extension JobStore {
    /// Applies an operation of an attempt. `done` is called on the store's object queue, with the names of an offer that
    /// are complete. Calls are served in order, independently of batches.
    ///
    /// Nothing of a failed operation can be found later, but the attempt's file may have bytes of it: the attempt is to
    /// be discarded.
    public func upload(
        _ operation: UploadOperation, job: JobID, attempt: Int64,
        done: @escaping @Sendable (Result<Set<Data>, JobStoreError>) -> Void
    ) {
        objectQueue.async { [self] in
            do {
                let run = try reading { database in
                    try Int64.fetchOne(
                        try database.cachedStatement(sql: "SELECT run FROM jobRun WHERE job = ?"),
                        arguments: [job.rawValue])
                }
                guard let run else {
                    throw JobStoreError.unusable(
                        path: "\(objects.directory)", reason: "the objects of job \(job) are not kept any more")
                }
                done(.success(try apply(operation, UploadPlace(run: run, job: job, attempt: attempt))))
            } catch {
                done(.failure(JobStoreError(error)))
            }
        }
    }

    private func apply(_ operation: UploadOperation, _ place: UploadPlace) throws -> Set<Data> {
        switch operation {
        case .offer(let list, let number, let names):
            if let list { try keep(list, number, place) }
            return try known(names, in: place.run)
        case .append(let pieces):
            try append(pieces, place)
            return []
        case .discard:
            try discard(place)
            return []
        }
    }

    private func keep(_ list: Data, _ number: Int64, _ place: UploadPlace) throws {
        let start = try objects.append(
            [list], isDurable: true, run: place.run, job: place.job, attempt: place.attempt)
        try pool.write { database in
            try place.count(Int64(list.count), in: database)
            // An attempt that was taken over by another start of the coordinator sends its lists again.
            try database.cachedStatement(
                sql: "INSERT OR REPLACE INTO closurePart (job, attempt, number, start, length) VALUES (?, ?, ?, ?, ?)"
            ).execute(arguments: [place.job.rawValue, place.attempt, number, start, Int64(list.count)])
        }
    }

    private func known(_ names: [Data], in run: Int64) throws -> Set<Data> {
        try reading { database in
            let statement = try database.cachedStatement(sql: "SELECT 1 FROM object WHERE run = ? AND name = ?")
            var known: Set<Data> = []
            for name in names where try Int64.fetchOne(statement, arguments: [run, name]) != nil { known.insert(name) }
            return known
        }
    }

    private func append(_ pieces: [ObjectBytes], _ place: UploadPlace) throws {
        let completes = pieces.contains { $0.length != nil }
        var end = try objects.append(
            pieces.map(\.bytes), isDurable: completes, run: place.run, job: place.job, attempt: place.attempt)
        guard completes else { return }
        try pool.write { database in
            let statement = try database.cachedStatement(
                sql: "INSERT OR IGNORE INTO object (run, name, job, attempt, start, length) VALUES (?, ?, ?, ?, ?, ?)")
            var added: Int64 = 0
            for piece in pieces {
                end += Int64(piece.bytes.count)
                guard let length = piece.length else { continue }
                try statement.execute(arguments: [
                    place.run, piece.name, place.job.rawValue, place.attempt, end - length, length,
                ])
                if database.changesCount > 0 { added += length }
            }
            try place.count(added, in: database)
        }
    }

    private func discard(_ place: UploadPlace) throws {
        // The room is given back before the database needs some, which may be what lacks.
        let length = try reading { database in
            try Int64.fetchOne(
                database, sql: "SELECT max(start + length) FROM object WHERE run = ? AND job = ? AND attempt = ?",
                arguments: [place.run, place.job.rawValue, place.attempt])
        }
        objects.truncate(run: place.run, job: place.job, attempt: place.attempt, to: length ?? 0)
        try pool.write { database in
            let lists = try Int64.fetchOne(
                database, sql: "SELECT sum(length) FROM closurePart WHERE job = ? AND attempt = ?",
                arguments: [place.job.rawValue, place.attempt])
            try database.execute(
                sql: "DELETE FROM closurePart WHERE job = ? AND attempt = ?",
                arguments: [place.job.rawValue, place.attempt])
            try place.count(-(lists ?? 0), in: database)
        }
    }
}

/// The attempt that uploads, and the run of its job.
struct UploadPlace {
    let run: Int64
    let job: JobID
    let attempt: Int64

    /// Adds bytes to the sums of the run and of the store.
    func count(_ bytes: Int64, in database: Database) throws {
        var totals = try StoreTotals.read(database)
        totals.objectBytes += bytes
        try totals.write(database)
        try database.cachedStatement(sql: "UPDATE closureRun SET bytes = bytes + ? WHERE id = ?")
            .execute(arguments: [bytes, run])
    }
}
