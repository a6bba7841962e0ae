import Glibc

extension DescriptorHandle {
    /// The contents of the open file, which must be a regular one. Errors refer to `path`.
    func contents(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8] {
        let action = "reading from file"
        let status = try EvalIOError.wrapping(path, action) { () throws(SystemError) in try self.status() }
        if status.fileType != .regular { throw EvalIOError(.notARegularFile, path: path) }
        if status.st_size > limit { throw EvalIOError(.tooLarge(limit: limit), path: path) }
        let contents = try EvalIOError.wrapping(path, action) { () throws(SystemError) in
            try readAll(sizeHint: Int(status.st_size), limit: limit)
        }
        guard let contents else { throw EvalIOError(.tooLarge(limit: limit), path: path) }
        return contents
    }

    /// Reads the open file in pieces, for `EvalIO.streamFile`. Errors refer to `path`.
    func stream(
        _ path: [UInt8], begin: (FileProperties) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
    ) throws(EvalIOError) {
        let action = "reading from file"
        let status = try EvalIOError.wrapping(path, action) { () throws(SystemError) in try self.status() }
        if status.fileType != .regular { throw EvalIOError(.notARegularFile, path: path) }
        let size = Int(status.st_size)
        begin(FileProperties(size: size, isExecutable: status.st_mode & S_IXUSR != 0))
        var chunk = [UInt8](repeating: 0, count: min(size + 1, 1 << 16))
        var total = 0
        while true {
            let count = try EvalIOError.wrapping(path, action) { () throws(SystemError) in try read(into: &chunk) }
            total += count
            if count == 0 || total > size { break }
            let shouldContinue = unsafe chunk.withUnsafeBytes { bytes in
                unsafe piece(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            }
            if !shouldContinue { return }
        }
        if total != size { throw EvalIOError(.changed, path: path) }
    }

    /// The entries of the open directory. Errors refer to `path`.
    func entries(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [DirectoryEntry] {
        let action = "reading directory"
        let entries = try EvalIOError.wrapping(path, action) { () throws(SystemError) in
            try DirectoryListing.read(self, limit: limit)
        }
        guard let entries else { throw EvalIOError(.tooLarge(limit: limit), path: path, action: action) }
        return entries
    }
}
