/// The rule for paths in messages: a path names something below a directory and never leaves it.
public enum RelativePath {
    /// - Returns: nil if the path follows the rule, and otherwise what is wrong with it.
    public static func fault(in path: String) -> String? {
        let bytes = path.utf8
        guard !bytes.isEmpty else { return "is empty" }
        guard bytes.count <= ProtocolLimits.pathBytes else { return "has more than \(ProtocolLimits.pathBytes) bytes" }
        guard !bytes.contains(0) else { return "contains a zero byte" }
        for part in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if part.isEmpty { return "begins or ends with / or has an empty part" }
            if part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8) { return "has a part . or .." }
        }
        return nil
    }
}
