import SwiftProtobuf

extension WireJobSpecification {
    /// Decodes a job of a batch and checks every rule of protocol/firn-1.md, section 7.
    ///
    /// - Throws: `jobTooLarge` or `invalidJob` with the field and the rule that it breaks.
    public static func validated(
        encoded bytes: some SwiftProtobufContiguousBytes, maxBytes: Int = ProtocolLimits.jobBytes
    ) throws(ProtocolError) -> WireJobSpecification {
        guard bytes.count <= maxBytes else {
            throw ProtocolError(.jobTooLarge, "the job has \(bytes.count) bytes; at most \(maxBytes) are taken")
        }
        let specification: WireJobSpecification
        do {
            specification = try WireJobSpecification(serializedBytes: bytes)
        } catch {
            throw ProtocolError(.invalidJob, "the job is not a readable JobSpecification: \(error)")
        }
        try specification.validate()
        return specification
    }

    /// Checks the rules of section 7.
    ///
    /// - Throws: `invalidJob` with the field and the rule that it breaks.
    public func validate() throws(ProtocolError) {
        try validateRoots()
        try validateProgram()
        try validateArguments()
        try Self.require(ProtocolLimits.priority.contains(priority), "priority is \(priority), not -1000 to 1000")
        try Self.require(
            idempotencyKey.count <= ProtocolLimits.idempotencyKeyBytes, "idempotency_key has more than 64 bytes")
        try Self.require(label.utf8.count <= ProtocolLimits.labelBytes, "label has more than 200 bytes")
        try Self.require(Self.isKnown(traceLevel), "trace_level \(traceLevel.rawValue) is not known")
        try Self.require(Self.isKnown(format), "format \(format.rawValue) is not known")
        try Self.require(notBeforeUnixMs >= 0 && expiresUnixMs >= 0, "a time is negative")
        try Self.require(
            expiresUnixMs == 0 || notBeforeUnixMs < expiresUnixMs, "expires_unix_ms is not after not_before_unix_ms")
        try Self.requireNames(features, "features", atMost: ProtocolLimits.features)
        try Self.require(
            evaluatorVersion.utf8.count <= ProtocolLimits.nameBytes, "evaluator_version has more than 255 bytes")
        try Self.require(system.utf8.count <= ProtocolLimits.systemBytes, "system has more than 64 bytes")
        try validateSearchPath()
        if hasDirectory { try validateDirectory(directory, "directory") }
        if hasWalk { try validateWalk() }
        if hasClosure { try validateClosure() }
        if hasPrepared { try validatePrepared() }
        try validateScheduling()
    }

    private func validateSearchPath() throws(ProtocolError) {
        try Self.require(
            searchPath.count <= ProtocolLimits.searchPath,
            "search_path has more than \(ProtocolLimits.searchPath) entries")
        for entry in searchPath {
            try Self.require(
                entry.prefix.count <= ProtocolLimits.pathBytes && entry.path.count <= ProtocolLimits.pathBytes,
                "an entry of search_path has more than \(ProtocolLimits.pathBytes) bytes")
            try Self.require(
                entry.path.first == UInt8(ascii: "/") && !entry.path.contains(0) && !entry.prefix.contains(0),
                "an entry of search_path has no absolute path, or the byte 0")
        }
    }

    private func validateWalk() throws(ProtocolError) {
        try Self.require(
            (1...ProtocolLimits.walkPaths).contains(walk.paths.count),
            "walk.paths has \(walk.paths.count) paths, not 1 to \(ProtocolLimits.walkPaths)")
        try Self.require(
            walk.paths.allSatisfy { $0.names.count <= ProtocolLimits.walkDepth },
            "a path of walk.paths has more than \(ProtocolLimits.walkDepth) names")
        try Self.require(
            attribute.isEmpty && format == .nix && !strict, "walk goes with none of attribute, format and strict")
    }

    private func validateClosure() throws(ProtocolError) {
        switch closure.destination {
        case .client: break
        case .cache:
            try Self.require(
                closure.localRoots.isEmpty, "closure.local_roots goes with the destination CLIENT, which reads them")
        case .UNRECOGNIZED(let number):
            throw ProtocolError(.invalidJob, "closure.destination \(number) is not known")
        }
        try Self.require(
            closure.run.count <= ProtocolLimits.runBytes, "closure.run has more than \(ProtocolLimits.runBytes) bytes")
        try Self.requireNames(closure.localRoots, "closure.local_roots", atMost: ProtocolLimits.roots)
        let names = Set(roots.map(\.name))
        for name in closure.localRoots where !names.contains(name) {
            throw ProtocolError(
                .invalidJob, "closure.local_roots names \"\(name)\", which is not one of the job's roots")
        }
    }

    private func validateRoots() throws(ProtocolError) {
        try Self.requireNames(roots.map(\.name), "roots", atMost: ProtocolLimits.roots)
        try Self.require(
            roots.allSatisfy { $0.contentID.count <= ProtocolLimits.contentIDBytes },
            "a content id has more than 64 bytes")
    }

    private func validateProgram() throws(ProtocolError) {
        switch program {
        case .source(let source): try Self.validateName(source.name, "source.name")
        case .rootFile(let file): try validate(file, "root_file")
        case .encoded(let encoded):
            try Self.require(!encoded.program.isEmpty, "encoded.program is empty")
            try Self.validateName(encoded.name, "encoded.name")
            if encoded.hasBase, !encoded.base.root.isEmpty { try validateDirectory(encoded.base, "encoded.base") }
        case .bundle(let bundle): try Self.validate(bundle)
        case nil:
            guard hasPrepared else {
                throw ProtocolError(.invalidJob, "none of source, root_file, encoded, bundle and prepared is set")
            }
        }
    }

    private func validatePrepared() throws(ProtocolError) {
        try Self.require(
            (1...ProtocolLimits.nameBytes).contains(prepared.name.utf8.count),
            "prepared.name is empty or longer than \(ProtocolLimits.nameBytes) bytes")
        try Self.require(
            [0, ProtocolLimits.preparedIdentityBytes].contains(prepared.identity.count),
            "prepared.identity has \(prepared.identity.count) bytes, not \(ProtocolLimits.preparedIdentityBytes)")
        switch program {
        case nil, .source: break
        case .rootFile, .encoded, .bundle:
            throw ProtocolError(.invalidJob, "prepared goes with a source or without a program")
        }
        try Self.require(
            system.isEmpty && features.isEmpty && searchPath.isEmpty,
            "prepared goes with none of system, features and search_path, which the set has")
    }

    /// A name is bounded because every frame of a backtrace repeats it.
    private static func validateName(_ name: String, _ field: String) throws(ProtocolError) {
        try require(
            name.utf8.count <= ProtocolLimits.pathBytes, "\(field) has more than \(ProtocolLimits.pathBytes) bytes")
    }

    private func validate(_ file: WireRootFile, _ field: String) throws(ProtocolError) {
        try Self.require(
            roots.contains { $0.name == file.root }, "\(field).root \"\(file.root)\" is not one of the job's roots")
        if let fault = RelativePath.fault(in: file.path) {
            throw ProtocolError(.invalidJob, "\(field).path \(fault)")
        }
    }

    /// A directory may be the root itself.
    private func validateDirectory(_ directory: WireRootFile, _ field: String) throws(ProtocolError) {
        guard directory.path.isEmpty else { return try validate(directory, field) }
        try Self.require(
            roots.contains { $0.name == directory.root },
            "\(field).root \"\(directory.root)\" is not one of the job's roots")
    }

    private static func validate(_ bundle: WireBundle) throws(ProtocolError) {
        try require(
            (1...ProtocolLimits.bundleFiles).contains(bundle.files.count),
            "bundle.files has \(bundle.files.count) entries, not 1 to \(ProtocolLimits.bundleFiles)")
        var paths: Set<String> = []
        for file in bundle.files {
            if let fault = RelativePath.fault(in: file.path) {
                throw ProtocolError(.invalidJob, "the path of a bundle's file \(fault)")
            }
            try require(paths.insert(file.path).inserted, "bundle.files has \"\(file.path)\" twice")
        }
        try require(paths.contains(bundle.entry), "bundle.entry \"\(bundle.entry)\" is not one of its files")
        for path in paths {
            if let directory = parents(of: path).first(where: paths.contains) {
                throw ProtocolError(
                    .invalidJob, "\"\(directory)\" is a file of the bundle and a directory of \"\(path)\"")
            }
        }
    }

    private static func parents(of path: String) -> [String] {
        path.indices.filter { path[$0] == "/" }.map { String(path[..<$0]) }
    }

    private func validateArguments() throws(ProtocolError) {
        try Self.requireNames(arguments.map(\.name), "arguments", atMost: ProtocolLimits.arguments)
        for argument in arguments {
            try Self.require(argument.value != nil, "argument \"\(argument.name)\" has no value")
        }
    }

    private static func requireNames(_ names: [String], _ field: String, atMost limit: Int) throws(ProtocolError) {
        try require(names.count <= limit, "\(field) has more than \(limit) entries")
        try require(Set(names).count == names.count, "\(field) names something twice")
        try require(
            names.allSatisfy { (1...ProtocolLimits.nameBytes).contains($0.utf8.count) },
            "\(field) has a name that is empty or longer than 255 bytes")
    }

    static func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(ProtocolError) {
        guard condition else { throw ProtocolError(.invalidJob, message()) }
    }

    private static func isKnown(_ level: WireTraceLevel) -> Bool {
        if case .UNRECOGNIZED = level { return false }
        return true
    }

    private static func isKnown(_ format: WireOutputFormat) -> Bool {
        if case .UNRECOGNIZED = format { return false }
        return true
    }
}
