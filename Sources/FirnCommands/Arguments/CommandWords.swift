/// The words of the command line.
package enum CommandWords {
    /// Those after the executable's name. A word that is not UTF-8 ends the process with code 2: its bytes would not come
    /// through, and what it names not be found.
    package static func read() -> [String] {
        var words: [String] = []
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let word = unsafe CommandLine.unsafeArgv[index] else { break }
            guard let text = unsafe String(validatingCString: word) else {
                let shown = unsafe String(cString: word)
                Output.note(
                    "error: word \(index) of the command line, '\(shown)', is not UTF-8: "
                        + "rename the file, or give it as standard input (-)")
                leave(2)
            }
            words.append(text)
        }
        return words
    }
}
