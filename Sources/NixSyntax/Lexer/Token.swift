/// The kinds of tokens, in the order in which Nix's grammar declares them. An error message lists the expected tokens
/// in this order.
enum TokenKind: UInt8 {
    case endOfFile
    /// A byte that begins no token.
    case invalid
    case identifier
    case stringText
    /// Text of an indented string, with its indentation.
    case indentedText
    /// An escape in an indented string, or a lone `$` or `'`.
    case indentedEscape
    case integer
    case float
    case path
    case homePath
    case searchPath
    case pathEnd
    case uri
    case keywordIf, keywordThen, keywordElse, keywordAssert, keywordWith, keywordLet, keywordIn, keywordRec
    case keywordInherit
    case equal, notEqual, lessOrEqual, greaterOrEqual, update, concatenate, and, or, implies
    case keywordOr
    case pipeFrom, pipeInto
    case dollarBrace
    case indentedOpen, indentedClose
    case ellipsis
    case less, greater, plus, minus, star, slash, question
    case colon, at, semicolon, not, dot, quote
    case leftParenthesis, rightParenthesis, leftBrace, rightBrace, leftBracket, rightBracket
    case assign, comma

    /// The token's name in "unexpected ..., expecting ...".
    var name: String {
        switch self {
        case .endOfFile: "end of file"
        case .invalid: "invalid token"
        case .identifier: "identifier"
        case .stringText: "string"
        case .indentedText, .indentedEscape: "indented string"
        case .integer: "integer"
        case .float: "floating-point literal"
        case .path: "path"
        case .homePath: "'~/…' path"
        case .searchPath: "'<…>' path"
        case .pathEnd: "end of path"
        case .uri: "URI"
        case .indentedOpen: "start of an indented string"
        case .indentedClose: "end of an indented string"
        default: "'\(spelling)'"
        }
    }

    /// The spelling of a token that has only one; empty for the others.
    private var spelling: String {
        switch self {
        case .keywordIf: "if"
        case .keywordThen: "then"
        case .keywordElse: "else"
        case .keywordAssert: "assert"
        case .keywordWith: "with"
        case .keywordLet: "let"
        case .keywordIn: "in"
        case .keywordRec: "rec"
        case .keywordInherit: "inherit"
        case .keywordOr: "or"
        default: symbol
        }
    }

    private var symbol: String {
        switch self {
        case .equal: "=="
        case .notEqual: "!="
        case .lessOrEqual: "<="
        case .greaterOrEqual: ">="
        case .update: "//"
        case .concatenate: "++"
        case .and: "&&"
        case .or: "||"
        case .implies: "->"
        case .pipeFrom: "<|"
        case .pipeInto: "|>"
        case .dollarBrace: "${"
        case .ellipsis: "..."
        case .less: "<"
        case .greater: ">"
        case .plus: "+"
        case .minus: "-"
        case .star: "*"
        case .slash: "/"
        case .question: "?"
        case .colon: ":"
        case .at: "@"
        case .semicolon: ";"
        case .not: "!"
        case .dot: "."
        case .quote: "\""
        case .leftParenthesis: "("
        case .rightParenthesis: ")"
        case .leftBrace: "{"
        case .rightBrace: "}"
        case .leftBracket: "["
        case .rightBracket: "]"
        case .assign: "="
        case .comma: ","
        default: ""
        }
    }
}
