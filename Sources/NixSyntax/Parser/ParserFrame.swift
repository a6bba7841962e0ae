/// An entry of the parser's stack: a construct that has begun and not ended. The stack is on the heap, so that nesting
/// takes no native stack. The meaning of `first`, `second` and `third` depends on the kind.
struct ParserFrame {
    enum Kind: UInt8 {
        /// The whole source.
        case root
        case parenthesis
        /// The elements are the pending nodes from `first` on.
        case list
        /// `first` is the function; the arguments are the pending nodes from `second` on.
        case apply
        /// `first` is the left operand, `second` the operator token, `third` the operator's offset.
        case binary
        case not
        case negate
        /// `first` is the left operand, `third` the operator's offset.
        case pipeForward, pipeBackward
        /// `first` is the base; the names of the path are pending from `second` on.
        case selectPath, hasAttributePath
        /// After `or`: `first` is the base, `second` and `third` are the start and count of the path's names.
        case fallback
        /// `first` is the lambda.
        case lambdaBody
        /// `first` is the lambda; the formals are pending from `second` on.
        case formals
        /// `first` is the formal's name, `second` the end of its span.
        case formalDefault
        /// In a body, `first` is the condition or scope.
        case assertCondition, assertBody
        case withScope, withBody
        /// `first` is the condition after `then`, `second` the first branch after `else`.
        case ifCondition, ifThen, ifElse
        /// `first` is the binding group.
        case letBindings, letBody, legacyLet, attributeSet, recursiveSet
        /// `first` is the binding group; the names of the path are pending from `second` on, and `third` is the end of
        /// their span.
        case bindingPath, bindingValue
        /// `first` is the binding group.
        case inheritSource
        /// `first` is the binding group; the names are pending from `second` on; `third` is the inherit source or
        /// `BindingTable.none`.
        case inheritNames
        /// The `${` in an attribute path or an `inherit`.
        case dynamicName
        /// The `${` in a string or path.
        case interpolation
        /// The pieces are pending from `first` on. In a string, `second` is 1 if it names an attribute.
        case string, indentedString, path, homePath
    }

    var kind: Kind
    /// Offset of the construct's first byte.
    var start: UInt32
    var first: UInt32 = 0
    var second: UInt32 = 0
    var third: UInt32 = 0
}
