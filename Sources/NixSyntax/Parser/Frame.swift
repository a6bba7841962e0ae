/// One construct that is begun but not ended. The parser keeps these on a stack of its own, so that nesting costs heap,
/// never the thread's stack.
struct Frame {
    enum Kind: UInt8 {
        /// The whole source.
        case root
        case parenthesis
        /// Elements are pending nodes from `first` on.
        case list
        /// `first` is the function; arguments are pending nodes from `second` on.
        case apply
        /// `first` is the left operand, `second` the operator, `third` its offset.
        case binary
        case not
        case negate
        /// `first` is the left operand, `third` the operator's offset.
        case pipeForward, pipeBackward
        /// `first` is the base; names are pending from `second` on.
        case selectPath, hasAttributePath
        /// After `or`: `first` is the base, `second` and `third` the run of names.
        case fallback
        /// `first` is the lambda.
        case lambdaBody
        /// `first` is the lambda; formals are pending from `second` on.
        case formals
        /// `first` is the formal's name, `second` the end of its span.
        case formalDefault
        /// `first` is the condition or scope, once it is known.
        case assertCondition, assertBody
        case withScope, withBody
        /// `first` and `second` are the condition and the first branch, once they are known.
        case ifCondition, ifThen, ifElse
        /// `first` is the group.
        case letBindings, letBody, legacyLet, attributeSet, recursiveSet
        /// `first` is the group; names are pending from `second` on, `third` is the end of their span.
        case bindingPath, bindingValue
        /// `first` is the group.
        case inheritSource
        /// `first` is the group; names are pending from `second` on; `third` is the source or `BindingTable.none`.
        case inheritNames
        /// The `${` of an attribute path or of `inherit`.
        case dynamicName
        /// The `${` of a string or path.
        case interpolation
        /// Pieces are pending from `first` on.
        case string, indentedString, path, homePath
    }

    var kind: Kind
    /// Offset where the construct starts.
    var start: UInt32
    var first: UInt32 = 0
    var second: UInt32 = 0
    var third: UInt32 = 0
}

/// What the parser does next.
enum Step {
    /// Reads an expression of any form.
    case expression
    /// Reads an operand of an operator, with its prefix operators.
    case operand
    /// Reads what can be an argument or a list's element.
    case select
    /// An operand without its selections is complete.
    case simpleDone
    /// An operand with its selections is complete.
    case selectDone
    /// An operand with its arguments is complete.
    case operandDone
    /// An expression is complete.
    case expressionDone
    /// Reads one name of an attribute path.
    case attributeName
    case attributeNameDone
    /// Reads what follows in a string or path.
    case stringPiece
    /// Reads a binding or the end of its group.
    case binding
    /// Reads a name of an `inherit` or its end.
    case inheritName
    /// Reads a formal argument or the end of the pattern.
    case formal
    case finished
}
