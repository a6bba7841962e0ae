import MessageText
import NixFormats
import NixStore
import NixVM

/// An input as a flake declares it.
struct DeclaredInput {
    /// Where it comes from; nil if only its name says so, or if it follows another.
    var reference: FlakeReference?
    var isFlake = true
    /// The path, from the root, of the input that it stands for.
    var follows: InputPath?
    /// Declarations that replace those of the input's own inputs.
    var overrides: [InputName: DeclaredInput] = [:]
}

/// The contents of a `flake.nix`, but for the outputs.
struct FlakeDeclaration {
    let description: [UInt8]?
    let inputs: [InputName: DeclaredInput]
    /// Attributes that the flake sets for its own source, such as `submodules`.
    let selfAttributes: [String: InputAttribute]

    /// Reads what `flake-inputs.nix` gives.
    ///
    /// - Parameters:
    ///   - text: JSON.
    ///   - directory: the directory of `flake.nix`, which paths are made relative to.
    ///   - path: the path of the flake in the lock file, which what its inputs follow is relative to.
    init(_ text: [UInt8], directory: [UInt8], path: InputPath) throws(EvalFailure) {
        guard let document = try? JSONDocument(text) else {
            throw .flake("the inputs of the flake in '\(String(decoding: directory, as: UTF8.self))' nest too deep")
        }
        description = document["description"]?.text
        inputs = try Self.inputs(document["inputs"], directory: directory, path: path)
        do throws(FetchError) {
            selfAttributes = try FlakeReference.attributes(document["self"]?.members ?? [:])
        } catch {
            throw EvalFailure(error)
        }
        for name in selfAttributes.keys.sorted() where name != "submodules" && name != "lfs" {
            throw .flake("flake 'self' attribute '\(MessageText.shortened(name))' is not supported")
        }
    }

    private static func inputs(
        _ document: JSONDocument?, directory: [UInt8], path: InputPath
    ) throws(EvalFailure) -> [InputName: DeclaredInput] {
        var inputs: [InputName: DeclaredInput] = [:]
        for (name, declared) in document?.members ?? [:] {
            do throws(EvalFailure) {
                inputs[name] = try input(declared, directory: directory, path: path)
            } catch {
                throw error.during("while evaluating flake attribute '\(String(decoding: name, as: UTF8.self))'")
            }
        }
        return inputs
    }

    private static func input(
        _ document: JSONDocument, directory: [UInt8], path: InputPath
    ) throws(EvalFailure) -> DeclaredInput {
        var input = DeclaredInput()
        if document["flake"] == .boolean(false) { input.isFlake = false }
        if let text = document["follows"]?.text { input.follows = path + (try InputPath.parse(text)) }
        input.overrides = try inputs(document["inputs"], directory: directory, path: path)
        do throws(FetchError) {
            input.reference = try reference(
                document["attributes"]?.members ?? [:], isFlake: input.isFlake, directory: directory)
        } catch {
            throw EvalFailure(error)
        }
        if input.reference != nil, input.follows != nil {
            throw .flake("flake input has both a flake reference and a follows attribute")
        }
        return input
    }

    private static func reference(
        _ members: [[UInt8]: JSONDocument], isFlake: Bool, directory: [UInt8]
    ) throws(FetchError) -> FlakeReference? {
        if let path = members[Array("path".utf8)]?.text, members.count == 1 {
            let relative = Array("path:".utf8) + CanonPath.relative(path, to: directory)
            return try FlakeReference(relative, isFlake: isFlake, allowsRelative: true)
        }
        let attributes = try FlakeReference.attributes(members)
        if attributes["type"] != nil { return try FlakeReference(attributes) }
        if let other = attributes.keys.sorted().first(where: { $0 != "url" }) {
            throw .unexpectedInputAttribute(other)
        }
        guard case .text(let url) = attributes["url"] else { return nil }
        return try FlakeReference(url, isFlake: isFlake, allowsRelative: true)
    }
}

extension CanonPath {
    /// A path as it is relative to a directory: `b`, or `../b`.
    static func relative(_ path: [UInt8], to directory: [UInt8]) -> [UInt8] {
        let target = components(path).map(Array.init)
        let base = components(directory).map(Array.init)
        let common = zip(target, base).prefix { $0 == $1 }.count
        let parts = base.dropFirst(common).map { _ in Array("..".utf8) } + target.dropFirst(common)
        return parts.isEmpty ? [UInt8(ascii: ".")] : Array(parts.joined(separator: [UInt8(ascii: "/")]))
    }
}
