import Foundation
import NixBytecode
import NixCompiler
import NixSyntax
import Testing

/// Names that the tests' global scope has.
let testGlobals = GlobalNames(
    [
        "true", "false", "null", "builtins", "map", "import", "throw", "__sub", "__mul", "__div", "__lessThan",
        "__findFile", "__nixPath",
    ].map { Array($0.utf8) })

/// Parses and compiles, and has the verifier look at the program.
func compile(_ source: String, scopeNames: [String]? = nil) throws -> CompiledProgram {
    try compile(Array(source.utf8), scopeNames: scopeNames)
}

func compile(_ source: [UInt8], scopeNames: [String]? = nil) throws -> CompiledProgram {
    var options = ParseOptions()
    options.pipeOperators = true
    let tree = try parse(source, options: options)
    let names = scopeNames.map { $0.map { Array($0.utf8) } }
    let compiled = try Compiler.compile(tree, options: CompileOptions(globals: testGlobals, scopeNames: names))
    try compiled.program.verify()
    return compiled
}

/// The code of each chunk on one line: instructions separated by `; `, without offsets and places.
func listing(_ program: Program) -> [String] {
    let disassembler = Disassembler(program)
    return program.chunks.indices.map { index in
        disassembler.chunk(index).split(separator: "\n").dropFirst().map(instruction).joined(separator: "; ")
    }
}

/// A line of the disassembler without its offset, its place, and the spaces that align it.
private func instruction(_ line: Substring) -> String {
    let words = line.split(separator: " ")
    let place = words.dropLast().last == ";" ? 2 : 0
    return words.dropFirst().dropLast(place).joined(separator: " ")
}

/// Compares a source's code, chunk by chunk.
func expectCode(
    _ source: String, _ expected: String..., location: Testing.SourceLocation = #_sourceLocation
) throws {
    let found = try listing(compile(source).program)
    #expect(found == expected, "\(source)", sourceLocation: location)
}

/// The error that compiling a source gives; nil if there is none.
func compileError(_ source: String) throws -> CompileError? {
    do {
        _ = try compile(source)
        return nil
    } catch let error as CompileError {
        return error
    }
}

/// Runs on a thread with the stack that `Compiler.maximumDepth` asks for, which is half of what evaluations have.
func onBigStack<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread {
            continuation.resume(with: Swift.Result(catching: body))
        }
        thread.stackSize = 256 << 20
        thread.start()
    }
}
