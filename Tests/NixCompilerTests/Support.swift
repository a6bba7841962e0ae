import Foundation
import NixBytecode
import NixCompiler
import NixSyntax
import Testing

/// The global names in the tests.
let testGlobals = GlobalNames(
    [
        "true", "false", "null", "builtins", "map", "import", "throw", "__sub", "__mul", "__div", "__lessThan",
        "__findFile", "__nixPath",
    ].map { Array($0.utf8) })

/// Parses, compiles and verifies a source.
func compile(
    _ source: String, scopeNames: [String]? = nil, delaysLikeNix: Bool = false
) throws -> CompiledProgram {
    try compile(Array(source.utf8), scopeNames: scopeNames, delaysLikeNix: delaysLikeNix)
}

func compile(
    _ source: [UInt8], scopeNames: [String]? = nil, delaysLikeNix: Bool = false
) throws -> CompiledProgram {
    var options = ParseOptions()
    options.pipeOperators = true
    let tree = try parse(source, options: options)
    let names = scopeNames.map { $0.map { Array($0.utf8) } }
    let compiled = try Compiler.compile(
        tree, options: CompileOptions(globals: testGlobals, scopeNames: names, delaysLikeNix: delaysLikeNix))
    try compiled.program.verify()
    return compiled
}

/// The code of each chunk on one line: instructions separated by `; `, without offsets and locations.
func listing(_ program: Program) -> [String] {
    let disassembler = Disassembler(program)
    return program.chunks.indices.map { index in
        disassembler.chunk(index).split(separator: "\n").dropFirst().map(instruction).joined(separator: "; ")
    }
}

/// A line of the disassembler without its offset, location and padding.
private func instruction(_ line: Substring) -> String {
    let words = line.split(separator: " ")
    let commentWords = words.dropLast().last == ";" ? 2 : 0
    return words.dropFirst().dropLast(commentWords).joined(separator: " ")
}

/// Compares the code of a source, chunk by chunk.
func expectCode(
    _ source: String, delaysLikeNix: Bool = false, _ expected: String...,
    location: Testing.SourceLocation = #_sourceLocation
) throws {
    let found = try listing(compile(source, delaysLikeNix: delaysLikeNix).program)
    #expect(found == expected, "\(source)", sourceLocation: location)
}

/// The error of compiling a source; nil if there is none.
func compileError(_ source: String) throws -> CompileError? {
    do {
        _ = try compile(source)
        return nil
    } catch let error as CompileError {
        return error
    }
}

/// Runs `body` on a thread with the stack that `Compiler.maximumDepth` requires, which is half of that of evaluations.
func onBigStack<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread {
            continuation.resume(with: Swift.Result(catching: body))
        }
        thread.stackSize = 256 << 20
        thread.start()
    }
}
