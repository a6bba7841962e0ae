import MessageText
import NixSyntax

/// A diagnostic for code that compiles but that its author may want to change. The kinds and their codes are Tvix's.
public struct Warning: Hashable, Sendable {
    /// The kind of a warning.
    public enum Kind: Hashable, Sendable {
        case deprecatedURLLiteral
        case uselessInherit
        case unusedBinding(name: [UInt8])
        case shadowedGlobal(name: [UInt8])
        case deprecatedLegacyLet
        case uselessBooleanOperation(UselessBoolean)
        case deadCode
        case emptyInherit
        case emptyLet
    }

    /// Why a boolean operation is useless.
    public enum UselessBoolean: Hashable, Sendable {
        case trueHasNoEffect, falseHasNoEffect, alwaysTrue, alwaysFalse
    }

    public var kind: Kind
    public var span: Span

    public init(kind: Kind, span: Span) {
        self.kind = kind
        self.span = span
    }
}

/// The compact form in which the analysis stores a warning: a source may have one for every few bytes.
struct PackedWarning: Sendable {
    enum Kind: UInt8, Sendable {
        case deprecatedURLLiteral, uselessInherit, unusedBinding, shadowedGlobal, deprecatedLegacyLet
        case trueHasNoEffect, falseHasNoEffect, alwaysTrue, alwaysFalse, deadCode, emptyInherit, emptyLet
    }

    var kind: Kind
    /// The name that the warning is about, for the kinds that have one.
    var name = SymbolID(0)
    var span: Span

    /// - Parameter text: returns the name of a symbol.
    func unpacked(_ text: (SymbolID) -> [UInt8]) -> Warning {
        let kind: Warning.Kind =
            switch self.kind {
            case .deprecatedURLLiteral: .deprecatedURLLiteral
            case .uselessInherit: .uselessInherit
            case .unusedBinding: .unusedBinding(name: text(name))
            case .shadowedGlobal: .shadowedGlobal(name: text(name))
            case .deprecatedLegacyLet: .deprecatedLegacyLet
            case .trueHasNoEffect: .uselessBooleanOperation(.trueHasNoEffect)
            case .falseHasNoEffect: .uselessBooleanOperation(.falseHasNoEffect)
            case .alwaysTrue: .uselessBooleanOperation(.alwaysTrue)
            case .alwaysFalse: .uselessBooleanOperation(.alwaysFalse)
            case .deadCode: .deadCode
            case .emptyInherit: .emptyInherit
            case .emptyLet: .emptyLet
            }
        return Warning(kind: kind, span: span)
    }
}

extension Warning {
    /// The stable code of the kind, numbered as in Tvix.
    public var code: String {
        switch kind {
        case .deprecatedURLLiteral: "W001"
        case .uselessInherit: "W002"
        case .unusedBinding: "W003"
        case .shadowedGlobal: "W004"
        case .deprecatedLegacyLet: "W005"
        case .uselessBooleanOperation: "W007"
        case .deadCode: "W008"
        case .emptyInherit: "W009"
        case .emptyLet: "W010"
        }
    }

    /// The message in one line, without a position.
    public var message: String {
        switch kind {
        case .deprecatedURLLiteral: "URL literals are deprecated; write the URL as a string"
        case .uselessInherit: "this inherit has no effect: the variable already has this value here"
        case .unusedBinding(let name): "variable '\(MessageText.shortened(name))' is never used"
        case .shadowedGlobal(let name): "variable '\(MessageText.shortened(name))' shadows a global"
        case .deprecatedLegacyLet: "this form of let is deprecated; write 'let ... in ...'"
        case .uselessBooleanOperation(let what): "useless boolean operation: \(what.message)"
        case .deadCode: "this code is never evaluated"
        case .emptyInherit: "this inherit names nothing"
        case .emptyLet: "this let binds nothing"
        }
    }
}

extension Warning.UselessBoolean {
    fileprivate var message: String {
        switch self {
        case .trueHasNoEffect: "this 'true' does not change the result"
        case .falseHasNoEffect: "this 'false' does not change the result"
        case .alwaysTrue: "the result is always true"
        case .alwaysFalse: "the result is always false"
        }
    }
}
