import ArgumentParser
import FirnCommands
import FirnProtocol
import FirnWorker
import NixEval
import NixStore
import NixVM

/// The command `firn image`.
struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Make and show images of prepared sets.",
        discussion: """
            An image is a file of an evaluated heap, from which the jobs of a worker begin (preparedSets in its configuration). \
            Only the build of firn that made an image can use it, and only the user who made it.

            Example: firn image build --root nixpkgs=./nixpkgs -o nixpkgs.image
            """,
        subcommands: [ImageBuildCommand.self, ImageInfoCommand.self])
}

/// The command `firn image build`.
struct ImageBuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Evaluate a package set and write its heap to a file.",
        discussion: """
            Equal roots and options give equal files.

            Example: firn image build --root nixpkgs=./nixpkgs --arg config '{ }' --force stdenv -o nixpkgs.image
            """)

    @Option(help: ArgumentHelp("The name and the directory of the root that the set is in.", valueName: "name=dir"))
    var root: RootArgument

    @Option(help: "The file of the root that is evaluated.")
    var path = "default.nix"

    @Option(
        name: [.customLong("arg"), .customLong("argstr")],
        help: "NAME EXPR, or with --argstr NAME TEXT: pass an argument to the file's function.")
    var arguments: [CallArgument] = []

    @Option(
        help: ArgumentHelp(
            "An attribute path to evaluate; repeatable. Without any, what the attributes of the set have in common.",
            valueName: "attr"))
    var force: [String] = []

    @Option(help: "The value of builtins.currentSystem (default: that of this machine).")
    var system = OwnSystem.name

    @Option(name: .customLong("feature"), help: "Enable an experimental feature of Nix; repeatable.")
    var features: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("The file of the image.", valueName: "file"))
    var output: String

    @Option(help: "The limit on memory, such as 512M, 2GiB or a number of bytes.")
    var maxMemory: ByteSize?

    @Option(help: ArgumentHelp("The limit on time.", valueName: "seconds"))
    var maxTime: Double?

    @Flag(help: "Print one JSON document.")
    var json = false

    mutating func validate() throws {
        if let fault = RelativePath.fault(in: path) { throw ValidationError("--path \(fault)") }
        try CallArgument.check(arguments)
        if let maxTime, !(maxTime > 0 && maxTime < 1e9) {
            throw ValidationError("--max-time takes seconds above 0 and below 1000000000, not \(maxTime)")
        }
        if let unknown = features.first(where: { !ExperimentalFeature.known.contains($0) }) {
            let known = ExperimentalFeature.known.joined(separator: ", ")
            throw ValidationError("--feature: '\(unknown)' is not known; known: \(known)")
        }
    }

    func run() throws {
        var set = PreparedSet(name: root.name, root: root.name)
        set.path = path
        set.force = force
        set.system = system
        set.features = features
        set.arguments = try CallArgument.last(arguments).map { argument in
            PreparedSet.Argument(name: argument.name, expression: try expression(argument))
        }
        var limits = EvaluationLimits()
        limits.memoryBytes = maxMemory?.bytes
        limits.timeout = maxTime.map { .seconds($0) }
        let result: PreparedSetFile.Result
        do {
            result = try PreparedSetFile.build(
                set, directory: Array(try root.resolved().utf8), limits: limits, to: output)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("no image was made: \(error)")
        }
        let summary = result.summary
        let identity = String(decoding: Base16.encode(result.identity), as: UTF8.self)
        let object = JSONValue.object([
            ("file", .string(output)), ("identity", .string(identity)), ("bytes", .unsigned(UInt64(summary.byteCount))),
            ("fuel", .unsigned(UInt64(summary.fuel))), ("attributes", .unsigned(UInt64(summary.attributes))),
            ("failures", .unsigned(UInt64(summary.failures))),
        ])
        let text =
            "\(output): \(identity), \(summary.byteCount) bytes; \(summary.attributes) attributes evaluated, of which "
            + "\(summary.failures) failed, with \(summary.fuel) units of fuel"
        Output.write(1, (json ? object.text : text) + "\n")
    }

    /// The expression of an argument.
    private func expression(_ argument: CallArgument) throws -> String {
        if case .expression(let source) = argument.value { return source }
        let text = String(decoding: try argument.text() ?? [], as: UTF8.self)
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("${", with: "\\${")
        return "\"\(escaped)\""
    }
}

/// The command `firn image info`.
struct ImageInfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Check an image and show what it is.",
        discussion: "Example: firn image info nixpkgs.image --json")

    @Argument(help: "The file of the image.")
    var file: String

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
        do throws(ImageError) {
            let image = try HeapImage(opening: file)
            let identity = String(decoding: Base16.encode(image.identity), as: UTF8.self)
            let object = JSONValue.object([
                ("file", .string(file)), ("identity", .string(identity)), ("bytes", .unsigned(UInt64(image.byteCount))),
            ])
            Output.write(1, (json ? object.text : "\(file): \(identity), \(image.byteCount) bytes") + "\n")
        } catch {
            throw CommandFailure("'\(file)': \(error.text)")
        }
    }
}
