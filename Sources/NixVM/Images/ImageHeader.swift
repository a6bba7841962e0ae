/// The parts of an image's file. Each begins at a page.
enum ImageSection: Int, CaseIterable {
    /// The permanent range, with constants, layouts and names. It is mapped where the region begins.
    case permanent
    /// The objects, which are mapped at `ImageRegion.objects`.
    case objects
    /// The programs with their tables and their code, and the bytes of names, which are mapped at `ImageRegion.tables`.
    case tables
    /// The machine's table of chunks.
    case chunks
    /// The roots, as values.
    case roots
    /// An `ImageSymbol` for each symbol.
    case symbols
    /// The positions of attributes.
    case positions
    /// What else the machine knows.
    case catalogue
    /// What the machine's host keeps with the image.
    case host
}

/// A name in an image.
struct ImageSymbol: BitwiseCopyable {
    /// The address of the name's bytes, and their number.
    var bytes: UInt
    var length: Int
    /// The string value of the name; 0 if there was none yet.
    var string: UInt64
}

/// The first page of an image's file.
struct ImageHeader: Equatable {
    var region: ImageRegion
    /// The build of Firn that wrote the file. Only the same build can use it, because values name builtins and steps by
    /// number.
    var build: [UInt8]
    /// The digest of what the image was made from.
    var identity: [UInt8]
    /// The offset and the size of each section.
    var sections: [(offset: Int, count: Int)]
    /// The checksum of everything after the header.
    var checksum: UInt64

    static let byteCount = 4096
    private static let magic: [UInt8] = [0x89, 0x46, 0x49, 0x52, 0x4E, 0x49, 0x4D, 0x47]
    private static let version = 1
    static let digestBytes = 32

    static func == (a: ImageHeader, b: ImageHeader) -> Bool { a.encoded == b.encoded }

    var fileBytes: Int { sections.map { $0.offset + ImageHeader.pages($0.count) }.max() ?? ImageHeader.byteCount }

    static func pages(_ count: Int) -> Int { (count + byteCount - 1) & ~(byteCount - 1) }

    /// The first page, which ends with a checksum of itself.
    var encoded: [UInt8] {
        var encoder = ImageEncoder()
        encoder.add(Self.version)
        encoder.add(UInt64(region.base))
        encoder.add(build)
        encoder.add(identity)
        encoder.add(sections) {
            $0.add($1.offset)
            $0.add($1.count)
        }
        encoder.add(checksum)
        var page = Self.magic + encoder.bytes
        page += [UInt8](repeating: 0, count: Self.byteCount - 8 - page.count)
        var sum = ImageEncoder()
        sum.add(page.withUnsafeBytes { ImageChecksum.of($0) })
        return page + sum.bytes
    }

    /// - Parameter page: The first page of a file.
    init(_ page: UnsafeRawBufferPointer) throws(ImageError) {
        guard page.count >= Self.byteCount, page.starts(with: Self.magic) else { throw .damaged }
        let body = UnsafeRawBufferPointer(rebasing: page[..<(Self.byteCount - 8)])
        var sum = ImageDecoder(UnsafeRawBufferPointer(rebasing: page[(Self.byteCount - 8)..<Self.byteCount]))
        guard try sum.number() == ImageChecksum.of(body) else { throw .damaged }
        var decoder = ImageDecoder(UnsafeRawBufferPointer(rebasing: body[Self.magic.count...]))
        guard try decoder.count() == Self.version else { throw .otherBuild }
        region = ImageRegion(base: UInt(try decoder.number()))
        build = try decoder.text()
        identity = try decoder.text()
        sections = try decoder.list { (decoder) throws(ImageError) in (try decoder.count(), try decoder.count()) }
        checksum = try decoder.number()
        guard region.isValid, identity.count == Self.digestBytes, sections.count == ImageSection.allCases.count else {
            throw .damaged
        }
        for section in sections {
            guard section.offset % Self.byteCount == 0, section.count < 1 << 40, section.offset < 1 << 40 else {
                throw .damaged
            }
        }
    }

    init(
        region: ImageRegion, build: [UInt8], identity: [UInt8], sections: [(offset: Int, count: Int)], checksum: UInt64
    ) {
        self.region = region
        self.build = build
        self.identity = identity
        self.sections = sections
        self.checksum = checksum
    }
}

/// A checksum that detects damage, not attacks: who can write the file can do as its user anyway. It reads eight bytes at
/// a time in four independent lanes.
struct ImageChecksum {
    private var lanes: (UInt64, UInt64, UInt64, UInt64) = (
        0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344, 0xA409_3822_299F_31D0, 0x082E_FA98_EC4E_6C89
    )

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var sum = ImageChecksum()
        sum.add(bytes)
        return sum.value
    }

    /// Adds bytes. All calls but the last must be with a multiple of 32 bytes.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var lanes = self.lanes
        var offset = 0
        while offset &+ 32 <= bytes.count {
            lanes.0 = Self.step(lanes.0, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            lanes.1 = Self.step(lanes.1, bytes.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
            lanes.2 = Self.step(lanes.2, bytes.loadUnaligned(fromByteOffset: offset &+ 16, as: UInt64.self))
            lanes.3 = Self.step(lanes.3, bytes.loadUnaligned(fromByteOffset: offset &+ 24, as: UInt64.self))
            offset &+= 32
        }
        while offset < bytes.count {
            lanes.0 = Self.step(lanes.0, UInt64(bytes[offset]))
            offset &+= 1
        }
        self.lanes = lanes
    }

    var value: UInt64 { Self.step(Self.step(Self.step(lanes.0, lanes.1), lanes.2), lanes.3) }

    @inline(__always)
    private static func step(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let product = (state ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low &+ state
    }
}
