/// How the processes that evaluate are started.
public struct EvaluatorLaunch: Sendable {
    /// The program and its arguments without the program's name. The program calls `EvaluatorProcess.serveIfAsked`
    /// first.
    public var executable: String
    public var arguments: [String]
    /// How many tenants have a process of their own at a time. Each keeps what its jobs compiled; the one that was used
    /// last ends when another tenant needs its place.
    public var tenants = 4

    public init(executable: String, arguments: [String] = []) {
        self.executable = executable
        self.arguments = arguments
    }
}
