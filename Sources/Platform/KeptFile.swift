import Glibc

/// A file that is kept until others need its room.
package struct KeptFile {
    package var path: String
    package var byteCount: Int
    /// When it was used last.
    package var lastUse: timespec

    package init(path: String, byteCount: Int, lastUse: timespec) {
        self.path = path
        self.byteCount = byteCount
        self.lastUse = lastUse
    }

    /// The files to remove so that the rest fits: those that were not used for the longest time.
    ///
    /// - Parameters:
    ///   - files: all files.
    ///   - byteCount: the most bytes of those that stay.
    ///   - kept: the path of a file that stays in any case.
    package static func surplus(_ files: [KeptFile], above byteCount: Int, keeping kept: String) -> [KeptFile] {
        var total = files.reduce(0) { $0 + $1.byteCount }
        var surplus: [KeptFile] = []
        for file in files.sorted(by: {
            ($0.lastUse.tv_sec, $0.lastUse.tv_nsec) < ($1.lastUse.tv_sec, $1.lastUse.tv_nsec)
        })
        where total > byteCount && file.path != kept {
            total -= file.byteCount
            surplus.append(file)
        }
        return surplus
    }
}
