import NixEval
import NixStore
import NixVM

/// Making the image of a prepared set by hand, for `firn image build`.
public enum PreparedSetFile {
    /// What was made.
    public struct Result: Sendable {
        /// The set's identity, which workers that make it themselves compute as well.
        public var identity: [UInt8]
        public var summary: ImageSummary
    }

    /// Reads a root, evaluates a set in it and writes the set's image.
    ///
    /// - Parameters:
    ///   - set: the set.
    ///   - directory: the directory of its root.
    ///   - limits: the limits of the evaluation.
    ///   - path: the file of the image, which is replaced as a whole.
    /// - Throws: why the root cannot be read, the set not be evaluated, or the image not be written.
    public static func build(
        _ set: PreparedSet, directory: [UInt8], limits: EvaluationLimits, to path: String
    ) throws -> Result {
        let io = try RootedIO(roots: [RootedIO.Root(name: set.root, directory: directory)])
        var fault: RootContentError?
        let announced = RootContent.announce([set.root], in: io, unreadable: { fault = $0 }).first
        if let fault { throw fault }
        let identity = set.identity(contentID: [UInt8](announced?.contentID ?? .init()))
        let summary = try HeapImage.build(set.specification, identity: identity, io: io, limits: limits, to: path)
        return Result(identity: identity, summary: summary)
    }
}
