import ArgumentParser
import FirnProtocol
import FirnWorker
import NixStore

/// A prepared set on the command line: `NAME=ROOT` or `NAME=ROOT/PATH`.
struct PreparedArgument: ExpressibleByArgument {
    let name: String
    let root: String
    /// The file in the root; nil for `default.nix`.
    let path: String?

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "=") else { return nil }
        name = String(argument[..<equals])
        let place = argument[argument.index(after: equals)...].split(
            separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        root = place.first.map(String.init) ?? ""
        path = place.count == 2 ? String(place[1]) : nil
        guard Self.isValidName(name), RootedIO.isValidName(root),
            path.map({ RelativePath.fault(in: $0) == nil }) ?? true
        else { return nil }
    }

    var text: String { "\(name)=\(root)" + (path.map { "/\($0)" } ?? "") }

    /// The keys of a worker's configuration that it stands for.
    var settings: [(key: String, value: String?)] {
        [("preparedSets.\(name).root", root), ("preparedSets.\(name).path", path)]
    }

    /// Whether a set may have a name. A dot would separate it from its keys.
    static func isValidName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
