import FirnKeys
import FirnProtocol
import Foundation
import Testing

/// Keys that are authorised and revoked while a coordinator runs.
@Suite struct KeyChangeTests {
    private static let publicKey = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

    private func change(_ owner: String, _ publicKey: String = "") throws(KeyError) -> KeyChange {
        try KeyChange(
            .with {
                $0.owner = owner
                $0.publicKey = publicKey
            })
    }

    @Test func aKeyIsAuthorisedOnceAndRevoked() throws {
        let path = NSTemporaryDirectory() + "firn-keys-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.createDirectory(atPath: path + "/authorized", withIntermediateDirectories: true)
        let directory = KeyDirectory(path: path)
        guard case .add(let certificate) = try change("client/acme/laptop", Self.publicKey) else {
            return #expect(Bool(false), "it adds a key")
        }
        try directory.authorize(certificate)
        let owner = try #require(Identity(userID: "client/acme/laptop"))
        #expect(try directory.keyRing().owners == [owner])
        #expect(throws: KeyError.self, "the owner has one") { try directory.authorize(certificate) }
        let stolen = try KeyCertificate(
            owner: .peer(try #require(Identity(userID: "worker/w"))), publicKey: Self.publicKey, secretKey: nil)
        #expect(throws: KeyError.self, "the key is another owner's") { try directory.authorize(stolen) }
        // An unreadable file authorises nobody, and does not keep the others from being revoked.
        try Data([0xFF, 0xFE]).write(to: URL(filePath: path + "/authorized/broken.cert"))
        try directory.revoke(owner)
        #expect(directory.readableKeys().ring.owners.isEmpty)
        #expect(throws: KeyError.self) { try directory.revoke(owner) }
    }

    @Test func aChangeNamesAnOwnerAndAKey() throws {
        #expect(try change("worker/w") == .revoke(try #require(Identity(userID: "worker/w"))))
        #expect(try change("worker/w").isRevocation)
        for (owner, key) in [("client/acme", ""), ("../x", ""), ("worker/w", "short"), ("coordinator", Self.publicKey)]
        {
            #expect(throws: KeyError.self) { try change(owner, key) }
        }
    }
}
