import Glibc

/// The symbolic links outside the store that name what must not be collected as garbage.
enum RootLink {
    /// Makes a link, and the directories above it.
    ///
    /// - Parameters:
    ///   - link: the canonical path of the link. Something else that is there is never replaced.
    ///   - path: the store path to which it leads.
    static func make(_ link: [UInt8], to path: [UInt8]) throws(StoreWriteError) {
        if CanonPath.isInside(link, StorePath.directory) {
            throw StoreWriteError(
                "creating a garbage collector root (", link,
                ") in the Nix store is forbidden; give --add-root a path elsewhere")
        }
        if let status = try? DescriptorHandle.status(at: AT_FDCWD, link) {
            guard status.fileType == .symlink, let target = try? DescriptorHandle.readLink(at: AT_FDCWD, link),
                CanonPath.isInside(target, StorePath.directory)
            else { throw StoreWriteError("cannot create symlink ", link, "; already exists") }
        }
        let parent = CanonPath.parent(of: link)
        let temporary = parent + [CanonPath.slash] + FileTree.temporaryName()
        do throws(SystemError) {
            try FileTree.makeDirectories(parent)
            _ = try retrying { unsafe symlink(path.cPath, temporary.cPath) }
            do throws(SystemError) {
                _ = try retrying { unsafe rename(temporary.cPath, link.cPath) }
            } catch {
                unsafe unlink(temporary.cPath)
                throw error
            }
        } catch {
            throw StoreWriteError("cannot create symlink ", link, ": \(error.reason)")
        }
    }
}
