import FirnProtocol

extension WireJobSpecification {
    /// Whether the fields make sense and keep the protocol's bounds and the tenant's.
    /// - Throws: the error for the job's receipt; it names the field.
    func check(policy: TenantPolicy) throws(ProtocolError) {
        try checkProgram()
        try checkSizes()
        try checkLimits(policy.maximumLimits)
        try checkRoots(policy)
    }

    private func checkProgram() throws(ProtocolError) {
        switch program {
        case nil:
            throw .invalidJob("program: none of source, root_file, encoded, bundle is set")
        case .source(let source):
            try Self.checkName(source.name, field: "source.name")
        case .rootFile(let file):
            try Self.checkPath(file.path, field: "root_file.path")
        case .encoded(let encoded):
            try Self.checkName(encoded.name, field: "encoded.name")
            if encoded.hasBase, !encoded.base.path.isEmpty {
                try Self.checkPath(encoded.base.path, field: "encoded.base.path")
            }
        case .bundle(let bundle):
            try Self.check(bundle)
        }
    }

    private static func check(_ bundle: WireBundle) throws(ProtocolError) {
        guard bundle.files.count <= ProtocolLimits.bundleFiles else {
            throw .invalidJob("bundle.files: \(bundle.files.count) files and at most \(ProtocolLimits.bundleFiles) fit")
        }
        var paths = Set<String>()
        for file in bundle.files {
            try checkPath(file.path, field: "bundle.files.path")
            guard paths.insert(file.path).inserted else {
                throw .invalidJob("bundle.files: '\(file.path)' comes twice")
            }
        }
        guard paths.contains(bundle.entry) else {
            throw .invalidJob("bundle.entry: '\(bundle.entry)' is none of the bundle's files")
        }
    }

    private func checkSizes() throws(ProtocolError) {
        try Self.checkCount(arguments.count, ProtocolLimits.arguments, field: "arguments")
        try Self.checkCount(roots.count, ProtocolLimits.roots, field: "roots")
        try Self.checkCount(features.count, ProtocolLimits.features, field: "features")
        try Self.checkCount(idempotencyKey.count, ProtocolLimits.idempotencyKeyBytes, field: "idempotency_key")
        try Self.checkCount(label.utf8.count, ProtocolLimits.labelBytes, field: "label")
        try Self.checkCount(attribute.utf8.count, ProtocolLimits.pathBytes, field: "attribute")
        try Self.checkName(evaluatorVersion, field: "evaluator_version")
        guard ProtocolLimits.priority.contains(priority) else {
            throw .invalidJob("priority: \(priority) is not within \(ProtocolLimits.priority)")
        }
        for argument in arguments {
            guard !argument.name.isEmpty, argument.value != nil else {
                throw .invalidJob("arguments: one has no name or no value")
            }
        }
        if case .UNRECOGNIZED(let number) = traceLevel { throw .invalidJob("trace_level: \(number) is not known") }
        if case .UNRECOGNIZED(let number) = format { throw .invalidJob("format: \(number) is not known") }
    }

    private func checkLimits(_ maximum: WireLimits) throws(ProtocolError) {
        let pairs: [(String, UInt64, UInt64)] = [
            ("fuel", limits.fuel, maximum.fuel), ("memory_bytes", limits.memoryBytes, maximum.memoryBytes),
            ("depth", limits.depth, maximum.depth), ("timeout_ms", limits.timeoutMs, maximum.timeoutMs),
            ("result_bytes", limits.resultBytes, maximum.resultBytes),
            ("trace_bytes", limits.traceBytes, maximum.traceBytes),
        ]
        for (name, value, most) in pairs where value > most {
            throw .invalidJob("limits.\(name): \(value) is above this tenant's maximum of \(most)")
        }
    }

    private func checkRoots(_ policy: TenantPolicy) throws(ProtocolError) {
        for root in roots {
            try Self.checkCount(root.contentID.count, ProtocolLimits.contentIDBytes, field: "roots.content_id")
        }
        for name in roots.map(\.name) + rootsOfProgram {
            try Self.checkName(name, field: "roots.name")
            guard !name.isEmpty else { throw .invalidJob("roots.name: a root has no name") }
            guard policy.roots?.contains(name) ?? true else {
                throw ProtocolError(.notPermitted, "roots.name: this tenant may not read the root '\(name)'")
            }
        }
    }

    private static func checkCount(_ count: Int, _ most: Int, field: String) throws(ProtocolError) {
        guard count <= most else { throw .invalidJob("\(field): \(count) is above the maximum of \(most)") }
    }

    private static func checkName(_ name: String, field: String) throws(ProtocolError) {
        try checkCount(name.utf8.count, ProtocolLimits.nameBytes, field: field)
    }

    /// Relative, without empty, `.` or `..` parts and without a zero byte: such a path cannot lead out.
    private static func checkPath(_ path: String, field: String) throws(ProtocolError) {
        try checkCount(path.utf8.count, ProtocolLimits.pathBytes, field: field)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !["", ".", ".."].contains($0) }), !path.utf8.contains(0) else {
            throw .invalidJob("\(field): '\(path)' is not a relative path without '.', '..' and empty parts")
        }
    }
}

extension ProtocolError {
    static func invalidJob(_ message: String) -> ProtocolError { ProtocolError(.invalidJob, message) }
}
