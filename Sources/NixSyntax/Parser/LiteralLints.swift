import MessageText

/// What to report about discouraged literals: Nix's settings `lint-url-literals`, `lint-short-path-literals` and
/// `lint-absolute-path-literals`.
public struct LiteralLints: Sendable, Hashable {
    /// What is reported: nothing, a warning, or an error.
    public enum Level: String, Sendable, CaseIterable {
        case ignore, warn, fatal
    }

    /// URLs without quotes.
    public var urls = Level.ignore
    /// Relative paths that do not start with a dot.
    public var shortPaths = Level.ignore
    /// Paths that start with `/` or `~/`.
    public var absolutePaths = Level.ignore

    public init() {}

    public var areIgnored: Bool { self == LiteralLints() }

    /// A literal that one of the settings reports.
    public struct Finding: Sendable {
        /// The message as Nix words it, with the name of the setting.
        public var message: String
        public var span: Span
        public var isFatal: Bool
    }
}

extension SyntaxTree {
    /// The literals that the settings report, in source order. The messages are made lazily, because a source may have
    /// one for every few bytes.
    public func findings(_ lints: LiteralLints) -> some Sequence<LiteralLints.Finding> {
        let literals = lints.areIgnored ? [] : nodes.indices.filter { isLiteral(nodes[$0]) }
        return literals.sorted { spans[$0].start < spans[$1].start }.lazy.compactMap {
            finding(nodes[$0], spans[$0], lints)
        }
    }

    private func isLiteral(_ node: Node) -> Bool {
        switch node {
        case .uri, .path, .homePath, .interpolatedPath: true
        default: false
        }
    }

    private func finding(_ node: Node, _ span: Span, _ lints: LiteralLints) -> LiteralLints.Finding? {
        switch node {
        case .uri(let text): return urlFinding(MessageText.shortened(bytes(of: text)), span, lints.urls)
        case .path(let text), .homePath(let text): return pathFinding(bytes(of: text), span, lints)
        case .interpolatedPath(let parts):
            guard let first = parts.range.first, case .literal(let text) = self.parts[first] else { return nil }
            return pathFinding(bytes(of: text), span, lints)
        default: return nil
        }
    }

    private func urlFinding(_ text: String, _ span: Span, _ level: LiteralLints.Level) -> LiteralLints.Finding? {
        let verdict = level == .fatal ? "disallowed" : "discouraged"
        return finding(
            "URL literals are \(verdict). Consider using a string literal \"\(text)\" instead", "lint-url-literals",
            span, level)
    }

    private func pathFinding(_ bytes: [UInt8], _ span: Span, _ lints: LiteralLints) -> LiteralLints.Finding? {
        let text = MessageText.shortened(bytes)
        switch bytes.first {
        case UInt8(ascii: "/"), UInt8(ascii: "~"):
            let kind = bytes.first == UInt8(ascii: "/") ? "absolute" : "home"
            return finding(
                "\(kind) path literals are not portable. Consider replacing path literal '\(text)' by a string, "
                    + "relative path, or parameter", "lint-absolute-path-literals", span, lints.absolutePaths)
        case UInt8(ascii: "."): return nil
        default:
            return finding(
                "relative path literal '\(text)' should be prefixed with '.' for clarity: './\(text)'",
                "lint-short-path-literals", span, lints.shortPaths)
        }
    }

    private func finding(
        _ message: String, _ setting: String, _ span: Span, _ level: LiteralLints.Level
    ) -> LiteralLints.Finding? {
        if level == .ignore { return nil }
        return LiteralLints.Finding(message: "\(message) (\(setting))", span: span, isFatal: level == .fatal)
    }
}
