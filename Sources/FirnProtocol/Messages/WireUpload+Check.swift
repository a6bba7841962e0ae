/// The rules for uploads that can be checked without knowing the job.
extension WireUpload {
    /// The first violation of the protocol's bounds, as the end of a sentence "it sent an upload that ..."; nil if there
    /// is none.
    public var fault: String? {
        switch content {
        case .offer(let offer): offer.fault
        case .segment(let segment): segment.fault
        case nil: "has neither an offer nor a segment"
        }
    }
}

extension WireObjectOffer {
    fileprivate var fault: String? {
        guard (1...ProtocolLimits.namedObjects).contains(objects.count) else {
            return "offers \(objects.count) objects, not 1 to \(ProtocolLimits.namedObjects)"
        }
        return objects.lazy.compactMap(\.fault).first
    }
}

extension WireStoreObject {
    fileprivate var fault: String? {
        guard Self.isName(name) else { return "offers an object without a store path's name" }
        guard algorithm.utf8.count <= 16, hash.count <= 64 else {
            return "offers an object with a hash of a wrong size"
        }
        guard references.count <= ProtocolLimits.objectReferences, references.allSatisfy(Self.isName) else {
            return "offers an object with references that are none, or with too many"
        }
        guard hasSource else { return nil }
        let isRoot = (1...ProtocolLimits.nameBytes).contains(source.root.utf8.count)
        guard isRoot, source.path.isEmpty || RelativePath.fault(in: source.path) == nil else {
            return "offers an object whose source is no path below a root"
        }
        return nil
    }

    /// Whether bytes can be the name of a store object; what characters it has is checked by whoever uses it as a path.
    public static func isName(_ name: some Collection<UInt8>) -> Bool {
        (34...ProtocolLimits.objectNameBytes).contains(name.count)
            && !name.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }
}

extension WireObjectSegment {
    fileprivate var fault: String? {
        guard (1...ProtocolLimits.namedObjects).contains(pieces.count) else {
            return "has \(pieces.count) pieces of objects, not 1 to \(ProtocolLimits.namedObjects)"
        }
        guard pieces.allSatisfy({ WireStoreObject.isName($0.name) }) else {
            return "has a piece of an object without a store path's name"
        }
        return nil
    }

    /// Bytes of contents in all pieces.
    public var contentBytes: Int { pieces.reduce(0) { $0 + $1.bytes.count } }
}

extension WireUpload {
    /// The approximate bytes that the upload occupies until it is stored. Worker and coordinator count it alike.
    public var countedBytes: Int {
        switch content {
        case .offer(let offer):
            offer.objects.reduce(64) { bytes, object in
                bytes + 128 + object.name.count + object.references.reduce(0) { $0 + $1.count + 16 }
            }
        case .segment(let segment): segment.pieces.reduce(64) { $0 + 64 + $1.name.count + $1.bytes.count }
        case nil: 64
        }
    }
}
