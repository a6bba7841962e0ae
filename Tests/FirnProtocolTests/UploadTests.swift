import FirnProtocol
import Foundation
import Testing

/// The rules for uploads that need no knowledge of the job.
@Suite struct UploadTests {
    private static let name = Data("00000000000000000000000000000000-x".utf8)

    private static func upload(_ change: (inout WireUpload) -> Void) -> WireUpload { .with { change(&$0) } }

    private static func offer(_ change: (inout WireStoreObject) -> Void) -> WireUpload {
        upload {
            $0.offer.objects = [
                .with {
                    $0.name = name
                    change(&$0)
                }
            ]
        }
    }

    @Test func whatKeepsTheRulesIsGood() {
        let object = Self.offer {
            $0.source = .with { ($0.root, $0.path) = ("lib", "a/b") }
            $0.references = [Self.name]
        }
        #expect(object.fault == nil)
        #expect(Self.offer { $0.source.root = "lib" }.fault == nil, "the root itself")
        #expect(Self.upload { $0.segment.pieces = [.with { $0.name = Self.name }] }.fault == nil)
    }

    static let faults: [(String, WireUpload)] = [
        ("neither an offer nor a segment", WireUpload()),
        ("offers 0 objects", upload { $0.offer = WireObjectOffer() }),
        ("offers 1001 objects", upload { $0.offer.objects = Array(repeating: WireStoreObject(), count: 1_001) }),
        ("without a store path's name", offer { $0.name = Data("x".utf8) }),
        ("without a store path's name", offer { $0.name = Data((String(repeating: "/", count: 40)).utf8) }),
        ("without a store path's name", offer { $0.name = Data(String(repeating: "x", count: 245).utf8) }),
        ("a hash of a wrong size", offer { $0.hash = Data(repeating: 0, count: 65) }),
        ("references that are none", offer { $0.references = [Data("../x".utf8)] }),
        ("too many", offer { $0.references = Array(repeating: name, count: 10_001) }),
        ("no path below a root", offer { $0.source.path = "a" }),
        ("no path below a root", offer { $0.source = .with { ($0.root, $0.path) = ("lib", "../a") } }),
        ("has 0 pieces", upload { $0.segment = WireObjectSegment() }),
        ("a piece of an object without", upload { $0.segment.pieces = [WireObjectPiece()] }),
    ]

    @Test(arguments: faults) func whatBreaksARuleIsNamed(_ words: String, _ upload: WireUpload) throws {
        #expect(try #require(upload.fault).contains(words))
    }

    @Test func contentsCountWithTheirNames() {
        let small = Self.upload { $0.segment.pieces = [.with { $0.name = Self.name }] }
        let large = Self.upload {
            $0.segment.pieces = [
                .with {
                    $0.name = Self.name
                    $0.bytes = Data(repeating: 0, count: 1_000)
                }
            ]
        }
        #expect(large.countedBytes == small.countedBytes + 1_000)
        #expect(small.countedBytes >= Self.name.count)
    }
}
