import Glibc
import NixStore

/// Archives and derivations.
extension InputTarget {
    /// The most bytes that an archive may unpack to.
    private static let mostBytes = 1 << 22

    static let archives = [
        InputTarget("tar", bytes: [tarSeed, gzipSeed]) { bytes in
            let files = [BundleFile(path: Array("archive".utf8), contents: bytes)]
            guard let io = try? RootedIO(roots: [], bundle: files) else { return }
            var taken = 0
            let unpacked = try? Tarball.unpack(Array("/job/archive".utf8), io: io) {
                taken += $0
                return taken < mostBytes
            }
            guard let unpacked else { return }
            let view = StoreView(io)
            let path = Array("/nix/store/00000000000000000000000000000000-archive".utf8)
            _ = view.add(path, unpacked.object)
            visit(view, path)
        },
        InputTarget("nar", bytes: [narSeed]) { bytes in
            guard let tree = try? NarTree(bytes) else { return }
            visit(tree, [])
        },
        InputTarget(
            "aterm",
            seeds: [
                #"Derive([("out","/nix/store/00000000000000000000000000000000-n","","")],[],[],"s","b",["a"],[("k","v\n")])"#,
                #"DrvWithVersion("xp-dyn-drv",Derive([],[("/nix/store/00000000000000000000000000000000-a.drv",(["out"],[]))],[],"","",[],[]))"#,
            ]
        ) { bytes in
            guard let derivation = try? StoredDerivation(parsing: bytes) else { return }
            // Nix writes some fields without escapes, so what it would not have written need not be read again alike.
            _ = derivation.text
        },
    ]

    /// Visits everything in a tree.
    private static func visit(_ tree: any EvalIO, _ root: [UInt8]) {
        var pending = [root]
        var visited = 0
        while let path = pending.popLast(), visited < 10_000 {
            visited += 1
            switch try? tree.fileType(path) {
            case .regular: _ = try? tree.readFile(path, limit: mostBytes)
            case .symlink: _ = try? tree.readLink(path)
            case .directory:
                for entry in (try? tree.readDirectory(path)) ?? [] {
                    require(!entry.name.isEmpty && !entry.name.contains(UInt8(ascii: "/")), "a name with a slash")
                    pending.append(path + [UInt8(ascii: "/")] + entry.name)
                }
            case .unknown, nil: break
            }
        }
    }

    private static var narSeed: [UInt8] {
        func text(_ text: String) -> [UInt8] {
            let bytes = Array(text.utf8)
            let count = (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
            return count + bytes + [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
        }
        let words = [
            "nix-archive-1", "(", "type", "directory", "entry", "(", "name", "a", "node", "(", "type", "regular",
            "executable", "", "contents", "hello", ")", ")", "entry", "(", "name", "b", "node", "(", "type", "symlink",
            "target", "a", ")", ")", ")",
        ]
        return words.flatMap(text)
    }

    private static var tarSeed: [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        put("d/file", 0)
        put("0000644", 100)
        put("00000000005", 124)
        put("00000000000", 136)
        put("        ", 148)
        put("0", 156)
        put("ustar\u{0}00", 257)
        let sum = header.reduce(0) { $0 + Int($1) }
        let octal = String(sum, radix: 8)
        put(String(repeating: "0", count: 6 - octal.utf8.count) + octal + "\u{0} ", 148)
        return header + Array("hello".utf8) + [UInt8](repeating: 0, count: 507 + 1024)
    }

    /// The five bytes `hello`, stored without compression.
    private static let gzipSeed: [UInt8] = [
        0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 5, 0, 0xFA, 0xFF, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0x86, 0xA6, 0x10, 0x36,
        5, 0,
        0, 0,
    ]
}
