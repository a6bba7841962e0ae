import FirnProtocol
import Logging
import NixStore
import Platform

/// The prepared sets of the process. Their images are opened on threads of their own, because that reads them.
extension WorkerConnection {
    /// Takes what the supervisor says of the sets, opens images, and tells the coordinator what is new.
    func pollSets() {
        guard !sets.entries.isEmpty else { return }
        let directory = configuration.images.map { ImageDirectory(path: $0.directory) }
        let opening = sets.update(status?.sets(sets.entries.count)) { directory?.failure($0) }
        for index in opening { open(index, directory) }
        announceSets()
    }

    private func open(_ index: Int, _ directory: ImageDirectory?) {
        let entry = sets.entries[index]
        let path: String
        switch entry.set.origin {
        case .file(let file): path = file
        case .root:
            guard let directory, let identity = entry.identity else { return }
            path = directory.image(identity)
        }
        let thread = SystemThread(name: "firn-image", stackBytes: 4 << 20)
        do throws(ThreadError) {
            try thread.start {
                let image = Result { try PreparedImage(opening: path) }
                Task { await self.opened(index, image) }
            }
            thread.detach()
        } catch {
            sets.refused(index, reason: "\(error)")
        }
    }

    private func opened(_ index: Int, _ image: Result<PreparedImage, any Error>) {
        guard !hasEnded else { return }
        switch image {
        case .success(let image):
            sets.opened(index, image, identity: image.identity, byteCount: image.byteCount)
        case .failure(let error):
            sets.refused(index, reason: "\(error)")
            log.error(
                "an image is refused", metadata: ["set": "\(sets.entries[index].set.name)", "reason": "\(error)"])
        }
        announceSets()
    }

    private func announceSets() {
        for (index, entry) in sets.entries.enumerated() where entry.image != nil { status?.wantNothing(index) }
        perform(machine.announce(sets.announced))
    }

    /// Has the supervisor make a set.
    func prepare(_ prepare: WirePrepareSet) {
        guard let index = sets.index(of: prepare), let identity = sets.entries[index].identity else { return }
        status?.want(index, identity)
    }

    /// What a job starts from; nil if that is nothing.
    func start(of assignment: WireAssignment) -> PreparedStart? {
        guard !assignment.preparedIdentity.isEmpty, let index = sets.open(assignment.preparedIdentity),
            let image = sets.entries[index].image
        else { return nil }
        if sets.notesUse(of: index, now: MonotonicClock.now()), let settings = configuration.images {
            ImageDirectory(path: settings.directory).touch([UInt8](assignment.preparedIdentity))
        }
        return PreparedStart(set: sets.entries[index].set, index: index, image: image)
    }
}

extension WorkerConfiguration {
    /// What the worker announces of its roots.
    func announce(_ roots: RootedIO, _ logger: Logger) -> [WireRoot] {
        let names = self.roots.keys.sorted()
        guard announcesContentIDs else { return names.map { name in .with { $0.name = name } } }
        return RootContent.announce(names, in: roots) {
            logger.warning("announced without a content id", metadata: ["reason": "\($0)"])
        }
    }

    /// The content ids of the roots of prepared sets, by name. They are also read if they are not announced.
    func contentIDs(_ announced: [WireRoot], _ roots: RootedIO) -> [String: [UInt8]] {
        let names = Set(preparedSets.filter { $0.origin == .root }.map(\.root))
        let known = announcesContentIDs ? announced : RootContent.announce(names.sorted(), in: roots) { _ in }
        let ids = known.filter { names.contains($0.name) && !$0.contentID.isEmpty }
        return Dictionary(ids.map { ($0.name, [UInt8]($0.contentID)) }) { first, _ in first }
    }
}
