import NixBytecode

/// A program whose code is made when it is first run. Most of what a large package set reads is never run.
///
/// What it gives depends on the order in which code is asked for; the program that is encoded does not
/// (`AnalysedSource.program`).
public final class DeferredProgram {
    public let source: AnalysedSource
    private var generator: CodeGenerator
    /// Why code could not be made. The tables of the parts do not fit each other after that.
    private var failure: CompileError?

    /// - Parameter shouldCancel: as `CompileOptions.shouldCancel`, asked once.
    public init(
        _ source: AnalysedSource, shouldCancel: (@Sendable (_ bytes: Int) -> Bool)? = nil
    ) throws(CompileError) {
        self.source = source
        generator = try CodeGenerator(source.tree, analysis: source.analysis, shouldCancel: shouldCancel)
    }

    /// The code of one chunk, and of those that it needs at once.
    ///
    /// - Parameters:
    ///   - chunkIndex: the chunk's place among all that the parts announced; 0 is the top level, to be asked for first.
    ///   - firstChunk: the number that code shall use for the first chunk that the part announces; the others follow.
    ///   - builder: any; its room is used.
    ///   - shouldCancel: as `CompileOptions.shouldCancel`.
    public func part(
        _ chunkIndex: Int, firstChunk: UInt32, builder: inout ChunkBuilder,
        shouldCancel: (@Sendable (_ bytes: Int) -> Bool)? = nil
    ) throws(CompileError) -> ProgramPart {
        if let failure { throw failure }
        do throws(CompileError) {
            return try generator.generatePart(chunkIndex, firstChunk: firstChunk, builder: &builder, shouldCancel: shouldCancel)
        } catch {
            failure = error
            throw error
        }
    }

    /// What it takes in memory beside its source, between two parts.
    public var memoryBytes: Int { generator.keptBytes }
}
