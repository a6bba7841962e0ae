import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The files of uploaded store objects, `objects/<run>/<job>-<attempt>`, which are only appended to. Only what the index
/// names is a complete object; the end of a file may be the beginning of one.
struct ObjectFiles: Sendable {
    let directory: String

    func path(run: Int64, job: JobID, attempt: Int64) -> String { "\(folder(run))/\(job)-\(attempt)" }

    private func folder(_ run: Int64) -> String { "\(directory)/\(run)" }

    /// Appends the pieces.
    ///
    /// - Parameter isDurable: whether the bytes are to be on disk on return, because an index entry will name them.
    /// - Returns: the offset at which they start.
    func append(
        _ pieces: [Data], isDurable: Bool, run: Int64, job: JobID, attempt: Int64
    ) throws(JobStoreError) -> Int64 {
        let path = path(run: run, job: job, attempt: attempt)
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
        var file = unsafe open(path, flags, 0o600)
        if file < 0, errno == ENOENT {
            unsafe mkdir(folder(run), 0o700)
            file = unsafe open(path, flags, 0o600)
        }
        guard file >= 0 else { throw .unusable(path: path, reason: String(errno: errno)) }
        defer { close(file) }
        let start = lseek(file, 0, SEEK_END)
        guard start >= 0 else { throw .unusable(path: path, reason: String(errno: errno)) }
        var code: Int32 = 0
        for piece in pieces where code == 0 { code = Self.write(piece, to: file) }
        if code == 0, isDurable, fdatasync(file) != 0 { code = errno }
        guard code == 0 else {
            // The room is given back at once: on a full disk the database could not even note that the job failed.
            ftruncate(file, start)
            throw .unusable(path: path, reason: String(errno: code))
        }
        return Int64(start)
    }

    /// Writes all bytes. The result is 0, or the number of the system's error.
    private static func write(_ bytes: Data, to file: Int32) -> Int32 {
        unsafe bytes.withUnsafeBytes { buffer in
            var start = 0
            while start < buffer.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[start...])
                let count = unsafe Glibc.write(file, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return count < 0 ? errno : EIO }
                start += count
            }
            return 0
        }
    }

    /// A part of what is at `start`; nil if the file is missing or shorter than the index says.
    func read(run: Int64, job: JobID, attempt: Int64, start: Int64, count: Int) -> Data? {
        let file = unsafe open(path(run: run, job: job, attempt: attempt), O_RDONLY | O_CLOEXEC)
        guard file >= 0, start >= 0, count >= 0 else { return nil }
        defer { close(file) }
        var bytes = Data(count: count)
        let isWhole = unsafe bytes.withUnsafeMutableBytes { buffer in
            var done = 0
            while done < count {
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                let read = unsafe pread(file, rest.baseAddress, rest.count, off_t(start) + off_t(done))
                if read < 0, errno == EINTR { continue }
                guard read > 0 else { return false }
                done += read
            }
            return true
        }
        return isWhole ? bytes : nil
    }

    /// Cuts the file behind its last complete object.
    func truncate(run: Int64, job: JobID, attempt: Int64, to length: Int64) {
        let path = path(run: run, job: job, attempt: attempt)
        if length == 0 { unsafe unlink(path) } else { unsafe Glibc.truncate(path, off_t(length)) }
    }

    /// Removes all files of a run.
    func remove(run: Int64) { try? FileManager.default.removeItem(atPath: folder(run)) }
}
