@testable import NixSyntax

/// The tokens of a source as text: one line for each with its byte range, kind and spelling, and the error that ends them.
enum TokenListing {
    static func text(_ source: [UInt8], _ options: ParseOptions) -> String {
        unsafe source.withUnsafeBufferPointer { buffer in
            var lexer = Lexer(unsafe SourceBytes(buffer), options: options)
            var text = ""
            do throws(ParseFailure) {
                repeat {
                    try lexer.advance()
                    text += line(lexer, source)
                } while lexer.kind != .endOfFile
            } catch {
                text += "error at \(error.span.start)..<\(error.span.end): \(error.message)\n"
            }
            return text
        }
    }

    private static func line(_ lexer: Lexer, _ source: [UInt8]) -> String {
        let spelling = source[min(lexer.start, source.count)..<min(lexer.end, source.count)]
        let shown = spelling.isEmpty ? "" : " \(String(reflecting: String(decoding: spelling, as: UTF8.self)))"
        return "\(lexer.start)..<\(lexer.end) \(lexer.kind)\(shown)\n"
    }
}
