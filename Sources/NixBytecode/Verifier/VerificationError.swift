/// A program that could violate the machine's memory safety, or that no compiler generates.
public struct VerificationError: Error, Hashable, Sendable {
    /// What is wrong. The numbers and names are part of the protocol: new codes are appended, and none is changed.
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

    /// The location in the program, by index.
    public enum Location: Hashable, Sendable {
        case program
        case symbol(Int)
        case constant(Int)
        case shape(Int)
        case formals(Int)
        /// A chunk's header.
        case chunk(Int)
        /// An instruction, by the offset of its opcode in the chunk's code.
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
    /// The meaning of the code in one line, for messages and the protocol's page.
    public var documentation: String {
        switch self {
        case .noChunks: "There is no top level."
        case .limitExceeded: "Arity, upvalues, stack, code or depth of chunks exceed a limit of the format."
        case .duplicateSymbol: "Two symbols have the same name."
        case .symbolOutOfRange: "There is no symbol with the index."
        case .constantOutOfRange: "There is no constant with the index."
        case .shapeOutOfRange: "There is no shape with the index."
        case .formalsOutOfRange: "There are no formals with the index."
        case .chunkOutOfRange:
            "There is no chunk with the index, or it is not greater than that of the chunk that refers to it."
        case .duplicateName: "A name occurs twice in a shape or in formals."
        case .integerOutOfRange: "An integer operand or default has more than 61 bits."
        case .invalidPath: "A path constant is empty or contains a null byte."
        case .invalidSpan:
            "A span ends before it starts, spans or lines do not ascend, an instruction's span starts inside an "
                + "instruction or past the code, or there are spans without lines."
        case .chunkKind: "A chunk's kind does not match its index or the instruction that uses it."
        case .invalidHeader: "A chunk's arity, parameters, spans or upvalues contradict its kind or each other."
        case .misplacedFormals:
            "Formals of a chunk that is no lambda, of two chunks, or unpacked by another chunk, twice, or from another "
                + "slot than the last argument's."
        case .unknownOpcode: "There is no such opcode, or it is internal to the machine."
        case .truncatedInstruction: "The code ends within an instruction."
        case .notCanonical: "An operand does not have its shortest encoding."
        case .operandOverflow: "An operand is 2^64 or more, or exceeds the range of its kind."
        case .countTooSmall: "A count is below the opcode's minimum."
        case .stackUnderflow: "The instruction pops more values than there are above the arguments."
        case .wrongMaximumStack: "The chunk's maximum stack height is not that of its code."
        case .slotOutOfRange: "A slot is at or above the height of the stack."
        case .upvalueOutOfRange: "There is no upvalue with the index."
        case .captureCount: "The captures differ from the chunk's upvalues in number or in the `with` chain."
        case .captureKind: "A position has a kind that the operand does not allow."
        case .misusedWith: "A link of the `with` chain is used as a value, or a value as a link."
        case .jumpOutOfRange: "A jump leads past the end of the code."
        case .jumpIntoInstruction: "A jump leads into an instruction."
        case .heightMismatch: "Two edges to an instruction differ in the height of the stack."
        case .withMismatch: "Two edges to an instruction differ in the open links of the `with` chain."
        case .unreachableCode: "The instruction is unreachable."
        case .fallsOffEnd: "The code ends without return, tailCall or assertFail."
        case .unknownCoercion: "A bit of the coercion byte is undefined."
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
