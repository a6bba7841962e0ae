import NixBytecode

/// A program whose code is generated when it is first run. Most code that a large package set loads is never run.
///
/// The parts depend on the order in which code is requested; the encoded program (`AnalysedSource.program`) does not.
public final class DeferredProgram {
    public let source: AnalysedSource
    private var generator: CodeGenerator
    /// The error of a failed part. No further part is generated, because the tables of later parts would not follow on.
    private var failure: CompileError?

    /// - Parameters:
    ///   - source: the analysed source.
    ///   - shouldCancel: see `CompileOptions.shouldCancel`; called once.
    /// - Throws: cancellation.
    public init(
        _ source: AnalysedSource, shouldCancel: (@Sendable (_ bytes: Int) -> Bool)? = nil
    ) throws(CompileError) {
        self.source = source
        generator = try CodeGenerator(source.tree, analysis: source.analysis, shouldCancel: shouldCancel)
    }

    /// Generates the code of one chunk, and of the chunks that it needs at once.
    ///
    /// - Parameters:
    ///   - chunkIndex: the chunk's index among all that the parts announced. The first call must be for 0, the top
    ///     level.
    ///   - firstChunk: the number by which code refers to the first chunk that this part announces; the others follow.
    ///   - builder: any builder, whose buffers are reused.
    ///   - shouldCancel: see `CompileOptions.shouldCancel`.
    /// - Returns: the new code, and the table entries and chunks that it newly refers to.
    /// - Throws: limits and cancellation, and the same error from then on.
    public func part(
        _ chunkIndex: Int, firstChunk: UInt32, builder: inout ChunkBuilder,
        shouldCancel: (@Sendable (_ bytes: Int) -> Bool)? = nil
    ) throws(CompileError) -> ProgramPart {
        if let failure { throw failure }
        do throws(CompileError) {
            return try generator.generatePart(
                chunkIndex, firstChunk: firstChunk, builder: &builder, shouldCancel: shouldCancel)
        } catch {
            failure = error
            throw error
        }
    }

    /// Bytes that the generator takes between two parts, without the source.
    public var memoryBytes: Int { generator.retainedBytes }
}
