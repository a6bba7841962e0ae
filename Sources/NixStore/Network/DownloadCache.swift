import Glibc
import NixFormats
import Platform

/// Files that were downloaded, in a directory with these files:
///
/// - `data/HASH`: the bytes of a file, by their SHA-256. Files that are equal are kept once.
/// - `HASH.json`: what is known of a URL, by the URL's SHA-256: the name of its data (`data`), their size (`size`), the
///   server's tag (`etag`) and the URL that always gives the same data (`immutable`). The modification time of the file is
///   when the server last said that the data are current.
///
/// Nix keeps the trees of archives in a Git repository and what it knows of URLs in a database. Archives as they came from
/// the server need neither, their hashes can be checked with any tool, and reading one again gives the same tree.
struct DownloadCache {
    let directory: String

    struct Entry {
        /// The name of the data.
        var name = ""
        var size: Int64 = 0
        var tag: String?
        var lockedURL: ParsedURL?
        /// The seconds since the server said that it is current.
        var age: Int64 = 0
    }

    func dataPath(_ name: String) -> String { "\(directory)/downloads/data/\(name)" }

    private func infoPath(_ url: ParsedURL) -> String {
        let key = Hash(of: url.text, .sha256).text(.base16)
        return "\(directory)/downloads/\(String(decoding: key, as: UTF8.self)).json"
    }

    /// What is kept for a URL; nil if nothing is, or if it is not whole.
    func entry(_ url: ParsedURL) -> Entry? {
        let path = infoPath(url)
        var status = stat()
        guard unsafe stat(path, &status) == 0,
            let text = try? LocalIO().readFile(Array(path.utf8), limit: 1 << 16),
            let document = try? JSONDocument(text), let name = document["data"]?.text,
            name.count == 64, name.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x61 && $0 <= 0x66 }),
            case .integer(let size) = document["size"]
        else { return nil }
        var entry = Entry()
        entry.name = String(decoding: name, as: UTF8.self)
        entry.size = size
        entry.tag = document["etag"]?.text.map { String(decoding: $0, as: UTF8.self) }
        entry.lockedURL = document["immutable"]?.text.flatMap { try? ParsedURL($0) }
        // A time in the future, after the clock was set back, does not make an entry current for longer.
        entry.age = abs(Int64(time(nil)) - Int64(status.st_mtim.tv_sec))
        var data = stat()
        guard unsafe stat(dataPath(entry.name), &data) == 0, Int64(data.st_size) == size else { return nil }
        return entry
    }

    /// Notes that the data of a URL are current.
    func touch(_ url: ParsedURL) { _ = unsafe utimensat(AT_FDCWD, infoPath(url), nil, 0) }

    /// Keeps what is known of a URL whose data are kept.
    func keep(_ entry: Entry, as url: ParsedURL) throws(WriteFailure) {
        let document = JSONDocument.members([
            "data": .string(Array(entry.name.utf8)), "size": .integer(entry.size),
            "etag": entry.tag.map { .string(Array($0.utf8)) }, "immutable": entry.lockedURL.map { .string($0.text) },
        ])
        try WholeFile.write(document.indentedText, to: infoPath(url), mode: 0o600, .replacing)
    }

    /// Makes the directories.
    ///
    /// - Returns: the error number; 0 if they are there.
    func makeDirectories() -> Int32 { Self.makeDirectory("\(directory)/downloads/data") }

    /// Makes a directory and those that lead to it, for the user alone.
    static func makeDirectory(_ path: String) -> Int32 {
        if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return 0 }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return errno }
        let code = makeDirectory(String(path[..<slash]))
        if code != 0 { return code }
        return unsafe mkdir(path, 0o700) == 0 || errno == EEXIST ? 0 : errno
    }
}

/// Writes the bytes of a download beside those that are kept. Only a whole one gets their name.
@safe final class DownloadWriter {
    private let cache: DownloadCache
    private let path: String
    private let descriptor: Int32
    private var hash = HashStream(.sha256)
    private(set) var byteCount = 0

    init(_ cache: DownloadCache) throws(FetchError) {
        self.cache = cache
        path = cache.dataPath(".\(getpid()).\(UInt64.random(in: .min ... .max)).part")
        let code = cache.makeDirectories()
        descriptor = code == 0 ? unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600) : -1
        if descriptor < 0 {
            let reason = SystemError(code: code == 0 ? errno : code).reason
            throw FetchError(
                .invalid, "the directory '", Array(cache.directory.utf8), "' for downloads cannot be used: \(reason)")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        unsafe unlink(path)
    }

    /// Begins anew.
    func reset() {
        if byteCount > 0 {
            ftruncate(descriptor, 0)
            lseek(descriptor, 0, SEEK_SET)
        }
        byteCount = 0
        hash = HashStream(.sha256)
    }

    /// Writes a piece.
    ///
    /// - Returns: the error number; 0 if it was written.
    func write(_ piece: ArraySlice<UInt8>) -> Int32 {
        var rest = piece
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return count < 0 ? errno : EIO }
            rest = rest.dropFirst(count)
        }
        hash.update(Array(piece))
        byteCount += piece.count
        return 0
    }

    /// Gives the bytes their name, and keeps the entry.
    func keep(as url: ParsedURL, _ entry: inout DownloadCache.Entry) throws(FetchError) {
        entry.name = String(decoding: hash.finish().text(.base16), as: UTF8.self)
        entry.size = Int64(byteCount)
        let failure: String
        if unsafe rename(path, cache.dataPath(entry.name)) != 0 {
            failure = SystemError(code: errno).reason
        } else {
            do throws(WriteFailure) { return try cache.keep(entry, as: url) } catch { failure = error.description }
        }
        throw FetchError(.invalid, "the download of '", url.withoutCredentials.text, "' cannot be kept: \(failure)")
    }
}
