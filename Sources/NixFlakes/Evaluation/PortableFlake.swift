import NixEval
import NixFormats
import NixStore
import NixVM

/// A locked flake as an expression that needs neither the network nor a lock file, for an evaluation on another machine.
///
/// The expression reads the trees of the flake and of all its inputs at paths of that machine, where whoever sends it has
/// put them. Their hashes are part of the expression, so store paths are those that the flake has here, and a tree that is
/// not the same is an error.
package struct PortableFlake {
    /// A tree that the expression reads.
    package struct Tree {
        /// The path where the expression expects it.
        package let path: String
        /// The store path that it has.
        package let storePath: [UInt8]
        package let object: StoreObject
    }

    /// An expression whose value is that of the flake, with `outputs` among its attributes.
    package let expression: String
    package let trees: [Tree]
}

extension LockedFlake {
    /// Makes an expression for another machine. Inputs that were not fetched are fetched now.
    ///
    /// - Parameter location: the path on the other machine for a tree, given the number of the tree and its store path.
    /// - Throws: why an input cannot be fetched.
    package func portable(
        at location: (_ number: Int, _ storePath: [UInt8]) -> String
    ) throws(EvalFailure) -> PortableFlake {
        let (document, keys) = lock.document()
        var trees: [PortableFlake.Tree] = []
        var paths: [[UInt8]: String] = [:]
        var sources: [String] = []
        for (index, key) in keys.sorted(by: { $0.key < $1.key }) {
            if let locked = lock.nodes[index].locked, locked.isRelative { continue }
            let place = try place(of: index)
            let path: String
            if let known = paths[place.source.path] {
                path = known
            } else {
                path = location(trees.count, place.source.path)
                paths[place.source.path] = path
                trees.append(
                    PortableFlake.Tree(
                        path: path, storePath: place.source.path, object: place.source.tree.object))
            }
            let isDirty = index == 0 && flake.isForcedDirty
            sources.append(
                "    \(NixText.string(key)) = { dir = \(NixText.string(place.below)); sourceInfo = "
                    + "\(Self.sourceInfo(place.source.tree, path, isForcedDirty: isDirty)); };")
        }
        let lockText = NixText.string(document.compactText)
        let expression = """
            import <nix/call-flake.nix> {
              lock = builtins.fromJSON \(lockText);
              sources = {
            \(sources.joined(separator: "\n"))
              };
            }
            """
        return PortableFlake(expression: expression, trees: trees)
    }

    private static func sourceInfo(_ tree: FetchedTree, _ path: String, isForcedDirty: Bool) -> String {
        var fetched = "type = \"path\"; path = \(NixText.string(Array(path.utf8))); "
        fetched += "narHash = \(NixText.string(tree.narHash.text(.sri))); "
        if let time = tree.lastModified, time >= 0 { fetched += "lastModified = \(time); " }
        var more = ""
        if !isForcedDirty {
            if let revision = tree.revision { fetched += "rev = \(NixText.string(revision)); " }
            if case .known(let count) = tree.revisionCount, count >= 0 { fetched += "revCount = \(count); " }
        }
        if let submodules = tree.submodules { more += "submodules = \(submodules); " }
        if let revision = tree.dirtyRevision {
            let suffix = Array("-dirty".utf8)
            more += "dirtyRev = \(NixText.string(revision + suffix)); "
            more += "dirtyShortRev = \(NixText.string(revision.prefix(7) + suffix)); "
        }
        return "fetchTree { \(fetched)}" + (more.isEmpty ? "" : " // { \(more)}")
    }
}

/// Writes parts of Nix expressions.
private enum NixText {
    /// A string literal.
    static func string(_ bytes: some Sequence<UInt8>) -> String {
        var result = "\""
        for scalar in String(decoding: Array(bytes), as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\"", "\\", "$": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
