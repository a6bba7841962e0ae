import Foundation

/// The files of trace segments, `traces/<job / 1000>/<job>-<attempt>.trace`, which are only appended to.
///
/// They are not flushed before their index rows are committed: a trace is secondary, and one that lost its end in a
/// crash is reported as partial. The files are written on a queue of their own, so that bulk data never delays a
/// commit.
struct TraceFiles: Sendable {
    let directory: String

    func path(job: JobID, attempt: Int64) -> String {
        "\(folder(job))/\(job)-\(attempt).trace"
    }

    private func folder(_ job: JobID) -> String {
        "\(directory)/\(job.rawValue / 1000)"
    }

    /// Appends the bytes and returns the offset at which they start.
    func append(_ bytes: Data, job: JobID, attempt: Int64) throws -> Int64 {
        let path = path(job: job, attempt: attempt)
        if !FileManager.default.fileExists(atPath: path) {
            try FileManager.default.createDirectory(atPath: folder(job), withIntermediateDirectories: true)
            guard FileManager.default.createFile(atPath: path, contents: nil) else {
                throw JobStoreError.unusable(path: path, reason: "cannot be made")
            }
        }
        guard let file = FileHandle(forWritingAtPath: path) else {
            throw JobStoreError.unusable(path: path, reason: "cannot be opened for writing")
        }
        defer { try? file.close() }
        let start = try file.seekToEnd()
        do { try file.write(contentsOf: bytes) } catch {
            throw JobStoreError.unusable(path: path, reason: JobStoreError.reason(error))
        }
        return Int64(clamping: start)
    }

    /// The bytes of a segment; nil if the file is missing or shorter than the index says.
    func read(job: JobID, attempt: Int64, start: Int64, length: Int64) -> Data? {
        guard start >= 0, length >= 0, length <= 1 << 31,
            let file = FileHandle(forReadingAtPath: path(job: job, attempt: attempt))
        else { return nil }
        defer { try? file.close() }
        guard (try? file.seek(toOffset: UInt64(start))) != nil else { return nil }
        let bytes = (try? file.read(upToCount: Int(length))) ?? Data()
        return bytes.count == Int(length) ? bytes : nil
    }

    func remove(job: JobID, attempt: Int64) {
        try? FileManager.default.removeItem(atPath: path(job: job, attempt: attempt))
    }
}
