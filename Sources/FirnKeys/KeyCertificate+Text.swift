import FirnProtocol

extension KeyCertificate {
    /// The certificate as the text of its file.
    public var text: String {
        var lines = ["metadata"]
        switch owner {
        case .coordinator: lines.append("    role = \"coordinator\"")
        case .peer(let identity):
            lines.append("    role = \"\(identity.role.rawValue)\"")
            if let tenant = identity.tenant { lines.append("    tenant = \"\(tenant.name)\"") }
            lines.append("    name = \"\(identity.keyName)\"")
        }
        lines.append("curve")
        lines.append("    public-key = \"\(publicKey)\"")
        if let secretKey { lines.append("    secret-key = \"\(secretKey)\"") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Reads the text of a file. Comments (lines that begin with `#`) and unknown entries are ignored.
    ///
    /// - Throws: `KeyError.malformed` with the line or entry that is wrong.
    public init(text: String) throws(KeyError) {
        let entries = try Self.entries(of: text)
        guard let publicKey = entries["curve/public-key"] else { throw .malformed("public-key is missing") }
        try self.init(
            owner: try Self.owner(entries), publicKey: publicKey, secretKey: entries["curve/secret-key"])
    }

    private static func owner(_ entries: [String: String]) throws(KeyError) -> Owner {
        guard let roleName = entries["metadata/role"] else { throw .malformed("role is missing") }
        if roleName == "coordinator" { return .coordinator }
        guard let role = Role(rawValue: roleName) else {
            throw .malformed("role \"\(roleName)\" is not client, worker, operator or coordinator")
        }
        let tenantName = entries["metadata/tenant"]
        let tenant = tenantName.flatMap(Tenant.init)
        guard let name = entries["metadata/name"],
            let identity = Identity(role: role, tenant: tenant, keyName: name), (tenantName == nil) == (tenant == nil)
        else {
            throw .malformed(
                "name or tenant is missing or not allowed: 1 to 63 of a-z 0-9 - _ . each, a tenant exactly for clients")
        }
        return .peer(identity)
    }

    /// The entries as `section/key` with their values.
    private static func entries(of text: String) throws(KeyError) -> [String: String] {
        var section = ""
        var entries: [String: String] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.drop { $0 == " " || $0 == "\t" }
            let trimmed = content.reversed().drop { $0 == " " || $0 == "\t" || $0 == "\r" }.reversed()
            if trimmed.isEmpty || trimmed.first == "#" { continue }
            guard content.count < line.count else {
                section = String(trimmed)
                continue
            }
            let (key, value) = try entry(String(trimmed), line: index + 1)
            guard entries.updateValue(value, forKey: "\(section)/\(key)") == nil else {
                throw .malformed("line \(index + 1) says \(key) a second time")
            }
        }
        return entries
    }

    private static func entry(_ text: String, line: Int) throws(KeyError) -> (key: String, value: String) {
        // A value may contain `=`, but a key may not.
        guard let equals = text.firstIndex(of: "=") else { throw .malformed("line \(line) is not NAME = \"VALUE\"") }
        let key = text[..<equals].filter { $0 != " " && $0 != "\t" }
        let value = text[text.index(after: equals)...].drop { $0 == " " || $0 == "\t" }
        guard let quote = value.first, quote == "\"" || quote == "'", value.count >= 2, value.last == quote else {
            throw .malformed("line \(line) has a value that is not in quotes")
        }
        return (key, String(value.dropFirst().dropLast()))
    }
}
