import NixBytecode
import NixSyntax

/// A value that is an operand of an instruction or of a default value.
enum Immediate {
    /// An integer within `ProgramLimits.smallIntegers`.
    case integer(Int64)
    case null, `true`, `false`
    case constant(Constant)
}

extension CodeGenerator {
    /// The value of an expression that the analysis found constant.
    mutating func immediate(_ node: NodeID) throws(BuilderError) -> Immediate {
        switch tree[node] {
        case .integer(let integer): return immediate(integer)
        case .float(let float): return .constant(.float(float.bitPattern))
        case .string(let parts): return .constant(.string(try text(of: parts)))
        case .uri(let text): return .constant(.string(try bytes(of: text)))
        case .path(let text): return .constant(.path(try bytes(of: text)))
        case .identifier(let symbol): return try immediate(global: symbol)
        case .negate(let operand):
            switch tree[operand] {
            case .integer(let integer): return immediate(0 &- integer)
            // Nix negates by subtracting from 0, so the negation of 0.0 is not -0.0.
            case .float(let float): return .constant(.float((0 - float).bitPattern))
            default: return .null
            }
        default: return .null
        }
    }

    private func immediate(_ integer: Int64) -> Immediate {
        ProgramLimits.smallIntegers.contains(integer) ? .integer(integer) : .constant(.integer(integer))
    }

    /// The value of a global variable. `true`, `false` and `null` have instructions of their own.
    mutating func immediate(global symbol: SymbolID) throws(BuilderError) -> Immediate {
        switch symbol {
        case analysis.wellKnown.true: return .true
        case analysis.wellKnown.false: return .false
        case analysis.wellKnown.null: return .null
        default: return .constant(.global(try programSymbol(symbol)))
        }
    }

    /// The bytes of a text that becomes a constant.
    func bytes(of text: TextID) throws(BuilderError) -> [UInt8] {
        // The text, the constant and the string that a machine makes of it exist at the same time.
        let length = tree.length(of: text)
        if length > Self.longList { try pollBeforeTaking(3 * length) }
        return tree.bytes(of: text)
    }

    /// The concatenated literal parts of a string.
    mutating func text(of parts: Run) throws(BuilderError) -> [UInt8] {
        var length = 0
        for index in parts.range {
            try charge()
            if case .literal(let text) = tree.parts[index] { length += tree.length(of: text) }
        }
        // The text, one of its parts and the constant exist at the same time.
        if length > Self.longList { try pollBeforeTaking(3 * length) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        for index in parts.range {
            if case .literal(let text) = tree.parts[index] { bytes += tree.bytes(of: text) }
        }
        return bytes
    }

    mutating func push(_ immediate: Immediate, at span: Span) throws(BuilderError) {
        switch immediate {
        case .integer(let integer): try emit(.integer, .signed(integer), at: span)
        case .null: try emit(.null, at: span)
        case .true: try emit(.true, at: span)
        case .false: try emit(.false, at: span)
        case .constant(let constant): try emit(.constant, .constant(try program.constant(constant)), at: span)
        }
    }

    mutating func emitString(_ bytes: [UInt8], at span: Span) throws(BuilderError) {
        try emit(.constant, .constant(try program.constant(.string(bytes))), at: span)
    }
}
