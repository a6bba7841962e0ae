import Crypto
import Glibc

/// A key that signs what a binary cache says of its objects, in the format of `nix-store --generate-binary-cache-key`:
/// a name, a colon, and the base 64 of the 32 bytes of the Ed25519 seed followed by the 32 of the public key.
public struct SigningKey: Sendable {
    /// The name that users list with the public key.
    public let name: [UInt8]
    private let seed: [UInt8]

    /// Reads the text of a key file.
    ///
    /// - Throws: what is wrong with it. The message has nothing of the key.
    public init(parsing text: [UInt8]) throws(StoreWriteError) {
        let line = text.prefix { $0 != UInt8(ascii: "\n") }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            let bytes = try? Base64.decode(Array(line[(colon + 1)...])), bytes.count == 64,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes[..<32]),
            Array(key.publicKey.rawRepresentation) == Array(bytes[32...])
        else {
            throw StoreWriteError(
                "it is no secret key of a binary cache; nix-store --generate-binary-cache-key NAME SECRET PUBLIC makes one"
            )
        }
        name = Array(line[..<colon])
        seed = Array(bytes[..<32])
    }

    /// Reads a key file.
    public init(file path: [UInt8]) throws(StoreWriteError) {
        let text: [UInt8]
        do throws(EvalIOError) {
            text = try LocalIO().readFile(path, limit: 1 << 16)
        } catch {
            throw StoreWriteError(error.message)
        }
        do throws(StoreWriteError) {
            try self.init(parsing: text)
        } catch {
            throw StoreWriteError("cannot use the key ", path, ": \(error)")
        }
    }

    /// The signature as a cache writes it: the name, a colon and the base 64 of the signature.
    func signature(of text: [UInt8]) throws(StoreWriteError) -> [UInt8] {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
            let signature = try? key.signature(for: text)
        else { throw StoreWriteError("the key '\(String(decoding: name, as: UTF8.self))' cannot sign") }
        return name + [UInt8(ascii: ":")] + Base64.encode(Array(signature))
    }
}
