import NixVM

/// Looks at attributes of one loaded file as nix-eval-jobs does: each is a derivation, a set to descend into, nothing
/// that can be built, or an error that leaves the others alone.
///
/// What was forced for one attribute stays for the next, so that a package set's common part is evaluated once.
public final class AttributeWalker {
    /// How an attribute set is walked.
    public struct Options: Sendable {
        /// Descend also into sets without `recurseForDerivations`.
        public var forceRecurse: Bool
        /// Add each derivation's `meta`, as far as it can be written as JSON.
        public var meta: Bool
        /// Give errors with their backtraces.
        public var showTrace: Bool

        public init(forceRecurse: Bool = false, meta: Bool = false, showTrace: Bool = false) {
            self.forceRecurse = forceRecurse
            self.meta = meta
            self.showTrace = showTrace
        }
    }

    private let evaluator: Evaluator
    private let root: ValueHandle
    private let arguments: [(name: [UInt8], value: ValueHandle)]
    private let describeFunction: ValueHandle
    private let showTrace: Bool

    /// - Parameter value: what the file holds; a function is called with `arguments` and its defaults.
    /// - Throws: what the file's own evaluation fails with.
    public init(
        _ evaluator: Evaluator, value: ValueHandle, arguments: [(name: [UInt8], value: ValueHandle)],
        options: Options = Options()
    ) throws(EvalFailure) {
        self.evaluator = evaluator
        self.arguments = arguments
        showTrace = options.showTrace
        let machine = evaluator.machine
        let function = try evaluator.force(
            evaluator.load(source: Array(Self.source.utf8), name: "«attribute-walk»", directory: [UInt8(ascii: "/")]))
        describeFunction = try evaluator.call(
            function, [machine.makeBool(options.forceRecurse), machine.makeBool(options.meta)])
        root = try evaluator.autoCall(value, arguments)
    }

    /// Looks at one attribute.
    /// - Parameter path: names from the top down; none is the top itself.
    /// - Returns: a JSON object of one line: `attr` and `attrPath`, and of a derivation `drvPath`, `name`, `outputs`,
    ///   `system` (and `meta`); of what cannot be evaluated `error`; of anything else `attrs`, the names to visit below.
    /// - Throws: what ends the whole evaluation: a limit that was passed, or cancellation.
    public func visit(_ path: [[UInt8]]) throws(EvalFailure) -> [UInt8] {
        let machine = evaluator.machine
        let mark = machine.handleMark()
        defer { machine.releaseHandles(since: mark) }
        let label = (name: Array("attr".utf8), value: machine.makeString(Self.joined(path)))
        let names = (name: Array("attrPath".utf8), value: machine.makeList(path.map(machine.makeString)))
        do throws(EvalFailure) {
            let selected = try evaluator.select(root, steps: path, named: Self.text(Self.joined(path)), arguments)
            let value = try evaluator.autoCall(selected, arguments)
            let description = try evaluator.call(
                describeFunction, [machine.makeAttributes([label, names]), machine.makeBool(path.isEmpty), value])
            return try json(description)
        } catch {
            guard !error.kind.endsEvaluation else { throw error }
            let message = evaluator.describe(error, showTrace: showTrace)
            let failure = (name: Array("error".utf8), value: machine.makeString(Array(message.utf8)))
            return try json(machine.makeAttributes([label, names, failure]))
        }
    }

    private func json(_ value: ValueHandle) throws(EvalFailure) -> [UInt8] {
        evaluator.machine.bytes(try evaluator.call(builtin: "toJSON", [value])) ?? []
    }

    /// Names joined by dots; one that has a dot itself is quoted, as nix-eval-jobs does.
    package static func joined(_ path: [[UInt8]]) -> [UInt8] {
        let dot = UInt8(ascii: ".")
        let quote = UInt8(ascii: "\"")
        return Array(path.map { $0.contains(dot) ? [quote] + $0 + [quote] : $0 }.joined(separator: [dot]))
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Says what a value is. `meta` leaves out what is no plain data, and what refers to another derivation.
    private static let source = """
        forceRecurse: withMeta: header: isTop: value:
        let
          isDerivation = builtins.isAttrs value && value ? type && builtins.isString value.type
            && value.type == "derivation";
          recurses = forceRecurse || value.recurseForDerivations or isTop;
          outputNames = value.outputs or [ "out" ];
          hasPath = name: name == "out" && !(value ? outputs) || value ? ${name} && value.${name} ? outPath;
          outputPath = name: if value ? outputs then value.${name}.outPath else value.outPath;
          outputs = builtins.listToAttrs
            (map (name: { inherit name; value = outputPath name; }) (builtins.filter hasPath outputNames));
          isPlain = v:
            if builtins.isList v then builtins.all isPlain v
            else if builtins.isAttrs v then !(v ? outPath) && builtins.all isPlain (builtins.attrValues v)
            else builtins.isInt v || builtins.isBool v || builtins.isString v || builtins.isFloat v;
          text = attribute: v:
            if builtins.isString v then v
            else throw "the attribute '${attribute}' of the derivation has the type ${builtins.typeOf v}, not string";
          meta = value.meta or { };
          plainMeta = removeAttrs meta (builtins.filter (name: !isPlain meta.${name}) (builtins.attrNames meta));
          derivationFields = {
            name = text "name" (value.name or (throw "derivation name missing"));
            system = text "system" (value.system or "unknown");
            inherit (value) drvPath;
            inherit outputs;
          } // (if withMeta then { meta = plainMeta; } else { });
        in
        header // (
          if isDerivation then derivationFields
          else if builtins.isAttrs value && recurses then { attrs = builtins.attrNames value; }
          else { attrs = [ ]; })
        """
}
