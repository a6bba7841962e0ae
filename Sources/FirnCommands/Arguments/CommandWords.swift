/// The words of the command line.
package enum CommandWords {
    /// The words after the executable's name. A word that is not UTF-8 ends the process with exit code 2, because its
    /// bytes would be changed, so that the file it names would not be found.
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
