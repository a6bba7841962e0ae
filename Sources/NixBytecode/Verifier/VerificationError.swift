/// A program that could harm the machine, or that no compiler makes.
public struct VerificationError: Error, Hashable, Sendable {
    /// What is wrong. Numbers and names are part of the protocol: append, never change.
    public enum Code: UInt16, CaseIterable, Error, Sendable {
        case noChunks = 100
        case limitExceeded, duplicateSymbol, symbolOutOfRange, constantOutOfRange, shapeOutOfRange
        case formalsOutOfRange, chunkOutOfRange, duplicateName, integerOutOfRange, invalidPath, invalidSpan
        case chunkKind, invalidHeader, misplacedFormals
        case unknownOpcode, truncatedInstruction, notCanonical, operandOverflow, countTooSmall
        case stackUnderflow, wrongMaximumStack, slotOutOfRange, upvalueOutOfRange
        case captureCount, captureKind, misusedWith, jumpOutOfRange, jumpIntoInstruction, heightMismatch, withMismatch
        case unreachableCode, fallsOffEnd, unknownCoercion, constantKind
    }

    /// Where in the program it lies, by index.
    public enum Location: Hashable, Sendable {
        case program
        case symbol(Int)
        case constant(Int)
        case shape(Int)
        case formals(Int)
        /// A chunk's header.
        case chunk(Int)
        /// An instruction: the offset of its opcode in the chunk's code.
        case code(chunk: Int, offset: Int)
    }

    public var code: Code
    public var location: Location

    public init(_ code: Code, at location: Location) {
        self.code = code
        self.location = location
    }
}

extension VerificationError.Code {
    /// One line for people and for the documentation.
    public var documentation: String {
        switch self {
        case .noChunks: "There is no top level."
        case .limitExceeded: "Arity, upvalues, stack, code or nesting of chunks over the limit of the format."
        case .duplicateSymbol: "Two symbols have the same name."
        case .symbolOutOfRange: "No such symbol."
        case .constantOutOfRange: "No such constant."
        case .shapeOutOfRange: "No such shape."
        case .formalsOutOfRange: "No such formals."
        case .chunkOutOfRange:
            "No such chunk, or one whose index is not greater than that of the chunk referring to it."
        case .duplicateName: "A name stands twice in a shape or in formals."
        case .integerOutOfRange: "An integer operand or default has more than 61 bits."
        case .invalidPath: "A path constant is empty or has a zero byte."
        case .invalidSpan:
            "A span ends before it starts, spans or lines do not ascend, an instruction's span starts inside an "
                + "instruction or past the code, or spans are there without lines."
        case .chunkKind: "A chunk is of another kind than its place or its use asks for."
        case .invalidHeader: "A chunk's arity, parameters, spans or upvalues do not fit its kind or each other."
        case .misplacedFormals:
            "Formals of a chunk that is no lambda, of two chunks, or unpacked by another chunk, twice, or from another "
                + "slot than the last argument's."
        case .unknownOpcode: "No such opcode, or one internal to the machine."
        case .truncatedInstruction: "The code ends inside an instruction."
        case .notCanonical: "An operand is longer than it needs to be."
        case .operandOverflow: "An operand is 2^64 or more, or more than its kind can be."
        case .countTooSmall: "A count is below the opcode's minimum."
        case .stackUnderflow: "The instruction takes more values than lie above the arguments."
        case .wrongMaximumStack: "The chunk's maximum stack is not what its code needs."
        case .slotOutOfRange: "A slot at or above the height of the stack."
        case .upvalueOutOfRange: "No such upvalue."
        case .captureCount: "Captures are not as many as the chunk's upvalues, or differ in the `with` chain."
        case .captureKind: "A position of a kind that is not allowed here."
        case .misusedWith: "A link of the `with` chain where a value must be, or a value where a link must be."
        case .jumpOutOfRange: "A jump past the end of the code."
        case .jumpIntoInstruction: "A jump to the inside of an instruction."
        case .heightMismatch: "Two ways to an instruction differ in the height of the stack."
        case .withMismatch: "Two ways to an instruction differ in the open links of the `with` chain."
        case .unreachableCode: "Nothing leads to the instruction."
        case .fallsOffEnd: "The code ends without return, tailCall or assertFail."
        case .unknownCoercion: "A bit of the coercion byte that means nothing."
        case .constantKind: "The constant must be a string."
        }
    }
}

extension VerificationError: CustomStringConvertible {
    public var description: String {
        "not a safe program: \(code) (\(code.rawValue)) at \(location): \(code.documentation)"
    }
}

extension VerificationError.Location: CustomStringConvertible {
    public var description: String {
        switch self {
        case .program: "program"
        case .symbol(let index): "symbol \(index)"
        case .constant(let index): "constant \(index)"
        case .shape(let index): "shape \(index)"
        case .formals(let index): "formals \(index)"
        case .chunk(let index): "chunk \(index)"
        case .code(let chunk, let offset): "chunk \(chunk) offset \(offset)"
        }
    }
}
