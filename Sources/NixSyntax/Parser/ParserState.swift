/// The state of the parser's pushdown automaton: what it reads or completes next.
enum ParserState {
    /// Read an expression.
    case expression
    /// Read an operand of an operator, including prefix operators.
    case operand
    /// Read an operand without operators and application: an argument, or an element of a list.
    case select
    /// An operand without its selections is complete.
    case simpleDone
    /// An operand with its selections is complete.
    case selectDone
    /// An operand with its arguments is complete.
    case operandDone
    /// An expression is complete.
    case expressionDone
    /// Read one name of an attribute path.
    case attributeName
    case attributeNameDone
    /// Read the next piece of a string or path.
    case stringPiece
    /// Read a binding or the end of the binding group.
    case binding
    /// Read a name of an `inherit`, or its end.
    case inheritName
    /// Read a formal argument, or the end of the pattern.
    case formal
    case finished
}
