import FirnKeys
import NixFlakes
import NixStore

/// References to sources, lock files, registries and keys.
extension InputTarget {
    static let references = [
        InputTarget("urls", seeds: ["https://u@host:80/a/b%20c?d=e&f#g", "git+file:///a?rev=1", "//h/p"]) { bytes in
            for isLenient in [false, true] {
                guard let url = try? ParsedURL(bytes, isLenient: isLenient) else { continue }
                _ = try? url.filePath()
                guard let again = try? ParsedURL(url.text, isLenient: isLenient) else {
                    return require(false, "a URL cannot be read again")
                }
                require(again.text == url.text, "a URL changes when it is read again")
            }
        },
        InputTarget(
            "flake-references",
            seeds: [
                "github:a/b/c?dir=d&host=h", "path:/a?narHash=x", "git+https://h/p?ref=r&rev=v", "nixpkgs/20.09",
                "./a#b",
            ]
        ) { bytes in
            guard let reference = try? FlakeReference(bytes), let text = try? reference.text() else { return }
            guard let again = try? FlakeReference(text), let same = try? again.text() else {
                return require(
                    false, "a flake reference cannot be read again: \(String(decoding: text, as: UTF8.self))")
            }
            require(same == text, "a flake reference changes: \(String(decoding: text, as: UTF8.self))")
        },
        InputTarget(
            "lock-files",
            seeds: [
                #"{"nodes":{"root":{"inputs":{"a":"b","c":["a"]}},"b":{"locked":{"type":"path","path":"/p","narHash":"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},"original":{"type":"indirect","id":"x"}}},"root":"root","version":7}"#
            ]
        ) { bytes in
            guard let file = try? LockFile(bytes, name: "lock") else { return }
            let text = file.text()
            guard let again = try? LockFile(text, name: "lock") else {
                return require(false, "a lock file cannot be read again")
            }
            require(again.text() == text, "a lock file changes when it is read again")
        },
        InputTarget(
            "registries",
            seeds: [
                #"{"flakes":[{"from":{"type":"indirect","id":"a"},"to":{"type":"path","path":"/b"},"exact":true}],"version":2}"#
            ]
        ) { bytes in
            let files = [BundleFile(path: Array("r".utf8), contents: bytes)]
            guard let io = try? RootedIO(roots: [], bundle: files) else { return }
            _ = FlakeRegistries.read(Array("/job/r".utf8), io: io)
        },
        InputTarget("keys", seeds: [keySeed]) { bytes in
            guard let certificate = try? KeyCertificate(text: String(decoding: bytes, as: UTF8.self)) else { return }
            guard let again = try? KeyCertificate(text: certificate.text) else {
                return require(false, "a certificate cannot be read again")
            }
            require(again.text == certificate.text, "a certificate changes when it is read again")
        },
    ]

    private static let keySeed = """
        metadata
            role = "client"
            tenant = "a"
        curve
            public-key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
        """
}
