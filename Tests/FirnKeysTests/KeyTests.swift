import FirnKeys
import FirnProtocol
import Foundation
import Testing

@Suite struct KeyTests {
    static let publicKey = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
    static let secretKey = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

    private func identity(_ role: Role, _ tenant: String?, _ name: String) throws -> Identity {
        try #require(Identity(role: role, tenant: tenant.flatMap(Tenant.init), keyName: name))
    }

    @Test func aCertificateIsReadAsWritten() throws {
        let owner = KeyCertificate.Owner.peer(try identity(.client, "acme", "laptop"))
        let certificate = try KeyCertificate(owner: owner, publicKey: Self.publicKey, secretKey: Self.secretKey)
        #expect(try KeyCertificate(text: certificate.text) == certificate)
        #expect(!certificate.withoutSecret.text.contains(Self.secretKey))
        #expect(certificate.fileName == "client-acme-laptop")
    }

    @Test(arguments: [
        "", "metadata\n    role = \"client\"\n", "curve\n    public-key = \"\(publicKey)\"\n",
        "metadata\n    role = \"boss\"\ncurve\n    public-key = \"\(publicKey)\"\n",
        "metadata\n    role = \"worker\"\n    tenant = \"a\"\n    name = \"w\"\ncurve\n    public-key = \"\(publicKey)\"\n",
        "metadata\n    role = \"worker\"\n    name = \"w\"\ncurve\n    public-key = \"short\"\n",
        "metadata\n    role = worker\n",
    ]) func aFaultyCertificateIsRefused(text: String) {
        #expect(throws: KeyError.self) { try KeyCertificate(text: text) }
    }

    @Test func aDirectoryOfKeys() throws {
        let path = "/tmp/firn-keys-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let directory = KeyDirectory(path: path)
        let worker = try KeyCertificate(
            owner: .peer(try identity(.worker, nil, "w1")), publicKey: Self.publicKey, secretKey: Self.secretKey)
        let written = try directory.add(worker)
        defer {
            for file in written { unsafe unlink(file) }
            unsafe rmdir(path + "/authorized")
            unsafe rmdir(path)
        }
        #expect(written == [path + "/worker-w1.cert_secret", path + "/authorized/worker-w1.cert"])
        #expect(try KeyDirectory.read(written[0], needsSecret: true) == worker)
        #expect(try KeyDirectory.read(written[1], needsSecret: false) == worker.withoutSecret)
        let error = #expect(throws: KeyError.self) { try directory.add(worker) }
        #expect(error?.description == "\(written[0]): there is a key already; remove it to make a new one")
        #expect(throws: KeyError.self) { try directory.coordinator() }
        let ring = try directory.keyRing()
        #expect(ring.count == 1)
        unsafe chmod(written[0], 0o644)
        #expect(throws: KeyError.self) { try KeyDirectory.read(written[0], needsSecret: true) }
    }

    @Test func anEndpointAdmitsOneRole() throws {
        var ring = KeyRing()
        let worker = try identity(.worker, nil, "w1")
        let certificate = try KeyCertificate(owner: .peer(worker), publicKey: Self.publicKey, secretKey: nil)
        try ring.add(certificate)
        #expect(throws: KeyError.self) { try ring.add(certificate) }
        for endpoint in Endpoint.allCases {
            let verdict = try? ring.authorize(publicKey: Self.publicKey, domain: endpoint.authenticationDomain).get()
            #expect(verdict == (endpoint == .workers || endpoint == .traces ? worker : nil))
        }
        #expect((try? ring.authorize(publicKey: Self.secretKey, domain: "firn.workers").get()) == nil)
        #expect((try? ring.authorize(publicKey: Self.publicKey, domain: "").get()) == nil)
    }

    @Test func whileACoordinatorRunsAnUnreadableFileAdmitsNobody() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: place) }
        let directory = KeyDirectory(path: place)
        let worker = try identity(.worker, nil, "w1")
        try directory.add(
            try KeyCertificate(owner: .peer(worker), publicKey: Self.publicKey, secretKey: Self.secretKey))
        #expect(directory.readableKeys().ring.admits(worker))
        try "nonsense".write(toFile: place + "/authorized/other.cert", atomically: true, encoding: .utf8)
        #expect(throws: KeyError.self) { try directory.keyRing() }
        let (ring, faults) = directory.readableKeys()
        #expect(ring.count == 1 && faults.count == 1)
        try FileManager.default.removeItem(atPath: place + "/authorized/worker-w1.cert")
        #expect(directory.readableKeys().ring.count == 0)
    }
}
